import { describe, expect, test } from "vitest";
import * as lifecycle from "../../provider/lifecycle";
import { create, keep, read, remove, renders, resource, startAccount, stored, update } from "../support/account";

test("a resource that the host refuses stays on its URL: no other one is registered there", async () => {
    const account = await startAccount();
    const { id, outputs } = await create(account.run(), renders);
    const session = account.run();
    const wanted = { ...renders, url: "https://api.example.com/other" };
    await session.check(resource(), { ...renders }, wanted);
    const saved = { id, properties: stored(outputs), resource: resource() };
    await session.diff(resource(), saved, wanted, () => "refused");
    await session.check(resource("second"), {}, { ...renders });
    await expect(create(session, renders, resource("second"))).rejects.toMatchObject({ name: "DuplicateUrlError" });
});

describe("a replacement", () => {
    /** A webhook in the state, and a run in which the host has asked for its difference and will replace it. */
    async function replacing(inputs: { adopt?: true } = {}) {
        const account = await startAccount();
        const before = await create(account.run(), renders);
        const session = account.run();
        const wanted = { ...renders, ...inputs };
        await session.check(resource(), { ...renders }, wanted);
        const saved = { id: before.id, properties: stored(before.outputs), resource: resource() };
        await session.diff(resource(), saved, wanted, () => "replaced");
        await session.check(resource(), {}, wanted);
        account.emulator.clearCalls();
        return { ...account, session, before, wanted };
    }

    test.each([{}, { adopt: true as const }])(
        "registers a new webhook beside the one that it replaces, and then deletes that (%j)",
        async (inputs) => {
            const { emulator, session, before, wanted } = await replacing(inputs);
            const after = await create(session, wanted);
            expect(after.id).not.toBe(before.id);
            expect(after.outputs.secretVersion).toBe(before.outputs.secretVersion + 1);
            expect(emulator.webhooks).toHaveLength(2);
            await remove(session, before.id, stored(before.outputs));
            expect(emulator.webhooks.map(({ id }) => id)).toEqual([after.id]);
            expect(emulator.calls.map(({ endpoint }) => endpoint)).toEqual(["list", "register", "delete"]);
        },
    );

    test("passes over no other webhook on the URL", async () => {
        const { emulator, session, wanted } = await replacing();
        const stranger = emulator.register(renders);
        await expect(create(session, wanted)).rejects.toThrow(stranger.id);
        expect(emulator.countCalls("register")).toBe(0);
    });

    test("that deletes first registers on an empty URL", async () => {
        const { emulator, session, before, wanted } = await replacing();
        await remove(session, before.id, stored(before.outputs));
        expect(emulator.webhooks).toEqual([]);
        const after = await create(session, wanted);
        expect(after.outputs.secretVersion).toBe(2);
    });

    test("that deletes first passes over nothing on the URL", async () => {
        const { emulator, session, before, wanted } = await replacing();
        await remove(session, before.id, stored(before.outputs));
        const stranger = emulator.register(renders);
        await expect(create(session, wanted)).rejects.toThrow(stranger.id);
    });

    test("of which the host tells nothing but that there is one passes over that one, and counts on", async () => {
        const { emulator, run } = await startAccount();
        const before = await create(run(), renders);
        const session = run();
        await session.check(resource(), { ...renders }, renders);
        const after = await create(session, renders);
        expect(after.outputs.secretVersion).toBeGreaterThan(before.outputs.secretVersion);
        expect(emulator.webhooks).toHaveLength(2);
        const again = run();
        await again.check(resource(), { ...renders }, renders);
        // Now there are two that it may be.
        await expect(create(again, renders)).rejects.toMatchObject({ name: "DuplicateUrlError" });
    });

    test("of which the host tells nothing at all is rejected with what to do, and done after a refresh in the same run", async () => {
        const { emulator, run } = await startAccount();
        const before = await create(run(), renders);
        const session = run();
        await session.check(resource(), {}, renders);
        await expect(create(session, renders)).rejects.toThrow(/--target-replace.*add `--refresh`/s);
        const refreshed = run();
        await read(refreshed, before.id, stored(before.outputs));
        await refreshed.check(resource(), {}, renders);
        const after = await create(refreshed, renders);
        expect(after.outputs.secretVersion).toBe(2);
        expect(emulator.webhooks).toHaveLength(2);
    });

    test("of a webhook that was deleted elsewhere counts on where the same run has seen that", async () => {
        const { emulator, run } = await startAccount();
        const before = await create(run(), renders);
        emulator.remove(before.id);
        const session = run({ listLagMs: 10 });
        expect(await read(session, before.id, stored(before.outputs))).toBeUndefined();
        expect((await create(session, renders)).outputs.secretVersion).toBe(2);
    });
});

test("a webhook that a failed replacement has left to be deleted stays where the resource has adopted it again", async () => {
    const { emulator, run, notes } = await startAccount();
    const left = await create(run(), renders);
    const session = run();
    await session.check(resource(), {}, { ...renders, adopt: left.id });
    const again = await create(session, { ...renders, adopt: left.id });
    await remove(session, left.id, stored(left.outputs));
    expect(again.id).toBe(left.id);
    expect(emulator.webhooks).toHaveLength(1);
    expect(notes.at(-1)).toContain("adopted it again");
});

describe("a rename", () => {
    const renamed = resource("renamed");

    test("with `adopt` keeps the webhook, in the same run and in a later one", async () => {
        const { emulator, run, notes } = await startAccount();
        const before = await create(run(), renders);
        const wanted = { ...renders, adopt: true };
        // Something else failed in this run, so that nothing was deleted in it.
        const after = await create(run(), wanted, renamed);
        expect(after.id).toBe(before.id);
        const session = run();
        await keep(session, after.id, stored(after.outputs), wanted, renamed);
        await remove(session, before.id, stored(before.outputs));
        expect(emulator.webhooks).toHaveLength(1);
        expect(notes.at(-1)).toContain(`${before.id} was not deleted`);
    });

    test("that was done half is destroyed as a whole, with and without a refresh", async () => {
        for (const refreshes of [false, true]) {
            const { emulator, run } = await startAccount();
            const before = await create(run(), renders);
            const after = await create(run(), { ...renders, adopt: true }, renamed);
            const session = run();
            if (refreshes) {
                await read(session, before.id, stored(before.outputs));
                await read(session, after.id, stored(after.outputs), renamed);
            }
            await remove(session, before.id, stored(before.outputs));
            await remove(session, after.id, stored(after.outputs), renamed);
            expect(emulator.webhooks).toEqual([]);
        }
    });

    test("by an alias is the same resource under another owner: it is kept, and can be replaced and deleted", async () => {
        const { emulator, run } = await startAccount();
        const { id, outputs } = await create(run(), renders);
        const saved = { id, properties: stored(outputs), resource: resource() };
        const session = run();
        await read(session, id, stored(outputs));
        await session.check(renamed, { ...renders }, renders);
        await session.diff(renamed, saved, renders, () => "replaced");
        const after = await create(session, renders, renamed);
        expect(after.outputs.secretVersion).toBe(2);
        await remove(session, id, stored(outputs));
        expect(emulator.webhooks.map((webhook) => webhook.id)).toEqual([after.id]);
    });
});

test("names that are swapped by aliases leave each resource its webhook", async () => {
    const { emulator, run } = await startAccount();
    const [a, b] = [resource("a"), resource("b")];
    const inputs = (name: string) => ({ ...renders, url: `https://${name}.example.com/` });
    const first = await create(run(), inputs("a"), a);
    const second = await create(run(), inputs("b"), b);
    const session = run();
    for (const [made, before, now] of [
        [first, a, b],
        [second, b, a],
    ] as const) {
        const wanted = { ...made.outputs };
        await session.check(now, {}, { url: wanted.url, enabledEvents: wanted.enabledEvents });
        const saved = { id: made.id, properties: stored(made.outputs), resource: before };
        await session.diff(now, saved, { url: wanted.url, enabledEvents: wanted.enabledEvents });
    }
    const third = await create(session, { ...inputs("a"), adopt: true, allowDuplicateUrl: true }, resource("c"));
    expect(third.id).not.toBe(first.id);
    expect(emulator.webhooks).toHaveLength(3);
});

test("a url that is changed to one that another resource declares is rejected before anything is sent; swapped URLs are not", async () => {
    const { emulator, run } = await startAccount();
    const [a, b] = [resource("a"), resource("b")];
    const inputs = (name: string) => ({ ...renders, url: `https://${name}.example.com/` });
    const first = await create(run(), inputs("a"), a);
    const second = await create(run(), inputs("b"), b);
    const clash = run();
    await keep(clash, first.id, stored(first.outputs), inputs("a"), a);
    await keep(clash, second.id, stored(second.outputs), inputs("a"), b);
    await expect(update(clash, second.id, stored(second.outputs), inputs("a"), b)).rejects.toThrow(/declared twice/);
    expect(emulator.countCalls("update")).toBe(0);
    const swap = run();
    await keep(swap, first.id, stored(first.outputs), inputs("b"), a);
    await keep(swap, second.id, stored(second.outputs), inputs("a"), b);
    await update(swap, first.id, stored(first.outputs), inputs("b"), a);
    await update(swap, second.id, stored(second.outputs), inputs("a"), b);
    expect(emulator.webhooks.map(({ url }) => url)).toEqual([inputs("b").url, inputs("a").url]);
});

describe("a generation of a rotating webhook", () => {
    const newest = (ids: readonly string[]) => resource("b", { family: "f", ids, newer: 0 });

    test("passes over its siblings' webhooks, and over no other", async () => {
        const { emulator, run } = await startAccount();
        const oldest = await create(run(), renders, resource("a", { family: "f", ids: [], newer: 0 }));
        const stranger = emulator.register(renders);
        await expect(create(run(), renders, newest([oldest.id]))).rejects.toThrow(stranger.id);
        emulator.remove(stranger.id);
        await create(run(), renders, newest([oldest.id]));
        expect(emulator.webhooks).toHaveLength(2);
    });

    test("passes over one that its siblings had beside them in the last run, and that this run drops", async () => {
        const { emulator, run } = await startAccount();
        const dropped = await create(run(), renders, resource("a", { family: "f", ids: [], newer: 1 }));
        const kept = resource("b", { family: "f", ids: [dropped.id], newer: 0 });
        const { id, outputs } = await create(run(), renders, kept);
        const session = run();
        const now = resource("b", { family: "f", ids: [], newer: 1 });
        await session.check(now, { ...renders }, renders);
        await session.diff(now, { id, properties: stored(outputs), resource: kept }, renders);
        await create(session, renders, resource("c", { family: "f", ids: [id], newer: 0 }));
        expect(emulator.webhooks).toHaveLength(3);
    });

    test("that is the only one says what to do about one that this run drops, and passes over it after a refresh", async () => {
        const { emulator, run } = await startAccount();
        const dropped = resource("a", { family: "f", ids: [], newer: 0 });
        const { id, outputs } = await create(run(), renders, dropped);
        await expect(create(run(), renders, newest([]))).rejects.toThrow(/keep its name in `generations`.*--refresh/s);
        const session = run();
        await read(session, id, stored(outputs), dropped);
        await create(session, renders, newest([]));
        expect(emulator.webhooks).toHaveLength(2);
    });

    test("that is older never adopts by its URL what a newer one may have", async () => {
        const { emulator, run } = await startAccount();
        await create(run(), renders, newest([]));
        const older = resource("a", { family: "f", ids: [], newer: 1 });
        const adopting = create(run(), { ...renders, adopt: true }, older);
        await expect(adopting).rejects.toMatchObject({ name: "AdoptionError" });
        expect(emulator.webhooks).toHaveLength(1);
    });

    test("that is registered again passes over as many webhooks as there are newer ones", async () => {
        const { emulator, run } = await startAccount();
        const second = await create(run(), renders, newest([]));
        const first = resource("a", { family: "f", ids: [], newer: 1 });
        const stranger = emulator.register(renders);
        await expect(create(run(), renders, first)).rejects.toMatchObject({ name: "DuplicateUrlError" });
        emulator.remove(stranger.id);
        await create(run(), renders, first);
        expect(emulator.webhooks).toContainEqual(expect.objectContaining({ id: second.id }));
    });
});

describe("a stranger's webhook is never taken for one whose response was lost", () => {
    test("where it was there before the call, though not at the beginning of the run", async () => {
        const { emulator, open } = await startAccount();
        const account = open();
        await account.inventory.list();
        const stranger = emulator.register(renders);
        await account.inventory.lookFor((listing) => listing, 0);
        emulator.inject({ endpoint: "register", kind: "lost-request" });
        const wanted = { ...renders, allowDuplicateUrl: true };
        const creating = lifecycle.create(account, new lifecycle.Owners(), { owner: "renders" }, wanted);
        await expect(creating).rejects.toMatchObject({ name: "UnknownOutcomeError" });
        expect(emulator.webhooks).toEqual([stranger]);
    });

    test("where the call had to wait for its turn, and the last look is too long ago", async () => {
        const { emulator, run } = await startAccount();
        emulator.inject({ endpoint: "register", kind: "rate-limited", status: 429, retryAfter: 1 });
        emulator.inject({ endpoint: "register", kind: "lost-request" });
        const creating = create(run({ freshListMs: 500 }), renders);
        await emulator.whenCalled(({ status }) => status === 429);
        const stranger = emulator.register(renders);
        await expect(creating).rejects.toThrow(stranger.id);
        expect(emulator.webhooks).toEqual([stranger]);
    });

    test("where several appear: each is named, and none is taken", async () => {
        const { emulator, run } = await startAccount();
        emulator.inject({ endpoint: "register", kind: "hang-after" });
        const creating = create(run({ callTimeoutMs: 400 }), renders);
        await emulator.whenCalled(({ endpoint }) => endpoint === "register");
        emulator.register(renders);
        await expect(creating).rejects.toMatchObject({ name: "UnknownOutcomeError" });
        for (const { id } of emulator.webhooks) await expect(creating).rejects.toThrow(id);
    });
});

test("a leftover `adopt` after a deletion elsewhere says what to do", async () => {
    const { run } = await startAccount();
    await expect(create(run(), { ...renders, adopt: "wh_gone" })).rejects.toThrow(
        /there is no webhook wh_gone in this account\. If it has been deleted since it was adopted, remove `adopt`/,
    );
});
