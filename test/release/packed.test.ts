import { execFile } from "node:child_process";
import {
    chmodSync,
    cpSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, onTestFinished, test } from "vitest";
import { startEmulator } from "../../emulator";
import { ensureEngine } from "../../engine";
import { runPulumi } from "../../engine/pulumi";
import { version } from "../../release/plugin";
import { tryPlugin } from "../../release/try";

const name = "pulumi-resource-captions";

test.each([
    [
        "in a folder with spaces",
        (packed: string, folder: string) => {
            cpSync(packed, join(folder, "a b/pulumi-captions"), { recursive: true });
            return join(folder, "a b/pulumi-captions/plugin", name);
        },
    ],
    [
        "in a package that is a symbolic link, as with pnpm",
        (packed: string, folder: string) => {
            symlinkSync(packed, join(folder, "pulumi-captions"), "junction");
            return join(folder, "pulumi-captions/plugin", name);
        },
    ],
])("the plugin in the npm package starts %s", async (_, put) => {
    const program = put(packedPackage(), temporaryFolder());
    expect(await tryPlugin(program, process.env, tmpdir())).toMatchObject({ version });
});

test("it starts by symbolic links to it in folders on PATH", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "a"));
    mkdirSync(join(folder, "b"));
    symlinkSync(join(packedPackage(), "plugin", name), join(folder, "a", name));
    symlinkSync(join("../a", name), join(folder, "b", name));
    const env = { PATH: [join(folder, "b"), process.env.PATH].join(":") };
    expect(await tryPlugin(name, env, folder)).toMatchObject({ version });
});

test("without Node.js it says what it needs", async () => {
    const folder = temporaryFolder();
    for (const tool of ["dirname", "readlink"]) {
        writeFileSync(join(folder, tool), `#!/bin/sh\nPATH=/usr/bin:/bin exec ${tool} "$@"\n`);
        chmodSync(join(folder, tool), 0o755);
    }
    const started = promisify(execFile)(join(packedPackage(), "plugin", name), { env: { PATH: folder } });
    await expect(started).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("needs Node.js") });
});

test("the bundle is one file: it loads nothing but what Node.js has, and has no compiler in it", () => {
    const folder = join(packedPackage(), "dist/plugin");
    expect(readdirSync(folder).sort()).toEqual(["LICENSES.txt", "pulumi-resource-captions.cjs"]);
    const bundle = readFileSync(join(folder, "pulumi-resource-captions.cjs"), "utf8");
    const loaded = new Set([...bundle.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, module = ""]) => module));
    expect([...loaded].filter((module) => !builtinModules.includes(module.replace(/^node:/, "")))).toEqual([]);
    expect(bundle.includes("createSourceFile"), "has TypeScript's compiler in it").toBe(false);
    expect(bundle.length).toBeLessThan(1_400_000);
    const licences = readFileSync(join(folder, "LICENSES.txt"), "utf8");
    for (const each of ["@grpc/grpc-js", "@pulumi/pulumi", "axios", "google-protobuf", "valibot"]) {
        expect(licences).toMatch(new RegExp(`^${each} \\d+\\.\\d+\\.\\d+ \\(`, "m"));
    }
});

test("one entry in Pulumi.yaml lets the engine find it: up, refresh, import and destroy", async () => {
    const emulator = await startEmulator({});
    onTestFinished(() => emulator.stop());
    const folder = temporaryFolder();
    const project = join(folder, "project");
    mkdirSync(project);
    symlinkSync(inject("nodeModules"), join(project, "node_modules"), "junction");
    const path = "./node_modules/pulumi-captions/plugin";
    writeFileSync(
        join(project, "Pulumi.yaml"),
        `name: test\nruntime: nodejs\nplugins:\n  providers:\n    - name: captions\n      path: ${path}\n`,
    );
    writeFileSync(join(project, "package.json"), '{"name": "test", "main": "index.js"}');
    const webhook = { url: "https://api.example.com/hooks/captions", enabledEvents: ["creator.success"] };
    writeFileSync(
        join(project, "index.js"),
        `const { Webhook } = require("pulumi-captions/native");\nnew Webhook("renders", ${JSON.stringify(webhook)});\n`,
    );
    const engine = await ensureEngine({ log: () => undefined });
    const env = { CAPTIONS_API_KEY: emulator.apiKey, CAPTIONS_BASE_URL: emulator.baseUrl };
    const pulumi = async (...args: string[]): Promise<string> => {
        const { code, text } = await runPulumi(engine, args, { project, temporaryFolder: folder, env });
        if (code !== 0) throw new Error(text);
        return text;
    };
    await pulumi("stack", "init", "test");
    await pulumi("up", "--yes", "--skip-preview");
    const [registered] = emulator.webhooks;
    expect(registered).toMatchObject({ url: webhook.url });
    const texts = [
        await pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes"),
        await pulumi(
            "state",
            "delete",
            "--yes",
            "--target-dependents",
            "urn:pulumi:test::test::captions:index:Webhook::renders",
        ),
        await pulumi(
            "import",
            "captions:index:Webhook",
            "renders",
            String(registered?.id),
            "--yes",
            "--skip-preview",
            "--protect=false",
            "--generate-code=false",
        ),
        await pulumi("preview", "--expect-no-changes"),
        await pulumi("destroy", "--yes", "--skip-preview"),
    ];
    // The plugin is in the project: nothing is taken from PATH, which would be told.
    expect(texts.join("\n")).not.toMatch(/warning/i);
    expect(emulator.webhooks).toEqual([]);
});

function packedPackage(): string {
    return join(inject("nodeModules"), "pulumi-captions");
}

function temporaryFolder(): string {
    const made = mkdtempSync(join(tmpdir(), "pulumi-captions-plugin-"));
    onTestFinished(() => rmSync(made, { recursive: true, force: true }));
    return made;
}
