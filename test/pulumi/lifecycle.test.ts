import { expect, inject, test } from "vitest";
import limits from "../../bench/limits.json";
import { once } from "../support/once";
import { onlyUnchanged, renders, startDeployed, startProject, webhookProgram } from "../support/project";

/** Webhooks for which a change is asked, by what is changed: each begins as `renders`, at a URL of its own. */
const urlOf = (name: string) => `https://api.example.com/${name}`;
const changes: Readonly<Record<string, { before?: object; after: object; body?: object }>> = {
    url: { after: { url: urlOf("other") }, body: { url: urlOf("other") } },
    events: { after: { enabledEvents: ["creator.success"] }, body: { enabledEvents: ["creator.success"] } },
    keeper: { after: { rotateWhenChanged: { quarter: "2026-Q4" } }, body: {} },
    "other-keeper": {
        before: { rotateWhenChanged: { quarter: "2026-Q4" } },
        after: { rotateWhenChanged: { quarter: "2027-Q1" } },
        body: {},
    },
    // Nothing that the API has to be told.
    spelling: { after: { url: "HTTPS://API.EXAMPLE.COM:443/spelling" } },
    twice: { after: { enabledEvents: [...renders.enabledEvents, "creator.success"] } },
    order: { after: { enabledEvents: renders.enabledEvents.toReversed() } },
    allowed: { after: { allowDuplicateUrl: true } },
};
const updated = Object.keys(changes).filter((name) => changes[name]?.body !== undefined);

/** All of them with their outputs exported; in a preview each prints whether its secret is known. */
const all = (when: "before" | "after", those = changes) =>
    Object.entries(those)
        .map(([name, change]) => {
            const inputs = {
                ...renders,
                url: urlOf(name),
                ...change.before,
                ...(when === "after" ? change.after : {}),
            };
            return `
    const webhook = new captions.Webhook(${JSON.stringify(name)}, ${JSON.stringify(inputs)});
    webhook.secret.apply(() => console.log("the secret is known: ${name}."));
    exports[${JSON.stringify(name)}] = { id: webhook.id, secret: webhook.secret, secretVersion: webhook.secretVersion };`;
        })
        .map((text) => `{${text}\n}`)
        .join("\n");

const noChange = { code: 0, calls: [], preview: expect.stringMatching(onlyUnchanged) };

interface Outputs {
    readonly [name: string]: { readonly id: string; readonly secret: string; readonly secretVersion: number };
}

test("up registers in two calls; then a preview and an up change nothing and call nothing", async () => {
    const { emulator, stack, up } = await startDeployed(webhookProgram(renders));
    expect(up).toMatchObject({ code: 0, calls: ["list", "register"] });
    const { enabledEvents: _, ...webhook } = emulator.webhooks[0] ?? { enabledEvents: [] };
    expect(await stack.outputs()).toEqual({ ...webhook, secretVersion: 1 });
    expect(await stack.previewAndUp("--expect-no-changes")).toMatchObject(noChange);
});

test("up, then refresh, also of the program, changes nothing; each is one call", async () => {
    const { stack } = await startDeployed(webhookProgram(renders));
    expect(await stack.refresh("--expect-no-changes")).toMatchObject({ code: 0, calls: ["list"] });
    expect(await stack.refresh("--run-program", "--expect-no-changes")).toMatchObject({ code: 0, calls: ["list"] });
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
});

test("adopting keeps the live secret without an update; then, with and without `adopt`, there is no change", async () => {
    const names = ["same", "none", "true"] as const;
    const { emulator, stack } = await startProject("");
    const webhooks = names.map((name) => emulator.register({ ...renders, url: urlOf(name) }));
    const program = (adoptOf: (name: (typeof names)[number], id: string) => unknown) =>
        webhooks
            .map(({ id, url }, index) => {
                const name = names[index] ?? "none";
                const inputs = JSON.stringify({ ...renders, url, adopt: adoptOf(name, id) });
                return `const { id, secret } = new captions.Webhook("${name}", ${inputs});\nexports["${name}"] = { id, secret };`;
            })
            .map((text) => `{\n${text}\n}`)
            .join("\n");
    stack.program(program((_, id) => id));
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list"] });
    const outputs = Object.fromEntries(webhooks.map(({ id, secret }, index) => [names[index], { id, secret }]));
    expect(await stack.outputs()).toEqual(outputs);
    stack.program(program((name, id) => ({ same: id, none: undefined, true: undefined })[name]));
    expect(await stack.previewAndUp("--expect-no-changes")).toMatchObject(noChange);
    stack.program(program((name, id) => ({ same: id, none: undefined, true: true })[name]));
    expect(await stack.previewAndUp("--expect-no-changes")).toMatchObject(noChange);
});

test("a preview calls nothing that changes anything, whatever it shows", async () => {
    const { emulator, stack } = await startDeployed(all("before"));
    const before = emulator.webhooks;
    const added = (inputs: object) => `\nnew captions.Webhook("added", ${JSON.stringify({ ...renders, ...inputs })});`;
    const { allowed: _, ...others } = changes;
    stack.program(all("after", others) + added({}));
    const operations = { create: 1, update: updated.length, delete: 1 };
    expect(await stack.preview()).toMatchObject({ code: 0, calls: [], operations });
    stack.program(all("before") + added({ enabledEvents: ["creator.success", "creator.started"] }));
    expect(await stack.preview()).toMatchObject({ calls: ["events"] });
    stack.program(all("before") + added({ url: "http://api.example.com/other" }));
    expect(await stack.preview()).toMatchObject({ calls: [] });
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
    expect(await stack.preview()).toMatchObject({ code: 0, calls: [], operations: { create: 4 } });
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

/** Each property of a webhook is changed: what it was before, and what the preview and the up came to. */
const changed = once(async () => {
    const { emulator, stack } = await startDeployed(all("before"));
    const outputs = (await stack.outputs()) as Outputs;
    const { webhooks } = emulator;
    stack.program(all("after"));
    const run = await stack.previewAndUp();
    const { calls } = emulator;
    const after = { outputs: (await stack.outputs()) as Outputs, webhooks: emulator.webhooks };
    return { before: { outputs, webhooks }, run, calls, after, again: await stack.up("--expect-no-changes") };
});

test("each property updates in place with one call and a new secret in the same run; another spelling is no change", async () => {
    const { before, run, calls, after, again } = await changed();
    expect(run).toMatchObject({
        code: 0,
        calls: updated.map(() => "update"),
        operations: { update: updated.length },
    });
    const bodies = updated.map((name) => ({ id: before.outputs[name]?.id, ...changes[name]?.body }));
    expect(calls.map(({ body }) => body)).toEqual(expect.arrayContaining(bodies));
    for (const [name, { id = "", secretVersion = Number.NaN } = {}] of Object.entries(before.outputs)) {
        const secret = after.webhooks.find((webhook) => webhook.id === id)?.secret;
        const rotated = updated.includes(name) ? 1 : 0;
        expect(after.outputs[name], name).toEqual({ id, secret, secretVersion: secretVersion + rotated });
        expect(before.webhooks.some((webhook) => webhook.secret === secret)).toBe(rotated === 0);
    }
    expect(again).toMatchObject({ code: 0, calls: [] });
});

test("the secret survives refreshes and changes of other resources", async () => {
    const { stack } = await startDeployed(webhookProgram(renders));
    const before = await stack.outputs();
    stack.program(`${webhookProgram(renders)}
new captions.Webhook("other", { url: "https://api.example.com/other", enabledEvents: ["creator.success"] });`);
    expect(await stack.up("--refresh")).toMatchObject({ code: 0, operations: { create: 1, same: 2 } });
    await stack.refresh();
    expect(await stack.outputs()).toEqual(before);
});

test("downstream the secret is unknown in a preview only when it will rotate", async () => {
    const { preview } = (await changed()).run;
    const known = [...preview.matchAll(/the secret is known: (.+)\./g)].map(([, name]) => name);
    // The screen shows what a program prints once as it comes, and once more in the end.
    expect([...new Set(known)].sort()).toEqual(
        Object.keys(changes)
            .filter((name) => !updated.includes(name))
            .sort(),
    );
});

test("state, screen, event log and a state that was saved half-way contain no secret and no key in clear", async () => {
    // Every run of every test is searched; here the search is shown to have something to find.
    const { emulator, stack } = await startDeployed(webhookProgram(renders));
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
    const { emulator, stack } = await startDeployed(webhookProgram(renders));
    emulator.remove(emulator.webhooks[0]?.id ?? "");
    expect(await stack.refresh()).toMatchObject({ code: 0, operations: { delete: 1 } });
    expect(await stack.webhooks()).toEqual([]);
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
    emulator.remove(emulator.webhooks[0]?.id ?? "");
    expect(await stack.destroy()).toMatchObject({ code: 0 });
    expect(await stack.webhooks()).toEqual([]);
});

test("drift of url, of events and of the secret shows in a refresh, and up repairs url and events", async () => {
    const { emulator, stack } = await startDeployed(all("before"));
    const before = emulator.webhooks;
    const idOf = (name: string) => before.find(({ url }) => url === urlOf(name))?.id ?? "";
    emulator.update(idOf("url"), { url: "https://elsewhere.example.com/" });
    emulator.update(idOf("events"), { enabledEvents: ["creator.failure"] });
    emulator.rotate(idOf("keeper"));
    const drift = await stack.run("refresh", "--preview-only", "--diff", "--expect-no-changes");
    expect(drift.code).not.toBe(0);
    expect(drift.operations).toMatchObject({ update: 3 });
    for (const text of ["elsewhere.example.com", "enabledEvents"]) expect(drift.text).toContain(text);
    expect(await stack.refresh()).toMatchObject({ code: 0, operations: { update: 3 } });
    // A secret that was rotated elsewhere is nothing to repair: it only goes on to whatever uses it.
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["update", "update"], operations: { update: 2 } });
    expect(emulator.webhooks.map(({ secret: _, ...webhook }) => webhook)).toEqual(
        before.map(({ secret: _, ...webhook }) => webhook),
    );
    const outputs = Object.values((await stack.outputs()) as Outputs);
    for (const { id, secret } of emulator.webhooks) {
        expect(outputs).toContainEqual(expect.objectContaining({ id, secret }));
    }
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
    const { stack } = await startProject(`
const webhook = new captions.Webhook("renders", ${JSON.stringify(renders)});
class Consumer extends pulumi.ComponentResource {
    constructor(name, args) { super("test:index:Consumer", name, args); }
}
module.exports = { secret: webhook.secret, id: webhook.id };
new Consumer("consumer", { secret: webhook.secret });
module.exports.derived = pulumi.interpolate\`Bearer \${webhook.secret}\`;
module.exports.isSecret = pulumi.isSecret(webhook.secret);
`);
    await stack.up();
    const masked = JSON.parse((await stack.run("stack", "output", "--json")).stdout);
    expect(masked).toMatchObject({ secret: "[secret]", derived: "[secret]", isSecret: true });
});
