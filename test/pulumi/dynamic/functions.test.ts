import { expect, test } from "vitest";
import { expectNoTrace } from "../../support/no-trace";
import { renders, startProject } from "../../support/project";

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
