import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { defaultBehaviour, type FaultKind } from "../../emulator";
import { switches } from "../../emulator/behaviour/behaviour";
import { canWorkLate, courseOf, faultKindNames } from "../../emulator/faults/kinds";

const page = join(__dirname, "../../docs/emulator.md");

/** The docstrings of the properties of an object literal or an interface, by their names. */
function docstrings(file: string, declaration: string): Map<string, string> {
    const path = join(__dirname, "../../emulator", file);
    const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
    const found = new Map<string, string>();
    const collect = (members: readonly ts.Node[]): void => {
        for (const member of members) {
            const name = (member as ts.NamedDeclaration).name as ts.Identifier | ts.StringLiteral;
            const [doc] = ts.getJSDocCommentsAndTags(member);
            found.set(name.text, (ts.getTextOfJSDocComment(doc?.comment as string) ?? "").replace(/\s+/g, " "));
        }
    };
    const visit = (node: ts.Node): void => {
        if (ts.isInterfaceDeclaration(node) && node.name.text === declaration) collect(node.members);
        else if (ts.isVariableDeclaration(node) && node.name.getText() === declaration) {
            ts.forEachChild(node, function look(child): void {
                if (ts.isObjectLiteralExpression(child)) collect(child.properties);
                else ts.forEachChild(child, look);
            });
        } else ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
}

/** What the schema library has in a schema, as far as switches use it. */
interface Schema {
    readonly type: string;
    readonly wrapped?: Schema;
    readonly item?: Schema;
    readonly value?: Schema;
    readonly options?: readonly string[];
    readonly entries?: Readonly<Record<string, unknown>>;
    readonly pipe?: readonly (Schema & { readonly requirement?: number })[];
}

/** The values of a switch, in words. */
function valuesOf(schema: Schema | undefined): string {
    switch (schema?.type) {
        case "optional":
            return valuesOf(schema.wrapped);
        case "nullable":
            return `null, ${valuesOf(schema.wrapped)}`;
        case "array":
            return `list of ${valuesOf(schema.item)}`;
        case "record":
            return `id → ${valuesOf(schema.value)}`;
        case "picklist":
            return (schema.options ?? []).map((option) => `\`${option}\``).join(", ");
        case "strict_object":
            return `\`{ ${Object.keys(schema.entries ?? {}).join(", ")} }\``;
        case "boolean":
            return "`true`, `false`";
        case "number": {
            const [least, most] = [boundOf(schema, "min_value"), boundOf(schema, "max_value")];
            // The longest time that Node's timers can wait.
            if (most === 2 ** 31 - 1) return `number from ${least}`;
            return `number from ${least} to ${most?.toLocaleString("en-US")}`;
        }
        default:
            return "text";
    }
}

/** The last one counts, as it stands beside one that is wider. */
function boundOf({ pipe = [] }: Schema, type: string): number | undefined {
    return pipe
        .map((part) => (part.type === type ? part.requirement : boundOf(part, type)))
        .findLast((bound) => bound !== undefined);
}

function table(heads: string[], rows: string[][]): string {
    const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

function switchTable(): string {
    const docs = docstrings("behaviour/behaviour.ts", "switches");
    const rows = Object.entries(switches).map(([name, schema]) => {
        const value = JSON.stringify(defaultBehaviour[name as keyof typeof defaultBehaviour]);
        return [
            `\`${name}\``,
            docs.get(name) ?? "",
            valuesOf(schema as unknown as Schema),
            `\`${value.replace(/^"(.*)"$/, "$1")}\``,
        ];
    });
    return table(["switch", "meaning", "values", "default"], rows);
}

function faultTable(): string {
    const docs = docstrings("faults/kinds.ts", "faultKinds");
    const work = (kind: FaultKind): string => {
        const done = courseOf({ kind }).work === "before" ? "yes" : "no";
        return canWorkLate(kind) ? `${done}, or late` : done;
    };
    const rows = faultKindNames.map((kind) => [`\`${kind}\``, work(kind), docs.get(kind) ?? ""]);
    return table(["kind", "work done", "what the client sees"], rows);
}

function optionTable(): string {
    const docs = [...docstrings("faults/fault.ts", "Fault"), ...docstrings("faults/details.ts", "FaultDetails")];
    const rows = docs.map(([name, doc]) => [`\`${name}\``, doc]);
    return table(["option", "meaning"], rows);
}

/** `-u` writes it. */
test("docs/emulator.md lists every switch, fault and option, with its default and its docstring", async () => {
    const parts: Record<string, string> = { switches: switchTable(), faults: faultTable(), options: optionTable() };
    const text = readFileSync(page, "utf8").replaceAll(
        /<!-- (\w+) -->.*?<!-- \/\1 -->/gs,
        (_all, name: string) => `<!-- ${name} -->\n\n${parts[name]}\n\n<!-- /${name} -->`,
    );
    await expect(text).toMatchFileSnapshot(page);
    for (const part of Object.values(parts)) expect(part).not.toMatch(/\| {2}\||undefined/);
});
