import { expect, test } from "vitest";
import { renders, startProject } from "../../support/project";

test("the functions tell events, webhooks without their secrets, and one webhook with its secret, marked", async () => {
    const { emulator, stack } = await startProject("");
    const { id, secret } = emulator.register(renders);
    const other = emulator.register({ ...renders, url: `${renders.url}/other` });
    stack.program(`
const byId = captions.getWebhook({ id: "${id}" });
const byUrl = captions.getWebhook({ url: ${JSON.stringify(`HTTPS://api.example.com/hooks/captions/other`)} });
module.exports = {
    events: captions.getEvents(),
    webhooks: captions.getWebhooks(),
    secret: byId.secret,
    other: byUrl.id,
    marked: pulumi.output([pulumi.isSecret(byId.secret), pulumi.isSecret(captions.getWebhooks())]),
};`);
    const up = await stack.up();
    expect(up).toMatchObject({ code: 0 });
    // One for all three questions about webhooks.
    expect([...up.calls].sort()).toEqual(["events", "list"]);
    expect(await stack.outputs()).toEqual({
        events: expect.arrayContaining(renders.enabledEvents),
        webhooks: [id, other.id].map((one, index) => ({
            id: one,
            ...renders,
            url: index === 0 ? renders.url : other.url,
        })),
        secret,
        other: other.id,
        marked: [true, false],
    });
});

test("a webhook that is not there, or is one of several, is named in a sentence", async () => {
    const { emulator, stack } = await startProject("");
    const [one, two] = [emulator.register(renders), emulator.register(renders)];
    for (const [args, words] of [
        [{ id: "wh_none" }, "there is no webhook with this id"],
        [{ url: "https://api.example.com/none" }, "getWebhook: there is no webhook with this URL."],
        [
            { url: renders.url },
            `getWebhook: there are 2 webhooks with this URL (${one.id}, ${two.id}). Name one by its id.`,
        ],
        [{}, "getWebhook: name the webhook by its id or by its url"],
    ] as const) {
        stack.program(`module.exports = { id: captions.getWebhook(${JSON.stringify(args)}).id };`);
        const failed = await stack.preview();
        expect(failed.code).not.toBe(0);
        expect(failed.text).toContain(words);
    }
});
