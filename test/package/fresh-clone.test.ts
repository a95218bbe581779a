import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const root = join(__dirname, "../..");
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

let clone: string;

/** What is committed, with the packages beside it, as after `npm ci`. */
beforeAll(async () => {
    clone = mkdtempSync(join(tmpdir(), "pulumi-captions-clone-"));
    await run("git", ["clone", "--quiet", "--depth=1", `file://${root}`, clone]);
    mkdirSync(join(clone, "node_modules"));
    // Not the folder as a whole: what a set-up notes in it is about one checkout.
    for (const name of readdirSync(join(root, "node_modules"))) {
        if (name === ".pulumi-captions" || name === "pulumi-captions") continue;
        symlinkSync(join(root, "node_modules", name), join(clone, "node_modules", name));
    }
    // The set-up takes them for installed when this is newer than the lock file, which git has just written.
    rmSync(join(clone, "node_modules/.package-lock.json"));
    copyFileSync(join(root, "node_modules/.package-lock.json"), join(clone, "node_modules/.package-lock.json"));
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

/** Every file that package.json names: a program, a module or its types. */
function namedFiles(value: unknown): string[] {
    if (typeof value === "string") return value.startsWith("./dist/") && !value.includes("*") ? [value.slice(2)] : [];
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(namedFiles) : [];
}

test.each([
    ["npm pack and npm publish: prepack", ["pack", "--json"]],
    // npm installs the development packages in a clone, runs `prepare`, and packs without running `prepack`.
    ["an install from git: prepare", ["run", "--silent", "prepare"]],
])("%s makes everything that package.json names, in a clone that has never been built", async (_, args) => {
    rmSync(join(clone, "dist"), { recursive: true, force: true });
    expect(readdirSync(clone)).not.toContain("dist");
    await run(npm, args, { cwd: clone, env: { ...process.env, npm_config_offline: "true" } });
    const { stdout } = await run(npm, ["pack", "--ignore-scripts", "--json", "--dry-run"], { cwd: clone });
    const packed: string[] = JSON.parse(stdout)[0].files.map(({ path }: { path: string }) => path);
    const { main, types, exports, typesVersions, bin } = JSON.parse(readFileSync(join(clone, "package.json"), "utf8"));
    const named = namedFiles([main, types, exports, typesVersions, bin]);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((file) => !packed.includes(file))).toEqual([]);
});
