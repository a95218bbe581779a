import { expect, test } from "vitest";
import { compare } from "../../cli/list";
import { startAccount } from "../support/account";
import { renders, startProject } from "../support/engine";
import { cli, exit, leaks, reach } from "./support";

const webhookType = "pulumi-nodejs:dynamic/captions:Webhook";
const resource = (name: string, id: string, more: object = {}) => ({
    urn: `urn:pulumi:test::test::${webhookType}::${name}`,
    type: webhookType,
    id,
    outputs: { url: "https://a.example/h" },
    ...more,
});
const registered = (id: string, url: string) => ({ id, url, enabledEvents: ["creator.success"], secret: "whsec_1" });

test("it lists in one call, without secrets and without what the URLs' queries hold", async () => {
    const { emulator } = await startAccount();
    const one = emulator.register({ url: "https://a.example/h?token=abcdef", enabledEvents: renders.enabledEvents });
    const env = { CAPTIONS_API_KEY: emulator.apiKey, CAPTIONS_BASE_URL: emulator.baseUrl };
    const text = await cli(["list"], { env });
    expect(text).toEqual({
        code: exit.good,
        stdout:
            `${"id".padEnd(one.id.length)}  url                    events\n` +
            `${one.id}  https://a.example/h?…  creator.success, creator.failure\n`,
        stderr: "",
    });
    expect(emulator.calls.map(({ endpoint }) => endpoint)).toEqual(["list"]);

    const json = await cli(["list", "--json"], { env });
    expect(JSON.parse(json.stdout)).toEqual({
        account: null,
        stack: null,
        webhooks: [{ id: one.id, url: "https://a.example/h?…", enabledEvents: renders.enabledEvents }],
        gone: [],
    });
    for (const result of [text, json]) expect(leaks(result, [one.secret, emulator.apiKey])).toEqual([]);
});

test("a missing key, a wrong one and an account that is not configured are told in a sentence", async () => {
    const { emulator } = await startAccount();
    for (const [env, argv, words] of [
        [{}, [], "There is no API key"],
        [{ CAPTIONS_API_KEY: "key-WrongOne123" }, [], "The API key is not accepted"],
        [{ CAPTIONS_API_KEY: emulator.apiKey }, ["--account", "eu"], 'The account "eu" is not configured'],
        [{ CAPTIONS_API_KEY: emulator.apiKey }, ["--base-url", "http://a.example"], "must be an https URL"],
    ] as const) {
        const result = await cli(["list", ...argv], { env: { CAPTIONS_BASE_URL: emulator.baseUrl, ...env } });
        expect(result).toMatchObject({ code: exit.bad, stdout: "" });
        expect(result.stderr).toContain(words);
        expect(result.stderr.trim().split("\n")).toHaveLength(1);
        expect(leaks(result, [emulator.apiKey, "key-WrongOne123"])).toEqual([]);
    }
});

test("against a stack: what is in it, what it reads, what looks orphaned, what is another's, what is gone", () => {
    const { webhooks, gone } = compare(
        [
            registered("wh_1", "https://a.example/h"),
            registered("wh_2", "HTTPS://A.example:443/h"),
            registered("wh_3", "https://b.example/h"),
            registered("wh_4", "https://c.example/h"),
        ],
        [
            resource("renders", "wh_1"),
            resource("legacy", "wh_3", { external: true, outputs: { url: "https://b.example/h" } }),
            resource("lost", "wh_5", { type: "captions:index:Webhook" }),
            resource("elsewhere", "wh_6", { outputs: { url: "https://c.example/h", account: "eu" } }),
            resource("bucket", "wh_4", { type: "aws:s3/bucket:Bucket" }),
        ],
        undefined,
    );
    expect(webhooks.map(({ id, standing, resource }) => [id, standing, resource])).toEqual([
        ["wh_1", "in this stack", "renders"],
        ["wh_2", "looks orphaned", undefined],
        ["wh_3", "read by this stack", "legacy"],
        ["wh_4", "not in this stack", undefined],
    ]);
    expect(gone).toEqual([{ id: "wh_5", resource: "lost" }]);
});

test("of an account, only that account's resources count", () => {
    const resources = [resource("renders", "wh_1", { outputs: { url: "https://a.example/h", account: "eu" } })];
    const listed = [registered("wh_1", "https://a.example/h")];
    expect(compare(listed, resources, "eu").webhooks).toMatchObject([{ standing: "in this stack" }]);
    expect(compare(listed, resources, undefined)).toMatchObject({
        webhooks: [{ standing: "not in this stack" }],
        gone: [],
    });
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
    await stack.run("config", "set", "--secret", "captions:apiKey", emulator.apiKey);
    await stack.run("config", "set", "captions:baseUrl", emulator.baseUrl);
    await stack.run("config", "set", "--secret", "captions:accounts", JSON.stringify(accounts));

    const reached = await reach(project);
    const { args } = reached;
    const env = { ...reached.env, CAPTIONS_API_KEY: "key-of-nobody", CAPTIONS_BASE_URL: "http://127.0.0.1:1" };
    const result = await cli(["list", ...args, "--json", "--fail-on-orphans"], { env });
    expect(result).toMatchObject({ code: exit.bad, stderr: "" });
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
    for (const line of text.stdout.split("\n").slice(0, -2)) expect(line.length).toBeLessThanOrEqual(80);
    expect(text.stdout).toContain(`lost (${lost}) is in the stack, but gone at the API`);

    const eu = await cli(["list", ...args, "--account", "eu", "--json"], { env });
    expect(JSON.parse(eu.stdout)).toMatchObject({ account: "eu", gone: [] });
    const secrets = [...emulator.webhooks.map(({ secret }) => secret), emulator.apiKey];
    for (const each of [result, text, eu]) expect(leaks(each, secrets)).toEqual([]);
});
