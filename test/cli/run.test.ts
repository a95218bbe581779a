import { execFile } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, onTestFinished, test } from "vitest";
import { cli, exit, serve, start } from "./support";

const commands = ["deliver", "list", "plan", "emulator"];

test("help is there for all and for each, in every spelling, and says the exit codes", async () => {
    const all = await cli(["--help"]);
    expect(all).toMatchObject({ code: exit.good, stderr: "" });
    expect(all.stdout).toMatch(/Exit codes: 0 .*1 .*2 .*3 .*130/s);
    for (const spelling of [["-h"], ["help"]]) expect(await cli(spelling)).toEqual(all);
    for (const command of commands) {
        expect(all.stdout).toContain(`  ${command} `);
        const help = await cli([command, "--help"]);
        expect(help).toMatchObject({ code: exit.good, stderr: "" });
        expect(help.stdout).toContain("Usage:");
        if (command !== "emulator") expect(help.stdout).toContain("Exit code:");
        for (const spelling of [
            ["help", command],
            [command, "-h"],
        ]) {
            expect(await cli(spelling)).toEqual(help);
        }
    }
});

test("the helps fit a terminal of 80 columns", async () => {
    for (const command of ["deliver", "list", "plan"]) {
        const stdout = (await cli([command, "--help"])).stdout + (await cli(["--help"])).stdout;
        for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    }
});

test("wrong usage is exit code 2 and one sentence, with the nearest name", async () => {
    for (const [argv, words] of [
        [["delivr"], 'Did you mean "deliver"?'],
        [["toString"], "--help"],
        [["help", "lits"], 'Did you mean "list"?'],
        [["list", "--acount", "eu"], "did you mean --account?"],
        [["list", "--account"], "argument missing"],
        [["list", "surplus"], '"surplus" is one argument too many'],
        [["plan"], "Which preview?"],
        [["plan", "a", "b"], '"b" is one argument too many'],
        [["deliver"], "--stack is missing"],
        [["deliver", "-s", "dev", "--timeout", "0"], "from 1 to 600"],
        [["deliver", "-s", "dev", "--timeout", "soon"], "from 1 to 600"],
    ] as const) {
        const { code, stdout, stderr } = await cli(argv);
        expect({ argv, code, stdout }).toEqual({ argv, code: exit.usage, stdout: "" });
        expect(stderr).toContain(words);
        expect(stderr.trim().split("\n")).toHaveLength(1);
    }
    expect(await cli([])).toMatchObject({ code: exit.usage, stdout: "" });
});

test("a Pulumi that is not there, or that fails, is told in a sentence", async () => {
    const missing = await cli(["list", "--stack", "dev", "--pulumi", "/nowhere/pulumi"]);
    expect(missing).toMatchObject({ code: exit.bad, stdout: "" });
    expect(missing.stderr).toContain("is Pulumi installed and on PATH?");

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

test("the emulator is handed its options, and Ctrl-C ends it as it should", async () => {
    const { child, result, stdout } = start(["emulator", "--port", "0", "--key", "key-of-a-test"]);
    while (!stdout().includes("CAPTIONS_API_KEY=key-of-a-test")) await once(child.stdout, "data");
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
});

function temporary(): string {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-cli-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
}
