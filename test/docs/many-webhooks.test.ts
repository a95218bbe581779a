import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { root } from "../sdk/support";
import { startAccount } from "../support/account";
import { Stack } from "../support/stack";

test("with the first statement of docs/many-webhooks.md errors have no stack trace, and the state still has the lines", async () => {
    const page = readFileSync(join(root, "docs/many-webhooks.md"), "utf8");
    const statement = /^```ts\n(.*?)^```$/ms.exec(page)?.[1] ?? "";
    const { emulator } = await startAccount();
    const stack = await Stack.create({
        program: `${statement}
            const webhook = new captions.Webhook("renders", {
                url: "https://api.example.com/hooks/captions",
                enabledEvents: ["creator.success"],
            });
            exports.secret = webhook.secret;
            exports.trace = new Error("no more than this").stack;`,
        emulator,
    });
    await stack.up();
    expect(await stack.outputs()).toEqual({
        secret: emulator.webhooks[0]?.secret,
        trace: "Error: no more than this",
    });
    const [webhook] = await stack.webhooks();
    expect(webhook).toHaveProperty("sourcePosition", expect.stringContaining("index.js"));
});
