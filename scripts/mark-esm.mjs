// The second half of the build, for what `tsc` cannot be told.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../dist", import.meta.url));

// `dist/esm` has ES modules, while the package is CommonJS. Bundlers look for `sideEffects` in the nearest package.json
// only.
mkdirSync(join(dist, "esm"), { recursive: true });
writeFileSync(join(dist, "esm", "package.json"), '{ "type": "module", "sideEffects": false }\n');

// Pulumi's SDK bundles TypeScript 3.8, which does not know `type` inside the braces of an import or export.
for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = join(dist, name);
    const text = readFileSync(path, "utf8");
    const plain = text.replace(/^(import|export) \{([^{}]*)\} from (".*");$/gm, withoutInlineTypes);
    if (plain !== text) writeFileSync(path, plain);
}

function withoutInlineTypes(statement, keyword, names, from) {
    const all = names.split(",").map((name) => name.trim());
    const types = all.filter((name) => name.startsWith("type ")).map((name) => name.slice("type ".length));
    if (types.length === 0) return statement;
    const values = all.filter((name) => name !== "" && !name.startsWith("type "));
    return [[`${keyword} type`, types], ...(values.length > 0 ? [[keyword, values]] : [])]
        .map(([start, list]) => `${start} { ${list.join(", ")} } from ${from};`)
        .join("\n");
}
