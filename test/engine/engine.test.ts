import { delimiter, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cacheFolder, type Engine, EngineError, engineEnvironment, ensureEngine } from "../../engine";
import { CLI_VERSION } from "../../engine/versions";
import { TestMachine, until } from "../support/machine";

const MAIN = resolve(__dirname, "../../engine/main.ts");
const TSX = pathToFileURL(require.resolve("tsx")).href;
const PLUGIN = "pulumi-resource-pulumi-nodejs";

const silent = { log: () => undefined };

function pulumi(machine: TestMachine, version: string, folder = "bin", { languageHost = true, plugin = true } = {}) {
    if (languageHost) machine.program(join(folder, "pulumi-language-nodejs"), "");
    if (plugin) machine.program(join(folder, PLUGIN), "");
    return machine.program(join(folder, "pulumi"), `console.log("v${version}")`);
}

/** A Go whose build waits for `before` (a file) and writes programs that tell the version they were built with. */
function go(machine: TestMachine, { version = "1.26.6", toolchain = "auto", before = "bin", build = "" } = {}) {
    machine.program(
        "bin/go",
        `
        if (args[0] === "version") console.log("go version go${version} linux/amd64");
        if (args[0] === "env") console.log("${toolchain}");
        if (args[0] === "build") (async () => {
            const program = args[args.indexOf("-o") + 1];
            note("build " + path.basename(program) + " " + process.pid);
            await waitFor("${before}");
            ${build}
            const version = /Version=(v\\S+)/.exec(args.join(" "))[1];
            fs.mkdirSync(path.dirname(program), { recursive: true });
            fs.writeFileSync(program, "#!" + process.execPath + "\\nconsole.log('" + version + "')", { mode: 0o755 });
        })();
        `,
    );
}

const builds = (machine: TestMachine) => machine.notes.map((line) => line.split(" ")[1]);

describe.skipIf(process.platform === "win32")("ensureEngine", () => {
    afterEach(() => {
        vi.unstubAllGlobals();
    });

    it("takes a pulumi on PATH that is new enough and has its Node.js language host", async () => {
        const machine = new TestMachine();
        const path = pulumi(machine, "3.200.0");
        const engine = await ensureEngine({ ...silent, env: machine.env });
        expect(engine).toMatchObject({ pulumi: path, binDir: machine.bin, version: "3.200.0", source: "path" });
    });

    it("passes over one that is too old or lacks its language host, and takes the next one on PATH", async () => {
        const machine = new TestMachine();
        pulumi(machine, "3.199.9", "old");
        pulumi(machine, "3.250.0", "incomplete", { languageHost: false });
        const path = pulumi(machine, "3.250.0", "good");
        for (const [folders, expected] of [
            [["old", "good"], path],
            [["incomplete"], /has no Node\.js language host/],
            [["old"], /old\/pulumi is version 3\.199\.9, 3\.200\.0 or newer is needed/],
        ] as const) {
            const env = { ...machine.env, PATH: folders.map((name) => machine.path(name)).join(delimiter) };
            const got = await ensureEngine({ ...silent, env }).catch((error: Error) => error);
            if (typeof expected === "string") expect(got).toMatchObject({ pulumi: expected });
            else expect(got).toMatchObject({ name: "EngineError", message: expect.stringMatching(expected) });
        }
    });

    it("supplies the script that starts dynamic providers where only that is missing", async () => {
        const machine = new TestMachine();
        pulumi(machine, "3.250.0", "bin", { plugin: false });
        const engine = await ensureEngine({ ...silent, env: machine.env });
        expect(engine.source).toBe("path");
        const folders = engine.env.PATH.split(delimiter);
        expect(folders[0]).toBe(machine.bin);
        expect(machine.list("cache/dynamic-provider")).toEqual([PLUGIN]);
        expect(folders[1]).toBe(machine.path("cache/dynamic-provider"));
    });

    it("builds with Go where there is no other way, and only once", async () => {
        const machine = new TestMachine();
        go(machine);
        const lines: string[] = [];
        const first = await ensureEngine({ log: (line) => lines.push(line), env: machine.env });
        expect(first).toMatchObject({ version: CLI_VERSION, source: "build" });
        expect(lines[0]).toMatch(/^Building the Pulumi engine .*\(once per machine; about 3 to 5 minutes/);
        const again: string[] = [];
        expect(await ensureEngine({ log: (line) => again.push(line), env: machine.env })).toEqual(first);
        expect(again).toEqual([]);
        expect(builds(machine)).toEqual(["pulumi-language-nodejs", "pulumi"]);
        expect(machine.list("cache")).toHaveLength(1);
        const folder = join("cache", machine.list("cache")[0] as string);
        expect(machine.list(folder)).toEqual(["bin"]);
        expect(machine.list(join(folder, "bin"))).toEqual(["pulumi", "pulumi-language-nodejs", PLUGIN]);
    });

    it("builds once for two that ask at the same time, and the second one says that it waits", async () => {
        const machine = new TestMachine();
        go(machine, { before: "proceed" });
        const first = ensureEngine({ ...silent, env: machine.env });
        await until(() => machine.notes.length > 0);
        const lines: string[] = [];
        const second = ensureEngine({ log: (line) => lines.push(line), env: machine.env });
        await until(() => lines.some((line) => line.startsWith("Waiting for another process")));
        machine.write("proceed", "");
        expect(await second).toEqual(await first);
        expect(builds(machine)).toEqual(["pulumi-language-nodejs", "pulumi"]);
    });

    it("leaves nothing behind when it is interrupted, no process either", async () => {
        const machine = new TestMachine();
        go(machine, { before: "never" });
        const running = machine.start(process.execPath, ["--import", TSX, MAIN]);
        await until(() => machine.notes.length > 0);
        running.child.kill("SIGINT");
        expect(await running.ended).toBe(130);
        expect(machine.list("cache")).toEqual([]);
        const builder = Number(machine.notes[0]?.split(" ")[2]);
        await until(() => !isAlive(builder));
    });

    it("recovers from a build that was killed, with its lock and its half-built files", async () => {
        const machine = new TestMachine();
        go(machine, { before: "proceed" });
        const running = machine.start(process.execPath, ["--import", TSX, MAIN]);
        await until(() => machine.notes.length > 0);
        running.child.kill("SIGKILL");
        process.kill(Number(machine.notes[0]?.split(" ")[2]), "SIGKILL");
        await running.ended;
        const left = machine.list("cache");
        expect(left.map((name) => name.replace(/.*\.(lock|unfinished).*/, "$1"))).toEqual(["lock", "unfinished"]);
        for (const name of left) machine.age(machine.path("cache", name));
        machine.write("proceed", "");
        const lines: string[] = [];
        const engine = await ensureEngine({ log: (line) => lines.push(line), env: machine.env });
        expect(engine.source).toBe("build");
        expect(lines.filter((line) => line.startsWith("Waiting"))).toEqual([]);
        expect(machine.list("cache")).toHaveLength(1);
    });

    it("builds again when what is in the cache doesn't run", async () => {
        const machine = new TestMachine();
        go(machine);
        const { pulumi: path } = await ensureEngine({ ...silent, env: machine.env });
        machine.program(path.slice(machine.folder.length), "process.exitCode = 1");
        expect(await ensureEngine({ ...silent, env: machine.env })).toMatchObject({ source: "build" });
        expect(builds(machine)).toHaveLength(4);
    });

    it("prefers Pulumi's own download to a build", async () => {
        const machine = new TestMachine();
        go(machine);
        vi.stubGlobal("fetch", async () => new Response(""));
        const installer = [
            "PATH=/usr/bin:/bin",
            'while [ "$1" != --install-root ]; do shift; done',
            'mkdir -p "$2/bin" && cd "$2/bin"',
            `printf '#!/bin/sh\\necho v${CLI_VERSION}\\n' > pulumi`,
            "cp pulumi pulumi-language-nodejs && chmod +x *",
        ].join("\n");
        const site = machine.write(
            "site.mjs",
            `globalThis.fetch = async () => new Response(${JSON.stringify(installer)})`,
        );
        const env = {
            ...machine.env,
            PULUMI_CAPTIONS_DOWNLOAD: "",
            NODE_OPTIONS: `--import=${pathToFileURL(site).href}`,
        };
        expect(await ensureEngine({ ...silent, env })).toMatchObject({ source: "download", version: CLI_VERSION });
        expect(machine.notes).toEqual([]);
    });

    it("builds when the download fails, and names both reasons when the build fails too", async () => {
        const machine = new TestMachine();
        go(machine, { build: `console.error("dial tcp: lookup: no such host"); process.exit(1);` });
        vi.stubGlobal("fetch", async () => new Response(""));
        const site = machine.write(
            "site.mjs",
            `globalThis.fetch = async () => new Response("echo nothing to be had; exit 3")`,
        );
        const env = {
            ...machine.env,
            PULUMI_CAPTIONS_DOWNLOAD: "",
            NODE_OPTIONS: `--import=${pathToFileURL(site).href}`,
        };
        const error = await ensureEngine({ ...silent, env }).catch((error: Error) => error);
        expect(error).toBeInstanceOf(EngineError);
        const { message } = error as Error;
        expect(message).toMatch(/- PATH: there is no pulumi on PATH/);
        expect(message).toMatch(/- Pulumi's own download: .*/);
        expect(message).toMatch(
            /- A build with Go: Go could not reach the module proxy .*\n {4}dial tcp: lookup: no such host/,
        );
        expect(message).toMatch(/Install Pulumi .* or Go .*, and try again\.$/);
        expect(machine.list("cache")).toEqual([]);
    });

    it.each([
        { what: "no Go", expected: /there is no go on PATH/ },
        {
            what: "a Go that is too old",
            version: "1.20.3",
            expected: /is Go 1\.20\.3, which is too old: 1\.21 or newer/,
        },
        {
            what: "a Go that may not fetch the one that is needed",
            version: "1.22.1",
            toolchain: "local",
            expected:
                /is Go 1\.22\.1, the engine needs 1\.\d+\.\d+, and GOTOOLCHAIN=local keeps .* set GOTOOLCHAIN=auto/,
        },
    ])("says what to do when there is $what", async ({ version, toolchain, expected }) => {
        const machine = new TestMachine();
        if (version !== undefined) go(machine, { version, toolchain: toolchain ?? "auto" });
        await expect(ensureEngine({ ...silent, env: machine.env })).rejects.toThrow(expected);
        expect(machine.notes).toEqual([]);
    });

    it("lets an older Go fetch the one that is needed by itself", async () => {
        const machine = new TestMachine();
        go(machine, { version: "1.21.0" });
        expect(await ensureEngine({ ...silent, env: machine.env })).toMatchObject({ source: "build" });
    });

    it("doesn't try again where `npm test` found out already that there is none", async () => {
        const machine = new TestMachine();
        pulumi(machine, "3.250.0");
        const env = { ...machine.env, PULUMI_CAPTIONS_ENGINE_ERROR: "none to be had" };
        await expect(ensureEngine({ ...silent, env })).rejects.toThrow(/^none to be had$/);
    });
});

describe("cacheFolder", () => {
    it.each([
        ["the one that is named", { PULUMI_CAPTIONS_CACHE: "/elsewhere", HOME: "/home/ada" }, "linux", 0, "/elsewhere"],
        ["for root on Linux outside of the home folder", { HOME: "/root" }, "linux", 0, "/var/cache/pulumi-captions"],
        ["for others below the home folder", { HOME: "/home/ada" }, "linux", 1000, "/home/ada/.cache/pulumi-captions"],
        ["where XDG says", { HOME: "/home/ada", XDG_CACHE_HOME: "/x" }, "linux", 1000, "/x/pulumi-captions"],
        ["on macOS", { HOME: "/Users/ada" }, "darwin", 501, "/Users/ada/Library/Caches/pulumi-captions"],
    ] as const)("is %s", (_, env, platform, userId, expected) => {
        expect(cacheFolder(env, platform, userId)).toBe(expected);
    });
});

describe("engineEnvironment", () => {
    it("leaves out the user's own Pulumi and Captions settings and colours, and keeps the rest", () => {
        const machine = new TestMachine();
        const engine: Engine = {
            pulumi: "/engine/pulumi",
            binDir: "/engine",
            version: "3.250.0",
            source: "path",
            env: { PATH: "/engine:/usr/bin" },
        };
        const env = engineEnvironment(engine, machine.folder, {
            Path: "/usr/bin",
            HOME: "/home/ada",
            FORCE_COLOR: "1",
            CAPTIONS_API_KEY: "key",
            PULUMI_ACCESS_TOKEN: "token",
            PULUMI_STACK: "production",
        });
        expect(env).toMatchObject({ PATH: "/engine:/usr/bin", HOME: "/home/ada", NO_COLOR: "1" });
        expect(env.PULUMI_BACKEND_URL).toBe(pathToFileURL(machine.path("pulumi-state")).href);
        expect(JSON.stringify(env)).not.toMatch(/"key"|"token"|production|FORCE_COLOR|"Path"/);
        expect(machine.list(".")).toEqual(expect.arrayContaining(["pulumi-home", "pulumi-state"]));
    });
});

function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch {
        return false;
    }
}
