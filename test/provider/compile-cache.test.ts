import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import nodeModule from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { expect, onTestFinished, test } from "vitest";

const canKeep = "enableCompileCache" in nodeModule;

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
const run = (folder: string, program: string) =>
    spawnSync(process.execPath, ["-e", program], { cwd: folder, encoding: "utf8" });

test.runIf(canKeep)("what was compiled is kept beside the package, also by a process that is killed", () => {
    const folder = folderForTest();
    // As an engine kills its providers.
    const end = `
        const { readdirSync } = require("node:fs");
        const kept = () => readdirSync(".compiled", { recursive: true }).length;
        setInterval(() => kept() > 1 && process.kill(process.pid, "SIGKILL"), 10);`;
    expect(run(folder, start + end)).toMatchObject({ stdout: "42\n", stderr: "", signal: "SIGKILL" });
    expect(readdirSync(join(folder, ".compiled"), { recursive: true }).length).toBeGreaterThan(1);
    expect(run(folder, start)).toMatchObject({ stdout: "42\n", stderr: "", status: 0 });
});

test("nothing fails where nothing can be kept: the folder cannot be written, or Node.js is too old", () => {
    const folder = folderForTest();
    writeFileSync(join(folder, ".compiled"), "");
    expect(run(folder, start)).toMatchObject({ stdout: "42\n", stderr: "", status: 0 });
});
