import { describe, expect, test } from "vitest";
import { diff } from "../../provider/lifecycle";
import { create, endpoints, read, remove, renders, resource, startAccount, stored } from "../support/account";

describe("read", () => {
    test("of 200 webhooks is one call, also when they do not come all at once", async () => {
        const { emulator, run } = await startAccount();
        const saved = Array.from({ length: 200 }, (_, index) => {
            const webhook = emulator.register({ ...renders, url: `https://api.example.com/${index}` });
            return { ...webhook, secretVersion: 1 };
        });
        const ledger = run();
        for (const batch of [saved.slice(0, 16), saved.slice(16)]) {
            const now = await Promise.all(batch.map(({ id, ...outputs }) => read(ledger, id, outputs)));
            expect(now).toEqual(batch.map(({ id, ...outputs }) => outputs));
        }
        expect(endpoints(emulator)).toEqual(["list"]);
    });

    test("shows a URL, events and a secret that were changed elsewhere, and the next diff repairs url and events", async () => {
        const { emulator, run } = await startAccount();
        const { id, outputs } = await create(run(), renders);
        emulator.update(id, { url: "https://elsewhere.example.com/", enabledEvents: ["creator.failure"] });
        const now = await read(run({ listLagMs: 50 }), id, stored(outputs));
        expect(now).toMatchObject({
            url: "https://elsewhere.example.com/",
            enabledEvents: ["creator.failure"],
            secret: emulator.webhooks[0]?.secret,
            secretVersion: 2,
        });
        expect(now && diff(now, renders).changes).toEqual(["url", "enabledEvents"]);
    });

    test("of a secret that was rotated elsewhere is drift, but nothing to repair", async () => {
        const { emulator, run } = await startAccount();
        const { id, outputs } = await create(run(), renders);
        emulator.rotate(id);
        const now = await read(run({ listLagMs: 50 }), id, stored(outputs));
        expect(now).toMatchObject({ ...renders, secret: emulator.webhooks[0]?.secret, secretVersion: 2 });
        expect(now && diff(now, renders).changes).toEqual([]);
    });

    test("of a webhook that is gone tells so", async () => {
        const { emulator, run } = await startAccount();
        const { id, outputs } = await create(run(), renders);
        emulator.remove(id);
        expect(await read(run(), id, stored(outputs))).toBeUndefined();
    });

    test("of a masked, empty or missing secret is an error, so that the good one stays", async () => {
        for (const secrets of ["masked", "empty", "missing"] as const) {
            const { emulator, run } = await startAccount();
            const { id, outputs } = await create(run(), renders);
            emulator.behave({ secrets });
            await expect(read(run(), id, stored(outputs))).rejects.toMatchObject({ name: "UnusableWebhookError" });
        }
    });

    test("waits for a list that lags behind our own change, rather than dropping a webhook or taking its old secret", async () => {
        const { emulator, run } = await startAccount({ listLagMs: 400 });
        const limits = { listLagMs: 2_000 };
        const { id, outputs } = await create(run(limits), renders);
        expect(await read(run(limits), id, stored(outputs))).toEqual(stored(outputs));
        expect(emulator.webhooks).toHaveLength(1);
    });

    test("of a webhook that somebody else manages gives what is live, or says that there is none", async () => {
        const { emulator, run } = await startAccount();
        const { id, secret } = emulator.register(renders);
        expect(await run().get(id, undefined)).toEqual({ ...renders, secret, secretVersion: 0 });
        await expect(run().get("wh_none", undefined)).rejects.toMatchObject({ name: "WebhookNotFoundError" });
    });
});

describe("remove", () => {
    test("deletes with one call", async () => {
        const { emulator, run } = await startAccount();
        const { id, outputs } = await create(run(), renders);
        emulator.clearCalls();
        await remove(run(), id, outputs);
        expect(endpoints(emulator)).toEqual(["delete"]);
        expect(emulator.webhooks).toEqual([]);
    });

    test.each([
        { deleteUnknown: "error", unknownIdStatus: 404 },
        { deleteUnknown: "error", unknownIdStatus: 400 },
        { deleteUnknown: "success" },
        { deleteUnknown: "false" },
    ] as const)("of a webhook that is gone already is a success, however the API says so: %o", async (behaviour) => {
        const { emulator, run } = await startAccount(behaviour);
        const { id, outputs } = await create(run(), renders);
        emulator.remove(id);
        await remove(run(), id, outputs);
    });

    test('that is answered {"success": false} is an error while the list shows the webhook', async () => {
        const { run } = await startAccount({ deleteAnswersFalse: true });
        const { id, outputs } = await create(run(), renders);
        await expect(remove(run(), id, outputs)).rejects.toMatchObject({ name: "CallError" });
        await expect(remove(run(), id, outputs)).rejects.toThrow(id);
    });

    test.each(["lost-answer", "garbage", "error-after", "truncated"] as const)(
        "that was done while its answer was lost (%s) succeeds, as the list shows",
        async (kind) => {
            const { emulator, run } = await startAccount();
            const { id, outputs } = await create(run(), renders);
            emulator.inject({ endpoint: "delete", kind });
            await remove(run(), id, outputs);
            expect(emulator.webhooks).toEqual([]);
        },
    );

    test("leaves a webhook alone that a renamed resource has adopted in the same run", async () => {
        const { emulator, run, notes } = await startAccount();
        const { id, outputs } = await create(run(), renders);
        const ledger = run();
        await create(ledger, { ...renders, adopt: true }, resource("renamed"));
        await remove(ledger, id, outputs);
        expect(emulator.webhooks.map((webhook) => webhook.id)).toEqual([id]);
        expect(notes.join()).toContain(id);
    });
});
