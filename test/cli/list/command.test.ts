import { expect, test } from "vitest";
import { systemClock } from "../../../probe";
import { startAccount } from "../../support/account";
import { renders, startProject } from "../../support/project";
import { cli, exit, leaks, reach } from "../support";

test("it lists in one call, without secrets, and of URLs only the host and our own generation", async () => {
    const { emulator } = await startAccount();
    const one = emulator.register({ url: "https://a.example/h?token=abcdef", enabledEvents: renders.enabledEvents });
    const two = emulator.register({
        url: "https://a.example/T0/token?generation=b",
        enabledEvents: ["creator.success"],
    });
    const env = { CAPTIONS_API_KEY: emulator.apiKey, CAPTIONS_BASE_URL: emulator.baseUrl };
    const text = await cli(["list"], { env });
    expect(text).toEqual({
        code: exit.good,
        stdout:
            `${"id".padEnd(one.id.length)}  url                               events\n` +
            `${one.id}  https://a.example/…               creator.success, creator.failure\n` +
            `${two.id}  https://a.example/…?generation=b  creator.success\n`,
        stderr: "",
    });
    expect(emulator.calls.map(({ endpoint }) => endpoint)).toEqual(["list"]);

    const json = await cli(["list", "--json"], { env });
    expect(JSON.parse(json.stdout)).toEqual({
        account: null,
        stack: null,
        stacks: [],
        webhooks: [
            { id: one.id, url: "https://a.example/…", enabledEvents: renders.enabledEvents },
            { id: two.id, url: "https://a.example/…?generation=b", enabledEvents: ["creator.success"] },
        ],
        gone: [],
        rotations: [],
    });
    for (const result of [text, json]) {
        expect(leaks(result, [one.secret, two.secret, emulator.apiKey, "abcdef"])).toEqual([]);
    }
});

test("a missing key, a wrong one and a wrong base URL are explained in a sentence", async () => {
    const { emulator } = await startAccount();
    for (const [env, argv, code, words] of [
        [{}, [], exit.bad, "There is no API key"],
        [{ CAPTIONS_API_KEY: "key-WrongOne123" }, [], exit.bad, "The API key is not accepted"],
        [
            { CAPTIONS_API_KEY: emulator.apiKey },
            ["--base-url", "http://a.example"],
            exit.usage,
            "--base-url must be an",
        ],
    ] as const) {
        const result = await cli(["list", ...argv], { env: { CAPTIONS_BASE_URL: emulator.baseUrl, ...env } });
        expect(result).toMatchObject({ code, stdout: "" });
        expect(result.stderr).toContain(words);
        expect(result.stderr).not.toContain("    at ");
        expect(leaks(result, [emulator.apiKey, "key-WrongOne123"])).toEqual([]);
    }
});

test("on the real engine: key and base URL come from the stack's configuration, which wins", async () => {
    const project = await startProject(`
module.exports.renders = new captions.Webhook("renders", ${JSON.stringify(renders)}).id;
module.exports.lost = new captions.Webhook("lost", { url: "https://lost.example/", enabledEvents: ["creator.success"] }).id;`);
    const { emulator, stack } = project;
    await stack.up();
    const { renders: id, lost } = await stack.outputs();
    emulator.remove(String(lost));
    const orphan = emulator.register(renders);
    const other = emulator.register({ url: "https://other.example/", enabledEvents: ["creator.failure"] });
    const accounts = { eu: { apiKey: emulator.apiKey } };
    stack.setSecret("captions:apiKey", emulator.apiKey);
    stack.setSecret("captions:accounts", JSON.stringify(accounts));
    await stack.run("config", "set", "captions:baseUrl", emulator.baseUrl);

    const reached = await reach(project);
    const { args } = reached;
    const env = { ...reached.env, CAPTIONS_API_KEY: "key-of-nobody", CAPTIONS_BASE_URL: "http://127.0.0.1:1" };
    const result = await cli(["list", ...args, "--json", "--fail-on-orphans"], { env });
    expect(result).toMatchObject({ code: exit.orphan, stderr: "" });
    const listed = JSON.parse(result.stdout);
    expect(listed).toMatchObject({ account: null, stack: "test", gone: [{ id: lost, resource: "lost" }] });
    expect(listed.webhooks).toHaveLength(3);
    expect(listed.webhooks).toEqual(
        expect.arrayContaining([
            expect.objectContaining({ id, standing: "in this stack", resource: "renders" }),
            expect.objectContaining({ id: orphan.id, standing: "looks orphaned" }),
            expect.objectContaining({ id: other.id, standing: "not in this stack" }),
        ]),
    );

    const text = await cli(["list", ...args], { env, columns: 80 });
    expect(text).toMatchObject({ code: exit.good, stderr: "" });
    for (const line of text.stdout.split("\n").slice(0, -2)) {
        expect(line.length).toBeLessThanOrEqual(80);
    }
    expect(text.stdout).toContain(`lost (${lost}) is in the stack test, but no longer exists in the account.`);

    const eu = await cli(["list", ...args, "--account", "eu", "--json"], { env });
    expect(JSON.parse(eu.stdout)).toMatchObject({ account: "eu", gone: [] });
    const missing = await cli(["list", ...args, "--account", "us"], { env });
    expect(missing).toMatchObject({ code: exit.bad, stdout: "" });
    expect(missing.stderr).toContain('The account "us" is not configured');

    await stack.run("stack", "init", "second");
    const both = await cli(["list", ...args, "--stack", "second", "--json", "--fail-on-orphans"], { env });
    expect(both.code).toBe(exit.orphan);
    expect(JSON.parse(both.stdout)).toMatchObject({ stack: "test", stacks: ["test", "second"] });
    emulator.remove(orphan.id);
    expect((await cli(["list", ...args, "-s", "second", "--fail-on-orphans"], { env })).code).toBe(exit.good);
    const secrets = [...emulator.webhooks.map(({ secret }) => secret), orphan.secret, emulator.apiKey];
    for (const each of [result, text, eu, both]) {
        expect(leaks(each, secrets)).toEqual([]);
    }
});

test("on the real engine: when a rotating webhook with a schedule rotates, by the outputs in the state", async () => {
    const inputs = { ...renders, generations: ["2026-12-03", "2026-09-04"], schedule: { every: "90d", overlap: "7d" } };
    const project = await startProject(`new captions.RotatingWebhook("renders", ${JSON.stringify(inputs)});`);
    await project.stack.up();
    const { args, env } = await reach(project);
    for (const [now, words] of [
        ["2026-12-04T10:00:00Z", "renders: next rotation in 89 days (2027-03-03); the old secret ends 2026-12-10"],
        ["2027-03-04T00:00:00Z", "renders: a rotation is due since 2027-03-03; the old secret was to end 2026-12-10"],
    ] as const) {
        const clock = { ...systemClock, now: () => Date.parse(now) };
        const text = await cli(["list", ...args], { env, clock });
        expect(text).toMatchObject({ code: exit.good, stderr: "" });
        expect(text.stdout.split("\n")).toContain(words);
    }
    const json = await cli(["list", ...args, "--json"], { env });
    expect(JSON.parse(json.stdout).rotations).toEqual([
        {
            stack: "test",
            resource: "renders",
            lastRotation: "2026-12-03T00:00:00.000Z",
            nextRotation: "2027-03-03T00:00:00.000Z",
            overlapEnds: "2026-12-10T00:00:00.000Z",
        },
    ]);
});
