import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type CommandIo, defaultBehaviour, type Emulator, runEmulatorCommand } from "../../emulator";
import { call, renders, start } from "./support";

/** Runs the command in this process, until its end or until it listens. */
function run(...argv: string[]) {
    return runWith({}, ...argv);
}

function runWith(more: Partial<CommandIo>, ...argv: string[]) {
    const out: string[] = [];
    const err: string[] = [];
    const ending = new AbortController();
    onTestFinished(() => ending.abort());
    let code: Promise<number> = Promise.resolve(-1);
    const started = new Promise<Emulator>((resolve) => {
        const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
        code = runEmulatorCommand(argv, { ...io, signal: ending.signal, started: resolve, ...more });
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

test("the variables can be pasted into a shell, whatever the key is", async () => {
    const key = "it's $HOME; `a` & b";
    const { started, out } = run("--port", "0", "--key", key);
    await started;
    const lines = out.join("\n").split("\n");
    const script = lines.filter((line) => line.startsWith("  export ")).join("\n");
    const shown = execFileSync("sh", ["-c", `${script}\nprintf %s "$CAPTIONS_API_KEY"`], { encoding: "utf8" });
    expect(shown).toBe(key);
});

test("the key can come from the environment, and --key goes before it", async () => {
    const env = { CAPTIONS_EMULATOR_KEY: "key-of-the-environment" };
    expect((await runWith({ env }, "--port", "0").started).apiKey).toBe("key-of-the-environment");
    expect((await runWith({ env }, "--port", "0", "--key", "another").started).apiKey).toBe("another");
});

test("it says at its start whether anything is kept", async () => {
    const forgetting = run("--port", "0");
    await forgetting.started;
    expect(forgetting.out.join("\n")).toMatch(/in memory only, and lost when it ends; --state-file keeps them/);
    const folder = mkdtempSync(join(tmpdir(), "emulator-cli-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "state.json");
    const keeping = run("--port", "0", "--state-file", file);
    await keeping.started;
    expect(keeping.out.join("\n")).toContain(`Webhooks and videos are kept in ${file}.`);
});

test("where other machines can connect, the page's address has the key, which nobody can guess", async () => {
    const { started, out } = run("--port", "0", "--host", "0.0.0.0");
    const { apiKey, url } = await started;
    expect(out.join("\n")).toContain(`The emulator's page: ${url}/#key=${apiKey}\n`);
    expect(apiKey).not.toBe("emulator-key");
});

test("it shows its help, with the way it was started and every switch", async () => {
    const { code, out } = run("--help");
    expect(await code).toBe(0);
    for (const flag of ["--port", "--host", "--key", "--state-file", "--behaviour"]) expect(out.join()).toContain(flag);
    for (const name of Object.keys(defaultBehaviour)) expect(out.join()).toContain(`\n  ${name} `);
    expect(out.join()).toContain("Usage: pulumi-captions emulator [options]");
    const started = runWith({ invocation: "npm run emulator --" }, "-h");
    await started.code;
    expect(started.out.join()).toContain("Usage: npm run emulator -- [options]");
});

describe("a mistake is one line with the command's name", () => {
    test.each([
        [["--port", "many"], '--port takes a number from 0 to 65535, not "many".'],
        [["--port", "65536"], '--port takes a number from 0 to 65535, not "65536".'],
        [["--prot", "1"], "There is no option --prot; did you mean --port?"],
        [["--port"], /^Option '--port <value>' argument missing\./],
        [["here"], "Unexpected argument 'here'."],
        [["--key", ""], /^The API key must be printable/],
        [["--key", "key\nof mine"], /^The API key must be printable/],
        [["--behaviour", "{"], "--behaviour takes JSON, for example '{\"listLagMs\": 2000}'."],
        [["--behaviour", "[1]"], /^--behaviour: A behaviour is an object of switches/],
        [["--behaviour", '{"latency": 1}'], '--behaviour: There is no switch "latency". Did you mean "latencyMs"?'],
        [["--behaviour", '{"colour": 1}'], /^--behaviour: There is no switch "colour". There are: unknownIdStatus, /],
        [["--behaviour", '{"secrets": "lost"}'], /^--behaviour: .* secrets: expected "clear" \| .*, received "lost"\./],
    ])("wrong usage ends with exit code 2: %j", async (argv, message) => {
        const { code, err } = run(...argv);
        expect(await code).toBe(2);
        expect(err).toHaveLength(1);
        const [, told, ending] = /^pulumi-captions emulator: (.*) \((.*)\)$/.exec(err[0] ?? "") ?? [];
        expect([told, ending]).toEqual([
            typeof message === "string" ? message : expect.stringMatching(message),
            "--help shows how it is used",
        ]);
    });

    test("an address that isn't there ends with exit code 1", async () => {
        const { code, err } = run("--port", "0", "--host", "256.256.256.256");
        expect(await code).toBe(1);
        const message = /^pulumi-captions emulator: The emulator cannot listen on 256.256.256.256, port 0: /;
        expect(err).toEqual([expect.stringMatching(message)]);
    });

    test("a port in use ends with exit code 1", async () => {
        const { port } = new URL((await start()).url);
        const { code, err } = run("--port", port);
        expect(await code).toBe(1);
        expect(err).toEqual([
            `pulumi-captions emulator: The emulator cannot listen on 127.0.0.1, port ${port}: that port is in use: choose another one, or stop what listens there.`,
        ]);
    });
});

test("npm run emulator is pulumi-captions emulator, and its help says so", () => {
    const root = join(__dirname, "../..");
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const [node, ...args] = scripts.emulator.split(" && ").at(-1).split(" ");
    expect([node, ...args]).toEqual(["node", "--import", "tsx", "cli/main.ts", "emulator"]);
    const help = (lifecycle: string): string =>
        execFileSync(process.execPath, [...args, "--help"], {
            cwd: root,
            encoding: "utf8",
            env: { ...process.env, npm_lifecycle_event: lifecycle },
        });
    const invocation = /^Usage: (.*)$/m;
    const [script, command] = [help("emulator"), help("test")];
    expect([invocation.exec(script)?.[1], invocation.exec(command)?.[1]]).toEqual([
        "npm run emulator -- [options]",
        "pulumi-captions emulator [options]",
    ]);
    expect(script.replace(invocation, "")).toBe(command.replace(invocation, ""));
});

test.skipIf(process.platform === "win32")("as a process it ends cleanly on Ctrl-C, with a page open", async () => {
    const root = join(__dirname, "../..");
    const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
    const child = spawn(process.execPath, [tsx, join(root, "cli/main.ts"), "emulator", "--port", "0"], { cwd: root });
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
