import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { nodeBinary } from "../../release/node-binaries";
import { hostPlatform } from "../../release/platforms";

/** The Node.js of the executables: it keeps what it compiles, whichever one runs the tests. */
let newer: string;

beforeAll(async () => {
    newer = await nodeBinary(hostPlatform(), { log: () => undefined });
}, 600_000);

/** The compiled module in a folder, and another one that is loaded after it. */
function folderForTest(): string {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-compiled-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const source = readFileSync(join(__dirname, "../../provider/compile-cache.ts"), "utf8");
    writeFileSync(join(folder, "compile-cache.js"), transformSync(source, { loader: "ts", format: "cjs" }).code);
    writeFileSync(join(folder, "other.js"), "exports.answer = () => 42;");
    return folder;
}

const start = `require("./compile-cache").keepCompiled(); console.log(require("./other").answer());`;
const run = (node: string, folder: string, program: string) =>
    spawnSync(node, ["-e", program], { cwd: folder, encoding: "utf8" });

test("what was compiled is kept beside the package, also by a process that is killed", () => {
    const folder = folderForTest();
    // As an engine kills its providers.
    const end = `
        const { readdirSync } = require("node:fs");
        const kept = () => readdirSync(".compiled", { recursive: true }).length;
        setInterval(() => kept() > 1 && process.kill(process.pid, "SIGKILL"), 10);`;
    expect(run(newer, folder, start + end)).toMatchObject({ stdout: "42\n", stderr: "", signal: "SIGKILL" });
    expect(readdirSync(join(folder, ".compiled"), { recursive: true }).length).toBeGreaterThan(1);
    expect(run(newer, folder, start)).toMatchObject({ stdout: "42\n", stderr: "", status: 0 });
});

test("nothing fails where nothing can be kept: the folder cannot be written, or Node.js is too old", () => {
    for (const node of [process.execPath, newer]) {
        const folder = folderForTest();
        writeFileSync(join(folder, ".compiled"), "");
        expect(run(node, folder, start)).toMatchObject({ stdout: "42\n", stderr: "", status: 0 });
    }
});
