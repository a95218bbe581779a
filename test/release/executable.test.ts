import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { type Engine, ensureEngine } from "../../engine";
import { type PulumiResult, runPulumi } from "../../engine/pulumi";
import schema from "../../provider/native/schema.json";
import { buildExecutable } from "../../release/executable";
import { hostPlatform, platforms } from "../../release/platforms";
import { assetName, buildAsset, bundle, version, writeChecksums } from "../../release/plugin";
import { tryPlugin } from "../../release/try";

const silent = { log: () => undefined };
const platform = hostPlatform();
let folder: string;
let asset: string;
let engine: Engine;

/** For this machine only; `npm run release:plugin` makes all. */
beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "pulumi-captions-release-"));
    engine = await ensureEngine(silent);
    asset = await buildAsset(platform, folder, silent);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball has the executable and the licences, and nothing of the machine that made it", () => {
    const lines = execFileSync("tar", ["-tvzf", asset, "--numeric-owner"], {
        encoding: "utf8",
        env: { TZ: "UTC", PATH: process.env.PATH },
    });
    const entries = lines
        .trim()
        .split("\n")
        .map((line) => line.split(/\s+/));
    expect(entries.map((entry) => [entry[0], entry.at(-1)])).toEqual([
        ["-rwxr-xr-x", platform.executable],
        ["-rw-r--r--", "LICENSE"],
        ["-rw-r--r--", "LICENSES.txt"],
    ]);
    for (const entry of entries) expect(entry.join(" ")).toMatch(/0[/ ]0 .*\b1970\b/);
});

test("the same bundle makes the same executable", { timeout: 300_000 }, async () => {
    const again = await buildExecutable(platform, bundle, silent);
    const digest = (content: Buffer): string => createHash("sha256").update(content).digest("hex");
    expect(digest(again)).toBe(digest(readFileSync(join(unpack(), platform.executable))));
});

test("the executable answers with nothing on PATH, in a folder with a space", async () => {
    const program = join(unpack(), platform.executable);
    expect(await tryPlugin(program, {})).toMatchObject({ version });
    expect(version).toBe(schema.version);
});

test("`pulumi plugin install --file` installs it, and the engine uses it without any Node.js", async () => {
    const home = temporaryFolder();
    await mustRun(home, "plugin", "install", "resource", "captions", version, "--file", asset);
    await expectInstalled(home);
});

test("`pulumi plugin install --server` finds it at a plain file server, and checks its checksum", async () => {
    const url = await serveAssets();
    const sums = await (await fetch(`${url}/SHA256SUMS`)).text();
    const checksum = new RegExp(`^([0-9a-f]{64})  ${assetName(platform)}$`, "m").exec(sums)?.[1] ?? "";
    const install = ["plugin", "install", "resource", "captions", version, "--server", url, "--checksum"];

    const home = temporaryFolder();
    const wrong = await pulumi(
        home,
        ...install,
        checksum.replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
    );
    expect([wrong.code === 0, wrong.text]).toEqual([false, expect.stringContaining("checksum")]);
    await mustRun(home, ...install, checksum);
    await expectInstalled(home);
});

test("the engine fetches it by itself for a program that says where it is", async () => {
    const home = temporaryFolder();
    symlinkSync(inject("nodeModules"), join(home, "node_modules"), "junction");
    writeFileSync(join(home, "Pulumi.yaml"), "name: test\nruntime: nodejs\n");
    writeFileSync(join(home, "package.json"), '{"name": "test", "main": "index.js"}');
    const args = { url: "https://api.example.com/hooks/captions", enabledEvents: ["creator.success"] };
    const options = { pluginDownloadURL: await serveAssets(), version };
    writeFileSync(
        join(home, "index.js"),
        `const { Webhook } = require("pulumi-captions/native");
new Webhook("renders", ${JSON.stringify(args)}, ${JSON.stringify(options)});`,
    );
    const run = async (...args: string[]): Promise<PulumiResult> => {
        const env = {
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "false",
            CAPTIONS_API_KEY: "key-of-nobody",
            // Of a download whose checksum is wrong the engine leaves what it has.
            TMPDIR: home,
        };
        return runPulumi(engine, args, { project: home, temporaryFolder: home, env });
    };
    await run("stack", "init", "test");
    const preview = await run("preview");
    expect([preview.code, preview.text]).toEqual([0, expect.stringMatching(/captions:index:Webhook +renders +create/)]);
    await expectInstalled(home);
});

test("there is a tarball for each system and processor that the engine asks for", () => {
    const systems = ["linux", "darwin", "windows"].flatMap((system) => [`${system}-amd64`, `${system}-arm64`]);
    expect(platforms.map(assetName)).toEqual(
        systems.map((system) => `pulumi-resource-captions-v${version}-${system}.tar.gz`),
    );
});

function temporaryFolder(): string {
    const made = mkdtempSync(join(tmpdir(), "pulumi-captions-installed-"));
    onTestFinished(() => rmSync(made, { recursive: true, force: true }));
    return made;
}

/** A file server, of which nothing but the files is known. Gives its URL. */
async function serveAssets(): Promise<string> {
    writeChecksums(folder);
    const server = createServer((request, response) => {
        const path = join(folder, basename(request.url ?? ""));
        const file = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
        // The engine takes nothing whose length it is not told.
        response.writeHead(file.length === 0 ? 404 : 200, { "content-length": file.length }).end(file);
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function unpack(): string {
    const unpacked = join(temporaryFolder(), "a folder");
    mkdirSync(unpacked);
    execFileSync("tar", ["-xzf", asset, "-C", unpacked]);
    return unpacked;
}

/** Runs the engine with nothing on PATH but itself. */
function pulumi(home: string, ...args: string[]): Promise<PulumiResult> {
    return runPulumi(engine, args, {
        project: home,
        temporaryFolder: home,
        env: { PATH: engine.binDir, TMPDIR: home },
    });
}

async function mustRun(home: string, ...args: string[]): Promise<string> {
    const { code, stdout, text } = await pulumi(home, ...args);
    if (code !== 0) throw new Error(text);
    return stdout;
}

async function expectInstalled(home: string): Promise<void> {
    const plugins = join(home, "pulumi-home/plugins");
    expect(readdirSync(join(plugins, `resource-captions-v${version}`))).toContain(platform.executable);
    expect(JSON.parse(await mustRun(home, "package", "get-schema", `captions@${version}`))).toMatchObject({
        name: "captions",
        version,
    });
}
