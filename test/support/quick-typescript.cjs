// Preloaded into the Node.js processes of an engine that runs programs in TypeScript: what quick-start.cjs does, and
// each version of a file is compiled once per machine, in place of a compiler that is loaded at each start. Nothing is
// type-checked, as with PULUMI_NODEJS_TRANSPILE_ONLY. That Pulumi runs TypeScript by ts-node itself is shown by the
// tests of the matrix and of docs/.
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { join } = require("node:path");
const { compile, compilerOptions } = require("./compile-typescript.cjs");

require("./quick-start.cjs");

const folder = process.env.QUICK_TYPESCRIPT_FOLDER;

Module._extensions[".ts"] = (module, file) => module._compile(compiled(file), file);

function compiled(file) {
    const text = readFileSync(file, "utf8");
    const { version } = require("typescript/package.json");
    const hash = createHash("sha256")
        .update(JSON.stringify([version, compilerOptions, text]))
        .digest("hex");
    const kept = join(folder, `${hash}.js`);
    if (existsSync(kept)) return readFileSync(kept, "utf8");
    const output = compile(text, file);
    mkdirSync(folder, { recursive: true });
    // Another process may do the same at this moment.
    const temporary = `${kept}.${process.pid}`;
    writeFileSync(temporary, output);
    renameSync(temporary, kept);
    return output;
}
