/** Columns are never narrower than this: below it a table helps nobody. */
const narrowest = 8;
const gap = "  ";

/**
 * Rows as a table that is read at any width: columns that are too wide for the terminal are wrapped, the widest first.
 * With `width` Infinity each row is one line, so that `grep` and `awk` see it whole.
 *
 * @param style paints a cell after its place is known, as colours take no room
 */
export function table(
    head: readonly string[],
    rows: readonly (readonly string[])[],
    width: number,
    style: (cell: string, row: number, column: number) => string = (cell) => cell,
): string {
    const all = [head, ...rows];
    const widths = shrink(
        head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length))),
        width - gap.length * (head.length - 1),
    );
    const lines = all.flatMap((row, index) => {
        const cells = widths.map((columns, column) => wrap(row[column] ?? "", columns));
        const height = Math.max(...cells.map((cell) => cell.length));
        return Array.from({ length: height }, (_, line) => {
            const texts = cells.map((cell, column) => {
                const text = cell[line] ?? "";
                const room = column === cells.length - 1 ? "" : " ".repeat((widths[column] ?? 0) - text.length);
                return (text === "" ? "" : style(text, index - 1, column)) + room;
            });
            return texts.join(gap).trimEnd();
        });
    });
    return lines.join("\n");
}

function shrink(wanted: readonly number[], room: number): number[] {
    const widths = [...wanted];
    let surplus = widths.reduce((sum, width) => sum + width, 0) - room;
    while (surplus > 0) {
        const widest = Math.max(...widths);
        if (widest <= narrowest) break;
        widths[widths.indexOf(widest)] = widest - 1;
        surplus--;
    }
    return widths;
}

/** Breaks at spaces, behind the signs that URLs and names are made of, and else anywhere. */
function wrap(text: string, width: number): string[] {
    const lines: string[] = [];
    let rest = text;
    while (rest.length > width) {
        const piece = rest.slice(0, width + 1);
        const at = Math.max(
            piece.lastIndexOf(" "),
            ...["/", ",", "-", "?"].map((sign) => piece.lastIndexOf(sign, width - 1) + 1),
        );
        const end = at > width / 3 ? at : width;
        lines.push(rest.slice(0, end).trimEnd());
        rest = rest.slice(end).trimStart();
    }
    return [...lines, rest];
}
