import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, onTestFinished, test } from "vitest";
import { secretsFromText } from "../../../receiver";
import { renders, startProject } from "../../support/project";
import { cli, exit, leaks, reach } from "../support";

test("wrong usage has a sentence each, and no stack is asked", async () => {
    for (const [argv, columns, words] of [
        [[], Number.POSITIVE_INFINITY, "--stack is required"],
        [["--stack", "dev"], 80, "On a terminal the secrets would be shown"],
        [["--stack", "dev", "--format", "jsno"], 80, "Did you mean json?"],
        [["--stack", "dev", "--name", "1A"], 80, "--name must be the name of a variable"],
        [["--stack", "dev", "--force"], 80, "--force is for --out"],
    ] as const) {
        const result = await cli(["env", ...argv, "--pulumi", "/does/not/exist"], { columns });
        expect(result).toMatchObject({ code: exit.usage, stdout: "" });
        expect(result.stderr).toContain(words);
    }
});

test("the secrets of a stack get into a file that only its owner reads, a pipe, or a terminal that asks for them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-env-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const project = await startProject(
        `const { secret } = new captions.Webhook("renders", ${JSON.stringify(renders)});
module.exports = { secret, id: "wh_1", unknown: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" };`,
    );
    const { emulator, stack } = project;
    expect((await stack.up()).code).toBe(0);
    const secret = emulator.webhooks[0]?.secret ?? "";
    const { args, env } = await reach(project);
    const line = `CAPTIONS_WEBHOOK_SECRETS='["${secret}"]'\n`;

    expect(await cli(["env", ...args], { env })).toEqual({ code: exit.good, stdout: line, stderr: "" });
    expect((await cli(["env", ...args, "--show-secrets"], { env, columns: 80 })).stdout).toBe(line);

    const file = join(folder, ".env");
    writeFileSync(file, "PORT=3000\nCAPTIONS_WEBHOOK_SECRETS=old\n", { mode: 0o644 });
    const written = await cli(["env", ...args, "--out", file], { env, columns: 80 });
    expect(written).toMatchObject({ code: exit.good, stdout: "" });
    expect(leaks(written, [secret, emulator.apiKey])).toEqual([]);
    expect(readFileSync(file, "utf8")).toBe(`PORT=3000\n${line}`);
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);

    const json = ["env", ...args, "--format", "json", "--name", "MINE", "--out"];
    const refused = await cli([...json, file], { env });
    expect(refused).toMatchObject({ code: exit.bad, stdout: "" });
    expect(refused.stderr).toContain("exists already");
    expect((await cli([...json, file, "--force"], { env })).code).toBe(exit.good);
    expect(secretsFromText(JSON.parse(readFileSync(file, "utf8")).MINE)).toEqual([secret]);

    for (const [output, words] of [
        ["missing", 'no output "missing"'],
        ["unknown", "is not known yet: run `pulumi up` first"],
    ] as const) {
        const failed = await cli(["env", ...args, "--output", output], { env });
        expect(failed).toMatchObject({ code: exit.bad, stdout: "" });
        expect(failed.stderr).toContain(words);
        expect(leaks(failed, [secret])).toEqual([]);
    }

    // As it is packed.
    const main = join(inject("nodeModules"), "pulumi-captions/dist/cli/main.js");
    expect((await promisify(execFile)(process.execPath, [main, "env", ...args], { env })).stdout).toBe(line);
    expect(emulator.calls.map(({ endpoint }) => endpoint)).toEqual(["list", "register"]);
});
