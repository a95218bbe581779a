import { expect, inject, test } from "vitest";
import limits from "../../bench/limits.json";
import { renders, startProject, webhookProgram } from "../support/project";

const consumer = `
const webhook = new captions.Webhook("renders", INPUTS);
class Consumer extends pulumi.ComponentResource {
    constructor(name, args) { super("test:index:Consumer", name, args); }
}
module.exports = { secret: webhook.secret, id: webhook.id };
`;
const withConsumer = (inputs: object) => consumer.replace("INPUTS", JSON.stringify(inputs));

test("up registers in two calls; then preview and up change nothing and call nothing", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders));
    const up = await stack.up();
    expect(up).toMatchObject({ code: 0, calls: ["list", "register"] });
    const { enabledEvents: _, ...webhook } = emulator.webhooks[0] ?? { enabledEvents: [] };
    expect(await stack.outputs()).toEqual({ ...webhook, secretVersion: 1 });
    for (const again of [await stack.preview("--expect-no-changes"), await stack.up("--expect-no-changes")]) {
        expect(again).toMatchObject({ code: 0, calls: [] });
    }
});

test("up, then refresh, also of the program, changes nothing; each is one call", async () => {
    const { stack } = await startProject(webhookProgram(renders));
    await stack.up();
    expect(await stack.refresh("--expect-no-changes")).toMatchObject({ code: 0, calls: ["list"] });
    expect(await stack.refresh("--run-program", "--expect-no-changes")).toMatchObject({ code: 0, calls: ["list"] });
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
});

test("adopting keeps the live secret without an update; then, with and without `adopt`, there is no change", async () => {
    const { emulator, stack } = await startProject("");
    const { id, secret } = emulator.register(renders);
    stack.program(webhookProgram({ ...renders, adopt: id }));
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list"] });
    expect(await stack.outputs()).toMatchObject({ id, secret });
    for (const adopt of [id, undefined, true]) {
        stack.program(webhookProgram({ ...renders, adopt }));
        expect(await stack.preview("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
        expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
    }
});

test("a preview calls nothing that changes anything, whatever it shows", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders));
    expect((await stack.preview()).calls).toEqual([]);
    await stack.up();
    const before = emulator.webhooks;
    for (const change of [
        { enabledEvents: ["creator.success"] },
        { url: "https://api.example.com/other" },
        { rotateWhenChanged: { a: "1" } },
        { enabledEvents: ["creator.success", "creator.started"] },
        { url: "http://api.example.com/other" },
    ]) {
        stack.program(webhookProgram({ ...renders, ...change }));
        expect((await stack.preview()).calls.filter((endpoint) => endpoint !== "events")).toEqual([]);
    }
    stack.program("");
    expect(await stack.preview()).toMatchObject({ calls: [], operations: { delete: 1 } });
    expect(emulator.webhooks).toEqual(before);
});

test("a URL and events that are not known yet pass a preview, and are right after the up", async () => {
    const { emulator, stack } = await startProject(`
const first = new captions.Webhook("first", ${JSON.stringify(renders)});
const url = pulumi.interpolate\`https://api.example.com/\${first.id}\`;
new captions.Webhook("second", { url, enabledEvents: [first.id.apply(() => "creator.failure")] });
new captions.Webhook("third", {
    url: "https://api.example.com/third",
    enabledEvents: first.id.apply(() => ["creator.success"]),
    rotateWhenChanged: { first: first.id },
});
`);
    expect(await stack.preview()).toMatchObject({ code: 0, operations: { create: 4 } });
    expect(await stack.up()).toMatchObject({ code: 0 });
    const first = emulator.webhooks.find(({ url }) => url === renders.url);
    expect(emulator.webhooks.map(({ url, enabledEvents }) => ({ url, enabledEvents }))).toEqual(
        expect.arrayContaining([
            { url: `https://api.example.com/${first?.id}`, enabledEvents: ["creator.failure"] },
            { url: "https://api.example.com/third", enabledEvents: ["creator.success"] },
        ]),
    );
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
});

test("each property updates in place with one call and a new secret in the same run", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders));
    await stack.up();
    const { id } = await stack.outputs();
    let version = 1;
    let inputs: Record<string, unknown> = renders;
    for (const [change, body] of [
        [{ url: "https://api.example.com/other" }, { id, url: "https://api.example.com/other" }],
        [{ enabledEvents: ["creator.success"] }, { id, enabledEvents: ["creator.success"] }],
        [{ rotateWhenChanged: { quarter: "2026-Q4" } }, { id }],
        [{ rotateWhenChanged: { quarter: "2027-Q1" } }, { id }],
    ] as const) {
        inputs = { ...inputs, ...change };
        stack.program(webhookProgram(inputs));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["update"], operations: { update: 1 } });
        expect(emulator.calls.at(-1)?.body).toEqual(body);
        expect(await stack.outputs()).toMatchObject({
            id,
            secret: emulator.webhooks[0]?.secret,
            secretVersion: ++version,
        });
    }
    for (const same of [
        { url: "HTTPS://API.EXAMPLE.COM:443/other" },
        { enabledEvents: ["creator.success", "creator.success"] },
        { allowDuplicateUrl: true },
    ]) {
        stack.program(webhookProgram({ ...inputs, ...same }));
        expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
    }
});

test("the secret survives refreshes and changes of other resources", async () => {
    const { stack } = await startProject(webhookProgram(renders));
    await stack.up();
    const before = await stack.outputs();
    await stack.refresh();
    stack.program(`${webhookProgram(renders)}
new captions.Webhook("other", { url: "https://api.example.com/other", enabledEvents: ["creator.success"] });`);
    expect(await stack.up()).toMatchObject({ code: 0, operations: { create: 1, same: 2 } });
    await stack.refresh();
    expect(await stack.outputs()).toEqual(before);
});

test("downstream the secret is unknown in a preview only when it will rotate", async () => {
    const { stack } = await startProject(webhookProgram(renders));
    await stack.up();
    const downstream = (inputs: object) => `
const webhook = new captions.Webhook("renders", ${JSON.stringify(inputs)});
webhook.secret.apply(() => console.log("the secret is known"));
`;
    stack.program(downstream({ ...renders, enabledEvents: [...renders.enabledEvents].reverse() }));
    expect((await stack.preview()).text).toContain("the secret is known");
    stack.program(downstream({ ...renders, rotateWhenChanged: { a: "1" } }));
    expect((await stack.preview()).text).not.toContain("the secret is known");
});

test("state, screen, event log and a state that was saved half-way contain no secret and no key in clear", async () => {
    // Every run of every test is searched; here the search is shown to have something to find.
    const { emulator, stack } = await startProject(webhookProgram(renders));
    await stack.up();
    const [saved] = await stack.webhooks();
    expect(saved?.outputs.secret).toMatchObject({ ciphertext: expect.any(String) });
    expect(saved?.outputs).toMatchObject({ url: renders.url, secretVersion: 1 });
    emulator.inject({ endpoint: "update", kind: "hang" });
    stack.program(webhookProgram({ ...renders, rotateWhenChanged: { a: "1" } }));
    const failed = await stack.run("up", "--yes", "--skip-preview", "--config", "captions:callTimeoutSeconds=0.5");
    expect(failed.code).not.toBe(0);
    const [partial] = await stack.webhooks();
    expect(partial?.initErrors?.join()).toContain("it is not known whether it was done");
    expect(partial?.outputs.secret).toMatchObject({ ciphertext: expect.any(String) });
    await stack.run("stack", "output", "--json");
    await stack.run("stack", "history", "--json");
});

test("/register times out, but was done: one webhook, in the state, with its secret", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders), {
        env: { CAPTIONS_CALL_TIMEOUT_SECONDS: "1" },
    });
    emulator.inject({ endpoint: "register", kind: "hang-after" });
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register", "list"] });
    expect(emulator.webhooks).toHaveLength(1);
    expect(await stack.outputs()).toMatchObject({ id: emulator.webhooks[0]?.id, secret: emulator.webhooks[0]?.secret });
});

test("/register times out, and is done only later: the next run names the webhook, and adopts it if told so", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders), {
        env: { CAPTIONS_CALL_TIMEOUT_SECONDS: "1" },
    });
    emulator.inject({ endpoint: "register", kind: "hang" });
    const failed = await stack.up();
    expect(failed.code).not.toBe(0);
    expect(failed.text).toContain("it may still be registered");
    const { id, secret } = emulator.register(renders);
    const refused = await stack.up();
    expect(refused.code).not.toBe(0);
    for (const way of [id, "adopt: true", "allowDuplicateUrl: true"]) expect(refused.text).toContain(way);
    stack.program(webhookProgram({ ...renders, adopt: true }));
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list"] });
    expect(await stack.outputs()).toMatchObject({ id, secret });
    expect(emulator.webhooks).toHaveLength(1);
});

test("deleted elsewhere: a refresh drops it, up registers a new one, and destroy succeeds in either case", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders));
    await stack.up();
    emulator.remove(emulator.webhooks[0]?.id ?? "");
    expect(await stack.refresh()).toMatchObject({ code: 0, operations: { delete: 1 } });
    expect(await stack.webhooks()).toEqual([]);
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
    emulator.remove(emulator.webhooks[0]?.id ?? "");
    expect(await stack.destroy()).toMatchObject({ code: 0 });
    expect(await stack.webhooks()).toEqual([]);
});

test("drift of url, of events and of the secret shows in a refresh, and up repairs url and events", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders));
    await stack.up();
    const id = emulator.webhooks[0]?.id ?? "";
    for (const change of [{ url: "https://elsewhere.example.com/" }, { enabledEvents: ["creator.failure"] }]) {
        emulator.update(id, change);
        const drift = await stack.run("refresh", "--preview-only", "--diff", "--expect-no-changes");
        expect(drift.code).not.toBe(0);
        expect(drift.text).toContain(Object.keys(change)[0]);
        expect(await stack.refresh()).toMatchObject({ code: 0, operations: { update: 1 } });
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["update"] });
        expect(emulator.webhooks).toMatchObject([renders]);
        expect(await stack.outputs()).toMatchObject({ secret: emulator.webhooks[0]?.secret });
    }
    emulator.rotate(id);
    expect((await stack.run("refresh", "--preview-only", "--expect-no-changes")).code).not.toBe(0);
    await stack.refresh();
    // A secret that was rotated elsewhere is nothing to repair: it only goes on to whatever uses it.
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
    expect(await stack.outputs()).toMatchObject({ secret: emulator.webhooks[0]?.secret });
});

test("many webhooks take no more calls, and no more bytes in the state, than bench/limits.json allows", async () => {
    const { webhooks: count, calls, stateBytesPerWebhook } = limits;
    const { emulator, stack } = await startProject(`
for (let index = 0; index < ${count}; index++) {
    new captions.Webhook("webhook-" + index, { url: "https://api.example.com/" + index, enabledEvents: ["creator.success"] });
}`);
    const up = await stack.up();
    expect(up.code).toBe(0);
    expect(up.calls).toHaveLength(calls.up);
    expect(emulator.webhooks).toHaveLength(count);
    // Where in the program it was declared is the engine's to say, with paths that differ from checkout to checkout.
    const places = ["sourcePosition", "stackTrace"];
    const bytes = (await stack.webhooks()).map(
        (webhook) => JSON.stringify(webhook, (key, value) => (places.includes(key) ? undefined : value)).length,
    );
    expect(Math.max(...bytes)).toBeLessThanOrEqual(stateBytesPerWebhook[inject("front")]);
    const refresh = await stack.refresh("--expect-no-changes");
    expect(refresh.code).toBe(0);
    expect(refresh.calls).toHaveLength(calls.refresh);
    expect((await stack.destroy()).calls).toHaveLength(calls.destroy);
    expect(emulator.webhooks).toEqual([]);
});

test("the secret is exported as a secret, and reaches whatever uses it still marked", async () => {
    const { stack } = await startProject(`${withConsumer(renders)}
new Consumer("consumer", { secret: webhook.secret });
module.exports.derived = pulumi.interpolate\`Bearer \${webhook.secret}\`;
module.exports.isSecret = pulumi.isSecret(webhook.secret);
`);
    await stack.up();
    const masked = JSON.parse((await stack.run("stack", "output", "--json")).stdout);
    expect(masked).toMatchObject({ secret: "[secret]", derived: "[secret]", isSecret: true });
});
