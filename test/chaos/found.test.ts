import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { create, diff, keep, PartialFailure, read, remove, update } from "../../provider/lifecycle";
import { renders, startAccount, stored } from "../support/account";

/** What random histories have found: each of these went wrong once. */

const silent = () => undefined;
const rotated = { ...renders, rotateWhenChanged: { quarter: "2026-Q4" } };

test("a webhook that a renamed resource has adopted stays when the old one goes in a later run only", async () => {
    const { emulator, run } = await startAccount();
    const before = await create(run(), renders);
    const wanted = { ...renders, adopt: true };
    // Something else failed in this run, so that nothing was deleted in it.
    const after = await create(run(), wanted);
    const again = await create(run(), wanted);
    expect([after.id, again.id]).toEqual([before.id, before.id]);
    const [old, renamed, twice] = [before, after, again].map(({ outputs }) => stored(outputs)) as [
        typeof before.outputs,
        typeof before.outputs,
        typeof before.outputs,
    ];
    for (const [kept, gone] of [
        [renamed, old],
        [twice, { ...renamed, adoptedAt: "2026-01-01T00:00:00.000Z" }],
    ] as const) {
        const ledger = run();
        keep(ledger, before.id, wanted, silent, kept);
        await remove(ledger, before.id, gone, silent);
        expect(emulator.webhooks).toHaveLength(1);
    }
    // The one that is replaced is the one that is kept: it has to go.
    const ledger = run();
    keep(ledger, before.id, wanted, silent, renamed);
    await remove(ledger, before.id, renamed, silent);
    expect(emulator.webhooks).toEqual([]);
});

test("`adopt: true` does not take a webhook that the same run has just registered for another resource", async () => {
    const { emulator, run } = await startAccount();
    const ledger = run();
    const wanted = { ...renders, allowDuplicateUrl: true };
    const first = await create(ledger, wanted);
    const second = await create(ledger, { ...wanted, adopt: true });
    expect(second.id).not.toBe(first.id);
    expect(emulator.webhooks).toHaveLength(2);
});

test("an /update that was done while neither its answer nor a list came through is not sent again by the next run", async () => {
    for (const wanted of [rotated, { ...renders, enabledEvents: ["creator.success"] }]) {
        const { emulator, run } = await startAccount({ listLagMs: 100 });
        const { id, outputs } = await create(run(), renders);
        await delay(100);
        emulator.inject({ endpoint: "update", kind: "garbage" });
        emulator.inject({ endpoint: "list", kind: "error-before", times: 3 });
        const failure = await update(run(), id, stored(outputs), wanted).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(PartialFailure);
        expect((failure as Error).message).toContain("`/list` failed, too");
        // At once, while the list does not show it yet.
        const now = await update(run(), id, stored((failure as PartialFailure).outputs), wanted);
        expect(emulator.countCalls("update")).toBe(1);
        expect(now).toMatchObject({ secret: emulator.webhooks[0]?.secret, secretVersion: 2 });
    }
});

test("a webhook that was registered with a masked secret is saved although no list comes through", async () => {
    const { emulator, run } = await startAccount();
    const ledger = run();
    await ledger.list();
    emulator.inject({ endpoint: "register", kind: "masked-secret" });
    emulator.inject({ endpoint: "list", kind: "error-before", times: 3 });
    const failure = await create(ledger, renders).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialFailure);
    expect((failure as PartialFailure).id).toBe(emulator.webhooks[0]?.id);
});

test("a URL that somebody has changed is no habit of the API, also when an /update of something else shows it", async () => {
    const { emulator, run } = await startAccount();
    const { id, outputs } = await create(run(), renders);
    emulator.update(id, { url: "https://elsewhere.example.com/" });
    const now = stored(await update(run(), id, stored(outputs), rotated));
    expect(now).toMatchObject({ url: "https://elsewhere.example.com/", secret: emulator.webhooks[0]?.secret });
    expect(diff(now, rotated).changes).toBe(true);
    expect(await read(run(), id, now)).toMatchObject({ url: "https://elsewhere.example.com/" });
    await update(run(), id, now, rotated);
    expect(emulator.webhooks).toMatchObject([renders]);
});

test("an /update whose answer was lost is not sent again because the list masks the secret", async () => {
    const { emulator, run } = await startAccount();
    const { id, outputs } = await create(run(), renders);
    const ledger = run();
    await ledger.list();
    // On a kept connection, which might have been closed before the call came.
    emulator.inject({ endpoint: "update", kind: "lost-answer" });
    emulator.inject({ endpoint: "list", kind: "masked-secret", times: 100 });
    const failure = await update(ledger, id, stored(outputs), rotated).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialFailure);
    expect(emulator.countCalls("update")).toBe(1);
    emulator.clearFaults();
    const now = await update(run(), id, stored((failure as PartialFailure).outputs), rotated);
    expect(emulator.countCalls("update")).toBe(1);
    expect(now).toMatchObject({ secret: emulator.webhooks[0]?.secret, secretVersion: 2 });
});

test("a list that takes longer than it may lag is asked once more when that time is over", async () => {
    const { emulator, run } = await startAccount({ listLagMs: 100 });
    const { id, outputs } = await create(run(), renders);
    await delay(100);
    emulator.inject({ endpoint: "update", kind: "lost-answer" });
    // What it answers was true when it began.
    emulator.inject({ endpoint: "list", kind: "slow-body", delayMs: 2 });
    const now = await update(run({ listLag: 200 }), id, stored(outputs), rotated);
    expect(emulator.countCalls("update")).toBe(1);
    expect(now.secret).toBe(emulator.webhooks[0]?.secret);
});

test("no equal webhook is registered while one whose answer was lost is looked for", async () => {
    const { emulator, run } = await startAccount();
    const ledger = run();
    const wanted = { ...renders, allowDuplicateUrl: true };
    // The first on a kept connection, so that it is sent again once the list has had its time.
    await ledger.list();
    emulator.inject({ endpoint: "register", kind: "lost-request" });
    // The list shows these before their answers are there.
    emulator.inject({ endpoint: "register", kind: "slow-body", delayMs: 2, times: 3 });
    const first = create(ledger, wanted);
    await emulator.whenCalled(({ endpoint, fault }) => endpoint === "register" && fault !== undefined);
    await delay(100);
    const created = await Promise.all([first, ...Array.from({ length: 3 }, () => create(ledger, wanted))]);
    expect(new Set(created.map(({ id }) => id)).size).toBe(4);
    expect(emulator.webhooks).toHaveLength(4);
});
