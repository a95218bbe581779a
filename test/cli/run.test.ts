import { execFile } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, onTestFinished, test } from "vitest";
import { cli, exit, serve, serveReceiver, start } from "./support";

const commands = ["deliver", "list", "adopt", "prune", "plan", "env", "dev", "emulator"];

test("help is there for all and for each, in every spelling, and says the exit codes", async () => {
    const all = await cli(["--help"]);
    expect(all).toMatchObject({ code: exit.good, stderr: "" });
    expect(all.stdout).toMatch(/Exit codes: 0 .*1 .*2 .*3 .*4 .*130/s);
    for (const spelling of [["-h"], ["help"]]) {
        expect(await cli(spelling)).toEqual(all);
    }
    for (const command of commands) {
        expect(all.stdout).toContain(`  ${command} `);
        const help = await cli([command, "--help"]);
        expect(help).toMatchObject({ code: exit.good, stderr: "" });
        expect(help.stdout).toContain("Usage:");
        if (command !== "emulator") {
            expect(help.stdout).toContain("Exit code:");
        }
        for (const spelling of [
            ["help", command],
            [command, "-h"],
        ]) {
            expect(await cli(spelling)).toEqual(help);
        }
    }
});

test("the helps fit a terminal of 80 columns", async () => {
    for (const command of ["deliver", "list", "adopt", "prune", "plan", "env", "dev"]) {
        const stdout = (await cli([command, "--help"])).stdout + (await cli(["--help"])).stdout;
        for (const line of stdout.split("\n")) {
            expect(line.length).toBeLessThanOrEqual(80);
        }
    }
});

test("wrong usage is exit code 2 and one line, with the nearest name, and one hint at the help that has it", async () => {
    for (const [argv, words] of [
        [["delivr"], 'Unknown command "delivr". Did you mean "deliver"? See `pulumi-captions --help`.'],
        [["xx"], 'Unknown command "xx". See `pulumi-captions --help`.'],
        [["toString"], 'Unknown command "toString". See `pulumi-captions --help`.'],
        [["help", "lits"], 'Unknown command "lits". Did you mean "list"? See `pulumi-captions --help`.'],
        [["list", "--acount", "eu"], 'Unknown option "--acount". Did you mean --account? See'],
        [
            ["list", "--json-out"],
            'Unknown option "--json-out". Did you mean --json? See `pulumi-captions list --help`.',
        ],
        [["list", "--zzz"], 'Unknown option "--zzz". See `pulumi-captions list --help`.'],
        [["list", "-q"], 'Unknown option "-q". See `pulumi-captions list --help`.'],
        [["list", "--account"], "--account needs a value. See"],
        [["list", "-s"], "--stack needs a value. See"],
        [["list", "--stack", "--json"], "--stack needs a value. See"],
        [["list", "--json=yes"], "--json does not take a value. See"],
        [["list", "surplus"], 'Unexpected argument "surplus". See'],
        [["list", "--account", "eu"], "--account needs --stack: accounts are in a stack's configuration"],
        [["list", "--fail-on-orphans"], "--fail-on-orphans needs --stack"],
        [["plan"], "Name the file with the preview"],
        [["plan", "a", "b"], 'Unexpected argument "b". See `pulumi-captions plan --help`.'],
        [["deliver"], "--stack is required. See `pulumi-captions deliver --help`."],
        [["deliver", "-s", "dev", "--timeout", "0"], "must be a number of seconds from 1 to 600"],
        [["deliver", "-s", "dev", "--timeout", "soon"], "from 1 to 600"],
        [["deliver", "-s", "dev", "--wait", "0"], "from 1 to 86400"],
        [
            ["deliver", "-s", "dev", "--body", "a.json", "--wait", "9"],
            "--wait cannot be used with --body: the recorded",
        ],
        [["deliver", "-s", "dev", "--body", ""], "--body is required"],
        [["deliver", "-s", "dev", "--url", "nonsense"], "--url must be an absolute https URL"],
        [["deliver", "-s", "dev", "--instances", "1.5"], "must be a whole number from 1 to 1000"],
        [["deliver", "-s", "dev", "--wait", "5", "--steady", "9"], "--wait must not be less than --steady"],
    ] as const) {
        const { code, stdout, stderr } = await cli(argv);
        expect({ argv, code, stdout }).toEqual({ argv, code: exit.usage, stdout: "" });
        expect(stderr).toContain(words);
        expect(stderr.trim().split("\n")).toHaveLength(1);
        expect(stderr.match(/help/g)).toHaveLength(1);
    }
    expect(await cli([])).toMatchObject({ code: exit.usage, stdout: "" });
});

test("a Pulumi that is missing, or that fails, is explained in a sentence", async () => {
    const missing = await cli(["list", "--stack", "dev", "--pulumi", "/nowhere/pulumi"]);
    expect(missing).toMatchObject({ code: exit.bad, stdout: "" });
    expect(missing.stderr).toContain("Check that Pulumi is installed and on PATH.");

    const folder = temporary();
    const pulumi = join(folder, "pulumi");
    writeFileSync(
        pulumi,
        "#!/bin/sh\necho 'warning: old' >&2; echo \"error: no stack named 'dev' found\" >&2; exit 255\n",
        { mode: 0o755 },
    );
    expect(await cli(["deliver", "--stack", "dev", "--pulumi", pulumi])).toMatchObject({
        code: exit.bad,
        stderr: "pulumi-captions: `pulumi stack output` failed: no stack named 'dev' found\n",
    });
    writeFileSync(pulumi, "#!/bin/sh\necho not-json-but-a-secret\n", { mode: 0o755 });
    const garbled = await cli(["deliver", "--stack", "dev", "--pulumi", pulumi]);
    expect(garbled).toMatchObject({ code: exit.bad, stdout: "" });
    expect(garbled.stderr).not.toContain("not-json-but-a-secret");
});

test("as a process: version, no colours in a pipe, exit code", async () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));
    expect(await start(["--version"]).result).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    const wrong = await start(["nonsense"], { FORCE_COLOR: "1" }).result;
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).not.toContain("\u001b");
});

test("a reader that goes away early is no error", async () => {
    const { child, result } = start(["--help"]);
    child.stdout.destroy();
    expect(await result).toMatchObject({ code: 0, stderr: "" });
});

test("Ctrl-C ends a call that waits, with 130 and without a word", async () => {
    const asking = new EventEmitter();
    const url = await serve(() => asking.emit("asked"), "");
    const asked = once(asking, "asked");
    const { child, result } = start(["list"], { CAPTIONS_API_KEY: "key", CAPTIONS_BASE_URL: url });
    await asked;
    child.kill("SIGINT");
    expect(await result).toEqual({ code: 130, stdout: "", stderr: "" });
});

test("the emulator is handed its options, and Ctrl-C ends it", async () => {
    const { child, result, stdout } = start(["emulator", "--port", "0", "--key", "key-of-a-test"]);
    while (!stdout().includes("CAPTIONS_API_KEY=key-of-a-test")) {
        await once(child.stdout, "data");
    }
    const baseUrl = /CAPTIONS_BASE_URL=(\S+)/.exec(stdout())?.[1] ?? "";
    const listed = await start(["list", "--base-url", baseUrl], { CAPTIONS_API_KEY: "key-of-a-test" }).result;
    expect(listed).toMatchObject({ code: 0, stdout: "There are no webhooks in this account.\n" });
    child.kill("SIGINT");
    expect(await result).toMatchObject({ code: 0, stderr: "" });
});

test("packed and installed without @pulumi/pulumi, every command runs", async () => {
    const modules = join(temporary(), "node_modules");
    const installed = join(modules, "pulumi-captions");
    mkdirSync(modules);
    cpSync(join(inject("nodeModules"), "pulumi-captions"), installed, { recursive: true });
    const { dependencies, bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    for (const name of Object.keys(dependencies)) {
        mkdirSync(dirname(join(modules, name)), { recursive: true });
        symlinkSync(join(__dirname, "../../node_modules", name), join(modules, name));
    }
    const main = join(installed, bin["pulumi-captions"]);
    expect(readFileSync(main, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    for (const command of commands) {
        const { stdout } = await promisify(execFile)(process.execPath, [main, command, "--help"], { cwd: modules });
        expect(stdout).toContain("Usage:");
    }

    // One that needs the receiver's code, too: it delivers a recorded event.
    const { url, handed } = await serveReceiver("whsec_packed");
    const pulumi = join(modules, "pulumi");
    writeFileSync(pulumi, `#!/bin/sh\necho '${JSON.stringify({ secret: "whsec_packed", url })}'\n`, { mode: 0o755 });
    writeFileSync(join(modules, "event.json"), '{"event":"creator.failure","operationId":"op_1"}');
    const argv = ["deliver", "--stack", "dev", "--pulumi", pulumi, "--body", "event.json"];
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...argv], { cwd: modules });
    expect(stdout).toContain("Delivered creator.failure (op_1)");
    expect(handed).toMatchObject([{ event: "creator.failure", operationId: "op_1" }]);
});

function temporary(): string {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-cli-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
}
