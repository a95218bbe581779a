import { expect, test } from "vitest";
import { table } from "../../cli/table";

const head = ["id", "url", "events"];
const rows = [
    [
        "wh_8BBAnnDoL6t2ZiKf",
        "https://api.example.com/hooks/captions/with/a/long/path",
        "creator.success, creator.failure",
    ],
    ["wh_2", "https://b.example/", "creator.success"],
];

test("where nobody looks, each row is one line, with nothing cut", () => {
    const lines = table(head, rows, Number.POSITIVE_INFINITY).split("\n");
    expect(lines).toHaveLength(3);
    for (const cell of rows[0] ?? []) expect(lines[1]).toContain(cell);
});

test("on a terminal no line is wider than it is, and no sign is lost", () => {
    for (const width of [80, 60, 40]) {
        const text = table(head, rows, width);
        for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
        const signs = (from: string): string => [...from.replace(/\s/g, "")].sort().join("");
        expect(signs(text)).toBe(signs([head, ...rows].flat().join("")));
    }
});

test("the widest column is wrapped first, between the parts of a URL", () => {
    expect(table(["id", "url"], [["wh_1", "https://api.example.com/hooks/captions"]], 36)).toBe(
        "id    url\nwh_1  https://api.example.com/hooks/\n      captions",
    );
});

test("colours take no room", () => {
    const painted = table(["a", "b"], [["x", "y"]], 80, (cell) => `<${cell}>`);
    expect(painted.replace(/[<>]/g, "")).toBe(table(["a", "b"], [["x", "y"]], 80));
});
