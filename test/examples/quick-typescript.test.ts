import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { create } from "ts-node";
import { expect, test } from "vitest";
import { root } from "./support/examples";

const { compile } = createRequire(__filename)("../support/compile-typescript.cjs");
const examples = join(root, "examples");
const programs = readdirSync(examples, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith("index.ts") && !path.includes("node_modules"),
);

test.each(programs)("tests run examples/%s as ts-node compiles it", (path) => {
    const file = join(examples, path);
    const text = readFileSync(file, "utf8");
    const tsNode = create({ cwd: dirname(file), transpileOnly: true });
    const compiled = tsNode.compile(text, file).replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
    expect(compile(text, file)).toBe(compiled);
});
