import { expect, test } from "vitest";
import { renders, startProject, webhookProgram } from "../support/engine";

/** What the user reads must be sentences, each once: no trace of where in the code they come from, and no loose ends. */
function expectNoTrace(text: string): void {
    expect(text).not.toMatch(/Error: [^\n]*:\s*$/m);
    expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
    expect(text).not.toMatch(/AxiosError|node_modules|undefined/);
}

test("a preview finds every wrong input, and an event that the API does not know", async () => {
    const { emulator, stack } = await startProject(
        webhookProgram({ url: "http://a.example/h#x", enabledEvents: [], urll: "x" }),
    );
    const bad = await stack.preview();
    expect(bad.code).not.toBe(0);
    for (const problem of [
        "url: must use https",
        "url: contains a fragment",
        "enabledEvents: is empty",
        "urll: unknown property",
    ]) {
        expect(bad.text).toContain(problem);
    }
    expectNoTrace(bad.text);

    stack.program(webhookProgram({ ...renders, enabledEvents: ["creator.sucess", "creator.fail"] }));
    const typing = await stack.preview();
    expect(typing).toMatchObject({ calls: ["events"] });
    expect(typing.code).not.toBe(0);
    expect(typing.text).toContain('unknown event "creator.sucess"; did you mean "creator.success"?');
    expect(typing.text).toContain('unknown event "creator.fail"; did you mean "creator.failure"?');
    expectNoTrace(typing.text);

    emulator.behave({ events: ["creator.success", "creator.failure", "creator.started"] });
    stack.program(webhookProgram({ ...renders, enabledEvents: ["creator.started"] }));
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["events", "list", "register"] });
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
});

test("a wrong key, a missing contract and a missing key say what to do", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders));
    for (const [status, words] of [
        [401, "captions:apiKey"],
        [403, "enterprise contract"],
    ] as const) {
        emulator.inject({ endpoint: "list", kind: "error-before", status });
        const failed = await stack.up();
        expect(failed.code).not.toBe(0);
        expect(failed.text).toContain(words);
        expectNoTrace(failed.text);
    }
    const keyless = await startProject(webhookProgram(renders), { env: { CAPTIONS_API_KEY: "" } });
    const preview = await keyless.stack.preview();
    expect(preview).toMatchObject({ code: 0, calls: [] });
    expect(preview.text).toContain("captions: there is no API key: a preview works without one, `pulumi up` will not");
    const failed = await keyless.stack.up();
    expect(failed.text).toContain("pulumi config set --secret captions:apiKey");
    expectNoTrace(failed.text);
    expect(emulator.webhooks).toEqual([]);
});

test("a server that is not there, and a base URL that is none, are told in a sentence", async () => {
    const { stack, emulator } = await startProject(webhookProgram(renders));
    await emulator.stop();
    const failed = await stack.up();
    expect(failed.code).not.toBe(0);
    expect(failed.text).toContain("ECONNREFUSED");
    expectNoTrace(failed.text);
    const bad = await stack.preview("--config", "captions:baseUrl=http://api.example.com");
    expect(bad.code).not.toBe(0);
    expect(bad.text).toContain("captions:baseUrl must be an https URL");
    expectNoTrace(bad.text);
});

test("errors of refresh and destroy are sentences, too", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders));
    await stack.up();
    emulator.behave({ secrets: "masked" });
    const refresh = await stack.refresh();
    expect(refresh.code).not.toBe(0);
    expect(refresh.text).toContain("no usable secret");
    expectNoTrace(refresh.text);
    emulator.behave({ secrets: "clear", deleteAnswersFalse: true });
    const destroy = await stack.destroy();
    expect(destroy.code).not.toBe(0);
    expect(destroy.text).toContain('{"success": false}');
    expectNoTrace(destroy.text);
    const [saved] = await stack.webhooks();
    expect(saved?.outputs.secret).toBeDefined();
    emulator.behave({ deleteAnswersFalse: false });
    expect(await stack.destroy()).toMatchObject({ code: 0 });
});

test("a wait that the API asks for is shown, with how long and why", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders));
    emulator.inject({ endpoint: "register", kind: "rate-limited", status: 429, retryAfter: 1 });
    const up = await stack.up();
    expect(up.code).toBe(0);
    expect(up.text).toMatch(/captions: the API asks to wait 1 s \(too many calls, status 429\)/);
});

test("two resources of a program that adopt one webhook are an error, and so is a second one later", async () => {
    const { emulator, stack } = await startProject("");
    const { id } = emulator.register(renders);
    const inputs = JSON.stringify({ ...renders, adopt: id });
    const two = `new captions.Webhook("one", ${inputs}); new captions.Webhook("two", ${inputs});`;
    stack.program(two);
    const both = await stack.up();
    expect(both.code).not.toBe(0);
    expect(both.text).toContain(`${id} is claimed by two resources`);
    expectNoTrace(both.text);
    expect(await stack.webhooks()).toHaveLength(1);
    const later = await stack.up();
    expect(later.code).not.toBe(0);
    expect(later.text).toContain(id);
    expect(await stack.webhooks()).toHaveLength(1);
    expect(emulator.countCalls("update")).toBe(0);
});

test("a resource that is renamed keeps its webhook with `adopt: true`", async () => {
    const { emulator, stack } = await startProject(webhookProgram(renders, "before"));
    await stack.up();
    const webhooks = emulator.webhooks;
    stack.program(webhookProgram({ ...renders, adopt: true }, "after"));
    const renamed = await stack.up();
    expect(renamed).toMatchObject({ code: 0, calls: ["list"], operations: { create: 1, delete: 1 } });
    expect(emulator.webhooks).toEqual(webhooks);
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
});

test("`Webhook.get` reads what something else manages, and leaves it alone", async () => {
    const { emulator, stack } = await startProject("");
    const { id, secret } = emulator.register(renders);
    stack.program(`
const webhook = captions.Webhook.get("legacy", "${id}");
module.exports = { url: webhook.url, enabledEvents: webhook.enabledEvents, secret: webhook.secret, secretVersion: webhook.secretVersion };
`);
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list"] });
    expect(await stack.outputs()).toEqual({ ...renders, secret, secretVersion: 0 });
    expect((await stack.webhooks())[0]?.outputs.secret).toMatchObject({ ciphertext: expect.any(String) });
    emulator.rotate(id);
    await stack.up();
    expect((await stack.outputs()).secret).toBe(emulator.webhooks[0]?.secret);
    await stack.destroy();
    expect(emulator.webhooks).toHaveLength(1);

    stack.program('captions.Webhook.get("legacy", "wh_none");');
    const missing = await stack.up();
    expect(missing.code).not.toBe(0);
    expect(missing.text).toContain("Webhook wh_none: there is no webhook with this id");
    expectNoTrace(missing.text);
});

test("getEvents and getWebhooks answer outputs, the webhooks as a secret, and errors without a trace", async () => {
    const { emulator, stack } = await startProject(`
const webhooks = captions.getWebhooks();
module.exports = { events: captions.getEvents(), webhooks, ids: webhooks.apply((all) => all.map(({ id }) => id)) };
`);
    const { id, secret } = emulator.register(renders);
    expect((await stack.up()).code).toBe(0);
    const shown = JSON.parse((await stack.run("stack", "output", "--json")).stdout);
    expect(shown).toEqual({ events: renders.enabledEvents, webhooks: "[secret]", ids: "[secret]" });
    expect(await stack.outputs()).toMatchObject({ webhooks: [{ id, secret, ...renders }], ids: [id] });
    emulator.inject({ endpoint: "any", kind: "error-before", status: 401, times: 9 });
    const failed = await stack.up();
    expect(failed.code).not.toBe(0);
    expect(failed.text).toContain("The API key is not accepted");
    expectNoTrace(failed.text);
});

test("the option `import` is answered with the way that works", async () => {
    const { emulator, stack } = await startProject("");
    const { id } = emulator.register(renders);
    stack.program(`new captions.Webhook("renders", ${JSON.stringify(renders)}, { import: "${id}" });`);
    const failed = await stack.preview();
    expect(failed.code).not.toBe(0);
    expect(failed.text).toContain('Set `adopt: "<id>"`');
    expectNoTrace(failed.text);
});
