import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, onTestFinished, test } from "vitest";
import limits from "../../bench/limits.json";

const run = promisify(execFile);

/** Prints the modules that a program loads beside those of Pulumi's SDK, which every program has, and their size. */
const program = (entry: string) => `
const { statSync } = require("node:fs");
require("@pulumi/pulumi");
const before = new Set(Object.keys(require.cache));
require(${JSON.stringify(entry)});
const loaded = Object.keys(require.cache).filter((file) => !before.has(file));
const bytes = loaded.reduce((sum, file) => sum + statSync(file).size, 0);
console.log(JSON.stringify({ modules: loaded.length, kilobytes: bytes / 1000 }));
`;

test.each(Object.entries(limits.loaded))("%s loads no more than bench/limits.json allows", async (entry, allowed) => {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-loaded-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(inject("nodeModules"), join(folder, "node_modules"));
    const { stdout } = await run(process.execPath, ["-e", program(entry)], { cwd: folder });
    const { modules, kilobytes } = JSON.parse(stdout);
    expect(modules).toBeGreaterThan(0);
    expect(modules).toBeLessThanOrEqual(allowed.modules);
    expect(kilobytes).toBeLessThanOrEqual(allowed.kilobytes);
});

test("the tarball and the plugin are no larger than bench/limits.json allows", () => {
    const plugin = join(inject("nodeModules"), "pulumi-captions/dist/plugin/pulumi-resource-captions.cjs");
    for (const [file, allowed] of [
        [inject("tarball"), limits.kilobytes.tarball],
        [plugin, limits.kilobytes.plugin],
    ] as const) {
        expect(statSync(file).size / 1000).toBeLessThanOrEqual(allowed);
    }
});
