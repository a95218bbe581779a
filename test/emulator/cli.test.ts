import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Emulator, runEmulatorCommand } from "../../emulator";
import { call, renders, start } from "./support";

/** Runs the command in this process, until its end or until it listens. */
function run(...argv: string[]) {
    const out: string[] = [];
    const err: string[] = [];
    const ending = new AbortController();
    onTestFinished(() => ending.abort());
    let code: Promise<number> = Promise.resolve(-1);
    const started = new Promise<Emulator>((resolve) => {
        const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
        code = runEmulatorCommand(argv, { ...io, signal: ending.signal, started: resolve });
    });
    return { code, started, out, err, end: () => ending.abort() };
}

test("it prints the page's link and the two variables, logs calls, and ends on request", async () => {
    const command = run("--port", "0", "--key", "key-of-mine", "--behaviour", '{"extraFields": true}');
    const emulator = await command.started;
    const text = command.out.join("\n");
    expect(text).toContain(`${emulator.url}/\n`);
    expect(text).toContain(`CAPTIONS_BASE_URL=${emulator.baseUrl}\n`);
    expect(text).toContain("CAPTIONS_API_KEY=key-of-mine\n");
    const { secret } = (await call(emulator, "register", renders)).json;
    expect(emulator.behaviour.extraFields).toBe(true);
    expect(command.out.at(-1)).toMatch(/^\d\d:\d\d:\d\d {2}register {2}200 wh_\w+$/);
    expect(command.out.join()).not.toContain(secret);
    command.end();
    expect(await command.code).toBe(0);
    await expect(call(emulator, "list")).rejects.toThrow("fetch failed");
});

test("it keeps its state in a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "emulator-cli-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const args = ["--port", "0", "--state-file", join(folder, "state.json")];
    const first = run(...args);
    const webhook = (await first.started).register(renders);
    first.end();
    await first.code;
    expect((await run(...args).started).webhooks).toEqual([webhook]);
});

test("it shows its help", async () => {
    const { code, out } = run("--help");
    expect(await code).toBe(0);
    for (const flag of ["--port", "--host", "--key", "--state-file", "--behaviour"]) expect(out.join()).toContain(flag);
});

describe("a mistake is one sentence, and exit code 1", () => {
    test.each([
        [["--port", "many"], '--port takes a number from 0 to 65535, not "many".'],
        [["--port", "65536"], '--port takes a number from 0 to 65535, not "65536".'],
        [["--colour"], "Unknown option '--colour'. See --help."],
        [["here"], "Unexpected argument 'here'. See --help."],
        [["--behaviour", "{"], "--behaviour takes JSON, for example '{\"listLagMs\": 2000}'."],
        [["--behaviour", '{"colour": 1}'], /^There is no switch "colour"/],
        [["--host", "256.256.256.256"], /^The emulator cannot listen on 256.256.256.256, port 4010: /],
    ])("%j", async (argv, message) => {
        const { code, err } = run(...argv);
        expect(await code).toBe(1);
        expect(err).toEqual([typeof message === "string" ? message : expect.stringMatching(message)]);
    });

    test("a port in use", async () => {
        const { port } = new URL((await start()).url);
        const { code, err } = run("--port", port);
        expect(await code).toBe(1);
        expect(err).toEqual([
            `The emulator cannot listen on 127.0.0.1, port ${port}: that port is in use: choose another one, or stop what listens there.`,
        ]);
    });
});

test.skipIf(process.platform === "win32")("as a process it ends cleanly on Ctrl-C, with a page open", async () => {
    const root = join(__dirname, "../..");
    const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
    const child = spawn(process.execPath, [tsx, join(root, "scripts/emulator.ts"), "--port", "0"], { cwd: root });
    onTestFinished(() => {
        child.kill("SIGKILL");
    });
    let text = "";
    const url = await new Promise<string>((resolve) => {
        child.stdout.on("data", (part: Buffer) => {
            text += part;
            const found = /page: (\S+)\/\n/.exec(text)?.[1];
            if (found !== undefined) resolve(found);
        });
    });
    const live = await fetch(`${url}/_emulator/live`);
    const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    child.kill("SIGINT");
    expect(await exited).toEqual({ code: 0, signal: null });
    await live.body?.cancel().catch(() => undefined);
});
