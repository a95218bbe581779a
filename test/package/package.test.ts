import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, inject, onTestFinished, test } from "vitest";
import { providerText } from "../../provider/dynamic/webhook";

const run = promisify(execFile);
const root = join(__dirname, "../..");
const tool = (name: string): string => join(root, "node_modules", name);

test("publint finds nothing to complain about in the package", async () => {
    const { publint } = await import("publint");
    const { messages } = await publint({ pkgDir: join(inject("nodeModules"), "pulumi-captions"), strict: true });
    expect(messages).toEqual([]);
});

test("the types are right for CommonJS, for ES modules, for bundlers and for `moduleResolution: node`", async () => {
    const { stdout } = await run(process.execPath, [
        tool("@arethetypeswrong/cli/dist/index.js"),
        inject("tarball"),
        "--profile=strict",
        "--format=json",
    ]).catch((error: { stdout: string }) => error);
    const { analysis, problems } = JSON.parse(stdout);
    expect(Object.keys(analysis.entrypoints)).toContain("./receiver");
    expect(Object.values(problems)).toEqual([]);
});

test("the tarball holds what is needed to run, and nothing of the tests", async () => {
    const { stdout } = await run("tar", ["-tzf", inject("tarball")]);
    const files = stdout.trim().split("\n");
    for (const file of ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md"]) {
        expect(files).toContain(`package/${file}`);
    }
    expect(
        files.filter(
            (file) =>
                !/^package\/(dist\/(provider|emulator|receiver|probe|cli|esm|plugin)\/|plugin\/|[^/]+$)/.test(file),
        ),
    ).toEqual([]);
    // For the tests of users.
    const testing = /^package\/dist\/(esm\/)?receiver\/testing\.(js|d\.ts)$/;
    expect(files.filter((file) => /test|\.tgz$/.test(file) && !testing.test(file))).toEqual([]);
});

test("the package has at most three run-time dependencies beside the Pulumi SDK", () => {
    const manifest = JSON.parse(readFileSync(join(inject("nodeModules"), "pulumi-captions/package.json"), "utf8"));
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(3);
    expect(manifest.peerDependencies).toHaveProperty("@pulumi/pulumi");
});

test.each([
    ["a CommonJS program", "index.cjs", 'const { Webhook, getEvents, CaptionsError } = require("pulumi-captions");'],
    ["an ES module", "index.mjs", 'import { Webhook, getEvents, CaptionsError } from "pulumi-captions";'],
])("loads from %s", async (_, file, load) => {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-load-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    symlinkSync(inject("nodeModules"), join(folder, "node_modules"));
    writeFileSync(join(folder, file), `${load}\nconsole.log(typeof Webhook, typeof getEvents, typeof CaptionsError);`);
    const { stdout } = await run(process.execPath, [join(folder, file)]);
    expect(stdout.trim()).toBe("function function function");
});

test("the text in every state loads from the package, with all that Pulumi's host calls", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-load-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    symlinkSync(inject("nodeModules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "state.cjs"), providerText);
    const { handler } = createRequire(join(folder, "state.cjs"))("./state.cjs");
    const provider = handler();
    for (const name of ["configure", "check", "diff", "create", "read", "update", "delete"]) {
        expect(provider[name]).toBeTypeOf("function");
    }
});

test("a bundler leaves out what a program does not use of the receiver", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-bundle-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    symlinkSync(inject("nodeModules"), join(folder, "node_modules"));
    const bundle = async (code: string): Promise<string> => {
        const options = { bundle: true, format: "esm", platform: "neutral", write: false, logLevel: "silent" } as const;
        const stdin = { contents: code, resolveDir: folder };
        const { outputFiles } = await build({ stdin, ...options });
        return outputFiles[0]?.text ?? "";
    };
    const part = await bundle('export { verifyDelivery } from "pulumi-captions/receiver";');
    const whole = await bundle('export * from "pulumi-captions/receiver";');
    expect(part).toContain("verifyDelivery");
    expect(part.length).toBeLessThan(whole.length / 2);
    expect(await bundle('import "pulumi-captions/receiver";')).not.toMatch(/function|class/);
});
