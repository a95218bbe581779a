import { expect, inject, test } from "vitest";
import { expectNoTrace } from "../support/no-trace";
import { renders, startProject } from "../support/project";

/** The plugin is asked for the same where a webhook is imported, whose secrets are counted from then on. */
const firstVersion = inject("front") === "native" ? 1 : 0;

test("`Webhook.get` reads what something else manages, and leaves it alone", async () => {
    const { emulator, stack } = await startProject("");
    const { id, secret } = emulator.register(renders);
    stack.program(`
const webhook = captions.Webhook.get("legacy", "${id}");
module.exports = { url: webhook.url, enabledEvents: webhook.enabledEvents, secret: webhook.secret, secretVersion: webhook.secretVersion };
`);
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list"] });
    expect(await stack.outputs()).toEqual({ ...renders, secret, secretVersion: firstVersion });
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
