import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { startAccount } from "../../support/account";
import { renders, startProject } from "../../support/project";
import { cli, exit, leaks, reach } from "../support";

test("without a stack, or with --yes and no ids, it is wrong usage, and nothing is asked", async () => {
    const { emulator } = await startAccount();
    const env = { CAPTIONS_API_KEY: emulator.apiKey, CAPTIONS_BASE_URL: emulator.baseUrl };
    for (const [argv, words] of [
        [["prune"], "--stack is required"],
        [["prune", "--stack", "prod", "--yes"], "--yes needs the ids"],
        [["prune", "--stack", "prod", "--force"], 'Unknown option "--force"'],
    ] as const) {
        const result = await cli(argv, { env });
        expect(result).toMatchObject({ code: exit.usage, stdout: "" });
        expect(result.stderr).toContain(words);
    }
    expect(emulator.calls).toEqual([]);
});

test("it shows what looks orphaned and the command for it; that command deletes these and nothing else", async () => {
    const project = await startProject(
        `module.exports.id = new captions.Webhook("renders", ${JSON.stringify(renders)}).id;`,
    );
    const { emulator, stack } = project;
    expect((await stack.up()).code).toBe(0);
    const [managed] = emulator.webhooks;
    const orphans = [emulator.register(renders), emulator.register(renders), emulator.register(renders)];
    const theirs = emulator.register({ ...renders, url: "https://theirs.example/" });
    const [first, second, third] = orphans;
    const secrets = [emulator.apiKey, ...emulator.webhooks.map(({ secret }) => secret)];
    const { args, env } = await reach(project);
    const prune = async (...more: readonly string[]) => {
        emulator.clearCalls();
        const result = await cli(["prune", ...args, ...more], { env });
        expect(leaks(result, secrets)).toEqual([]);
        return { ...result, calls: emulator.calls.map(({ endpoint }) => endpoint) };
    };

    const shown = await prune();
    expect(shown).toMatchObject({ code: exit.good, calls: ["list"] });
    const ids = orphans.map(({ id }) => id).join(" ");
    expect(shown.stdout.trim().split("\n").at(-1)).toMatch(new RegExp(`prune --stack test --cwd .* --yes ${ids}$`));
    expect(shown.stdout).not.toContain(theirs.id);

    // One that must not go keeps all of them.
    for (const id of [managed?.id ?? "", theirs.id]) {
        const refused = await prune("--yes", first?.id ?? "", id);
        expect(refused).toMatchObject({ code: exit.bad, stdout: "", calls: ["list"] });
        expect(refused.stderr).toContain(`Refused: ${id}: it`);
    }
    expect(emulator.webhooks).toHaveLength(5);

    const one = await prune("--yes", first?.id ?? "");
    expect(one).toMatchObject({ code: exit.good, stdout: `${first?.id}: deleted\n`, calls: ["list", "delete"] });

    // The response is lost, and it was done: `/list` tells.
    emulator.inject({ endpoint: "delete", kind: "lost-answer" });
    const lost = await prune("--yes", second?.id ?? "", first?.id ?? "", "--json");
    expect(lost.code).toBe(exit.good);
    expect(JSON.parse(lost.stdout).outcomes).toEqual([
        { id: first?.id, outcome: "not registered" },
        { id: second?.id, outcome: "deleted" },
    ]);
    expect(lost.calls.filter((endpoint) => endpoint === "delete")).toHaveLength(1);

    // A failure of one is said, and is not the end.
    const fourth = emulator.register(renders);
    emulator.inject({ endpoint: "delete", kind: "error-before", webhookId: third?.id ?? "" });
    const partly = await prune("--yes", third?.id ?? "", fourth.id);
    expect(partly.code).toBe(exit.bad);
    expect(partly.stdout).toMatch(new RegExp(`^${third?.id}: not deleted. .*\\n${fourth.id}: deleted\\n$`));
    expect(emulator.webhooks.map(({ id }) => id)).toEqual([managed?.id, third?.id, theirs.id]);

    // As it is packed.
    const main = join(inject("nodeModules"), "pulumi-captions/dist/cli/main.js");
    const packed = await promisify(execFile)(process.execPath, [main, "prune", ...args, "--yes", third?.id ?? ""], {
        env,
    });
    expect(packed.stdout).toBe(`${third?.id}: deleted\n`);
    expect(emulator.webhooks.map(({ id }) => id)).toEqual([managed?.id, theirs.id]);
});
