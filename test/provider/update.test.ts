import { describe, expect, test } from "vitest";
import { diff, PartialFailure, unknown, type WebhookInputs } from "../../provider/lifecycle";
import { type Account, create, read, renders, startAccount, stored, update } from "../support/account";

/** An account with one webhook, as the last run saved it. */
async function withWebhook(
    inputs: WebhookInputs = renders,
): Promise<Account & { id: string; saved: Awaited<ReturnType<typeof create>>["outputs"] }> {
    const account = await startAccount();
    const { id, outputs } = await create(account.run(), inputs);
    account.emulator.clearCalls();
    return { ...account, id, saved: stored(outputs) };
}

describe("diff", () => {
    const saved = { ...renders, secret: "s", secretVersion: 1 };

    test.each<[string, Partial<WebhookInputs>]>([
        ["nothing", {}],
        ["the order of events", { enabledEvents: ["creator.failure", "creator.success"] }],
        ["a doubled event", { enabledEvents: [...renders.enabledEvents, "creator.success"] }],
        ["the letters' case and the default port of a URL", { url: "HTTPS://API.EXAMPLE.COM:443/hooks/captions" }],
        ["percent-encoding that is not needed", { url: "https://api.example.com/%68ooks/captions" }],
        ["dot segments in a path", { url: "https://api.example.com/x/../hooks/captions" }],
        ["adopt", { adopt: "wh_other" }],
        ["adopt: true", { adopt: true }],
        ["allowDuplicateUrl", { allowDuplicateUrl: true }],
        ["an empty rotateWhenChanged", { rotateWhenChanged: {} }],
        ["a rotateWhenChanged of nothing", { rotateWhenChanged: { quarter: undefined, month: null } }],
    ])("takes %s for no change", (_, change) => {
        expect(diff(saved, { ...renders, ...change })).toEqual({ changes: [], replaces: [] });
    });

    test.each<[string, Partial<WebhookInputs>]>([
        ["another path", { url: "https://api.example.com/hooks/other" }],
        ["a trailing slash", { url: "https://api.example.com/hooks/captions/" }],
        ["another query", { url: "https://api.example.com/hooks/captions?a=1" }],
        ["another case of the path", { url: "https://api.example.com/Hooks/captions" }],
        ["an event less", { enabledEvents: ["creator.success"] }],
        ["an event more", { enabledEvents: [...renders.enabledEvents, "creator.started"] }],
        ["a first rotateWhenChanged", { rotateWhenChanged: { quarter: "2026-Q4" } }],
    ])("takes %s for a change, in place", (_, change) => {
        expect(diff(saved, { ...renders, ...change })).toEqual({ changes: Object.keys(change), replaces: [] });
    });

    test("takes any change of rotateWhenChanged for a change, but not the order of its keys", () => {
        const with2 = { ...saved, rotateWhenChanged: { a: "1", b: { c: [1, 2] } } };
        const changes = (rotateWhenChanged: WebhookInputs["rotateWhenChanged"]) =>
            diff(with2, { ...renders, rotateWhenChanged }).changes.length > 0;
        expect(changes({ b: { c: [1, 2] }, a: "1" })).toBe(false);
        expect(changes({ a: "1", b: { c: [2, 1] } })).toBe(true);
        expect(changes({ a: "2", b: { c: [1, 2] } })).toBe(true);
        expect(changes({ a: "1" })).toBe(true);
        expect(changes(undefined)).toBe(true);
    });

    test("takes another account for a replacement", () => {
        expect(diff(saved, { ...renders, account: "eu" })).toEqual({ changes: ["account"], replaces: ["account"] });
        expect(diff({ ...saved, account: "eu" }, renders)).toEqual({ changes: ["account"], replaces: ["account"] });
    });

    test("takes values that are not known yet for a change, as they may be one", () => {
        for (const change of [
            { url: unknown },
            { enabledEvents: unknown },
            { enabledEvents: ["creator.success", unknown] },
            { rotateWhenChanged: { quarter: unknown } },
            { account: unknown },
        ]) {
            const wanted = { ...renders, ...change } as unknown as WebhookInputs;
            expect(diff(saved, wanted)).toEqual({ changes: Object.keys(change), replaces: [] });
        }
    });
});

describe("update", () => {
    test("sends only what changed, and every output comes back", async () => {
        const { emulator, run, id, saved } = await withWebhook();
        const url = "https://api.example.com/other";
        const now = await update(run(), id, saved, { ...renders, url });
        expect(emulator.calls.map(({ endpoint, body }) => ({ endpoint, body }))).toEqual([
            { endpoint: "update", body: { id, url } },
        ]);
        expect(now).toMatchObject({ url, enabledEvents: renders.enabledEvents, secretVersion: 2 });
        expect(now.secret).toBe(emulator.webhooks[0]?.secret);
    });

    test("rotates with nothing but the id", async () => {
        const { emulator, run, id, saved } = await withWebhook();
        const now = await update(run(), id, saved, { ...renders, rotateWhenChanged: { quarter: "2026-Q4" } });
        expect(emulator.calls.map(({ body }) => body)).toEqual([{ id }]);
        expect(now).toMatchObject({ secret: emulator.webhooks[0]?.secret, secretVersion: 2 });
        expect(now.secret).not.toBe(saved.secret);
    });

    test("that has nothing to change reads back, and does not rotate", async () => {
        const { emulator, run, id, saved } = await withWebhook();
        const now = await update(run(), id, saved, renders);
        expect(emulator.countCalls("update")).toBe(0);
        expect(stored(now)).toEqual(saved);
    });

    test("leaves out inputs that are gone from the program", async () => {
        const { run, id, saved } = await withWebhook({ ...renders, adopt: true, rotateWhenChanged: { a: "1" } });
        const now = stored(await update(run(), id, saved, renders));
        expect(now).not.toHaveProperty("adopt");
        expect(now).not.toHaveProperty("rotateWhenChanged");
    });

    test("of a webhook that was deleted elsewhere says so, and what to do", async () => {
        const { emulator, run, id, saved } = await withWebhook();
        emulator.remove(id);
        const failure = update(run(), id, saved, { ...renders, url: "https://api.example.com/other" });
        await expect(failure).rejects.toMatchObject({ name: "WebhookNotFoundError" });
        await expect(failure).rejects.toThrow(/pulumi refresh/);
    });

    test.each(["lost-answer", "garbage", "wrong-shape", "truncated", "error-after", "masked-secret"] as const)(
        "that was done while its answer was lost (%s) is found in the list, without a second rotation",
        async (kind) => {
            const { emulator, run, id, saved } = await withWebhook();
            emulator.inject({ endpoint: "update", kind });
            const now = await update(run(), id, saved, { ...renders, enabledEvents: ["creator.success"] });
            expect(emulator.countCalls("update")).toBe(1);
            expect(now).toMatchObject({ secret: emulator.webhooks[0]?.secret, secretVersion: 2 });
        },
    );

    test("whose rotation may or may not have been done is read back by the next run, whichever it was", async () => {
        const rotated = { ...renders, rotateWhenChanged: { quarter: "2026-Q4" } };
        for (const doneLater of [true, false]) {
            const { emulator, run, id, saved } = await withWebhook();
            emulator.inject({ endpoint: "update", kind: "hang" });
            const failure = await update(run({ callTimeoutMs: 300 }), id, saved, rotated).catch(
                (error: unknown) => error,
            );
            expect(failure).toBeInstanceOf(PartialFailure);
            if (doneLater) emulator.rotate(id);
            emulator.clearCalls();
            const partial = stored((failure as PartialFailure).outputs);
            const now = await update(run(), id, partial, rotated);
            expect(emulator.countCalls("update")).toBe(doneLater ? 0 : 1);
            expect(now).toMatchObject({ secret: emulator.webhooks[0]?.secret, secretVersion: 2, ...rotated });
            expect(stored(now)).not.toHaveProperty("unfinished");
        }
    });

    test("whose lost rotation a refresh has found is not done again", async () => {
        const { emulator, run, id, saved } = await withWebhook();
        const rotated = { ...renders, rotateWhenChanged: { quarter: "2026-Q4" } };
        emulator.inject({ endpoint: "update", kind: "hang" });
        const failure = await update(run({ callTimeoutMs: 300 }), id, saved, rotated).catch((error: unknown) => error);
        emulator.rotate(id);
        const refreshed = stored(await read(run(), id, stored((failure as PartialFailure).outputs)));
        expect(refreshed && diff(refreshed, rotated).changes).toEqual([]);
    });
});

test("a run's ledger is right after its own changes without asking again", async () => {
    const { emulator, run } = await startAccount();
    const ledger = run();
    const { id, outputs } = await create(ledger, renders);
    const now = await update(ledger, id, stored(outputs), { ...renders, enabledEvents: ["creator.success"] });
    expect(stored(await read(ledger, id, stored(now)))).toEqual(stored(now));
    expect(emulator.countCalls("list")).toBe(1);
});
