import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { diff, PartialFailure } from "../../provider/lifecycle";
import { create, keep, read, remove, renders, resource, startAccount, stored, update } from "../support/account";

/** What random histories have found: each of these went wrong once. */

const rotated = { ...renders, rotateWhenChanged: { quarter: "2026-Q4" } };

test("a webhook that a renamed resource has adopted stays when the old one goes in a later run only", async () => {
    const { emulator, run } = await startAccount();
    const { id, outputs } = await create(run(), renders, resource("old"));
    const wanted = { ...renders, adopt: true };
    // Something else failed in these runs, so that nothing was deleted in them.
    const renamed = await create(run(), wanted, resource("new"));
    const twice = await create(run(), wanted, resource("newest"));
    expect([renamed.id, twice.id]).toEqual([id, id]);
    for (const [kept, gone] of [
        ["new", "old"],
        ["newest", "new"],
        ["newest", "old"],
    ] as const) {
        const session = run();
        await keep(session, id, stored(outputs), wanted, resource(kept));
        await remove(session, id, stored(outputs), resource(gone));
        expect(emulator.webhooks).toHaveLength(1);
    }
    // Where nothing declares it any more it has to go.
    await remove(run(), id, stored(outputs), resource("newest"));
    expect(emulator.webhooks).toEqual([]);
});

test("`adopt: true` does not take a webhook that the same run has just registered for another resource", async () => {
    const { emulator, run } = await startAccount();
    const session = run();
    const wanted = { ...renders, allowDuplicateUrl: true };
    const first = await create(session, wanted, resource("first"));
    const second = await create(session, { ...wanted, adopt: true }, resource("second"));
    expect(second.id).not.toBe(first.id);
    expect(emulator.webhooks).toHaveLength(2);
});

test("an /update that was done while neither its response nor a list came through is not sent again by the next run", async () => {
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
    emulator.inject({ endpoint: "register", kind: "masked-secret" });
    emulator.inject({ endpoint: "list", kind: "error-before", after: 1, times: 3 });
    const failure = await create(run(), renders).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialFailure);
    expect((failure as PartialFailure).id).toBe(emulator.webhooks[0]?.id);
});

test("a URL that somebody has changed is no habit of the API, also when an /update of something else shows it", async () => {
    const { emulator, run } = await startAccount();
    const { id, outputs } = await create(run(), renders);
    emulator.update(id, { url: "https://elsewhere.example.com/" });
    const now = stored(await update(run(), id, stored(outputs), rotated));
    expect(now).toMatchObject({ url: "https://elsewhere.example.com/", secret: emulator.webhooks[0]?.secret });
    expect(diff(now, rotated).changes).toEqual(["url"]);
    expect(await read(run(), id, now)).toMatchObject({ url: "https://elsewhere.example.com/" });
    await update(run(), id, now, rotated);
    expect(emulator.webhooks).toMatchObject([renders]);
});

test("an /update whose response was lost is not sent again because the list masks the secret", async () => {
    const { emulator, run } = await startAccount();
    const { id, outputs } = await create(run(), renders);
    emulator.inject({ endpoint: "update", kind: "lost-answer" });
    emulator.inject({ endpoint: "list", kind: "masked-secret", times: 100 });
    const failure = await update(run(), id, stored(outputs), rotated).catch((error: unknown) => error);
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
    const now = await update(run({ listLagMs: 200 }), id, stored(outputs), rotated);
    expect(emulator.countCalls("update")).toBe(1);
    expect(now.secret).toBe(emulator.webhooks[0]?.secret);
});

test("no equal webhook is registered while one whose response was lost is looked for", async () => {
    const { emulator, run } = await startAccount();
    const session = run();
    const wanted = { ...renders, allowDuplicateUrl: true };
    emulator.inject({ endpoint: "register", kind: "lost-request" });
    // The list shows these before their responses are there.
    emulator.inject({ endpoint: "register", kind: "slow-body", delayMs: 2, times: 3 });
    const first = create(session, wanted, resource("first")).catch((error: unknown) => error);
    await emulator.whenCalled(({ endpoint, fault }) => endpoint === "register" && fault !== undefined);
    await delay(100);
    const others = await Promise.all([1, 2, 3].map((name) => create(session, wanted, resource(`${name}`))));
    expect(await first).toMatchObject({ name: "UnknownOutcomeError" });
    expect(new Set(others.map(({ id }) => id)).size).toBe(3);
    expect(emulator.webhooks).toHaveLength(3);
});

/** A run that replaces what a resource has. */
async function replace(
    session: ReturnType<Awaited<ReturnType<typeof startAccount>>["run"]>,
    { id, outputs }: Awaited<ReturnType<typeof create>>,
    wanted: Parameters<typeof create>[1],
) {
    await session.check(resource(), { ...renders }, { ...wanted });
    await session.diff(resource(), { id, properties: stored(outputs), resource: resource() }, wanted, () => "replaced");
    await session.check(resource(), {}, { ...wanted });
    return await create(session, wanted);
}

test("what is still to be deleted of a resource that was replaced, and is adopted by the next replacement, is not deleted", async () => {
    const { emulator, run } = await startAccount();
    const first = await create(run(), renders);
    // This run failed for another reason, so that nothing was deleted in it.
    const second = await replace(run(), first, renders);
    for (const adopt of [true, first.id]) {
        const session = run();
        const third = await replace(session, second, { ...renders, adopt }).catch(() => undefined);
        if (third === undefined) continue;
        await remove(session, first.id, stored(first.outputs));
        await remove(session, second.id, stored(second.outputs));
        expect(emulator.webhooks).toMatchObject([{ id: third.id }]);
        return;
    }
});

test("`adopt: true` of an older generation does not take the webhook of a newer one", async () => {
    for (const refreshes of [false, true]) {
        const { emulator, run } = await startAccount();
        const { id, outputs } = await create(run(), renders, resource("newer", { family: "f", ids: [], newer: 0 }));
        const session = run();
        if (refreshes) await read(session, id, stored(outputs), resource("newer"));
        // The older one comes first, and is not in the state: it was deleted by hand.
        const wanted = { ...renders, adopt: true };
        const older = await create(session, wanted, resource("older", { family: "f", ids: [], newer: 1 })).catch(
            () => undefined,
        );
        expect(older?.id).not.toBe(id);
        const ids = older === undefined ? [] : [older.id];
        await keep(session, id, stored(outputs), renders, resource("newer", { family: "f", ids, newer: 0 }));
        expect(emulator.webhooks[0]).toEqual({ id, secret: outputs.secret, ...renders });
    }
});

test("what an /update has ignored is asked for again, also when somebody has rotated the secret meanwhile", async () => {
    const { emulator, run } = await startAccount();
    const wanted = { ...renders, url: "https://api.example.com/hooks/other" };
    const { id, outputs } = await create(run(), renders);
    emulator.behave({ ignoredFields: ["url"] });
    const failure = await update(run(), id, stored(outputs), wanted).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialFailure);
    emulator.behave({ ignoredFields: [] });
    emulator.rotate(id);
    const session = run();
    const saved = await read(session, id, stored((failure as PartialFailure).outputs));
    if (saved === undefined) throw new Error("it is gone");
    // As the engine does it: an update only where there is a difference, or a step that failed half-way.
    const { changes } = await keep(session, id, stored(saved), wanted);
    if (changes.length > 0) await update(session, id, stored(saved), wanted);
    expect(emulator.webhooks).toMatchObject([wanted]);
});

test.each(["lower-case", "trailing-slash"] as const)(
    "a URL that a refresh has saved as the API spells it (%s) is asked for once: back to the program's is only a spelling",
    async (urlForm) => {
        const { emulator, run, open, notes } = await startAccount({ urlForm });
        const wanted = { ...renders, url: "https://api.example.com/Hooks/Captions" };
        const other = "https://api.example.com/hooks/other";
        const { id, outputs } = await create(run(), wanted);
        let saved = outputs;
        for (const url of [other, wanted.url]) {
            await open().client.update(id, { url });
            saved = (await read(run(), id, stored(saved))) ?? saved;
        }
        expect((await keep(run(), id, stored(saved), wanted)).changes).toEqual(["url"]);
        saved = await update(run(), id, stored(saved), wanted);
        expect(saved).toMatchObject({ url: wanted.url, secret: emulator.webhooks[0]?.secret, secretVersion: 4 });
        expect(saved).not.toHaveProperty("unfinished");
        expect(notes.filter((line) => line.includes("the API shows the url of"))).toHaveLength(1);

        const { changes } = await keep(run(), id, stored((await read(run(), id, stored(saved))) ?? saved), wanted);
        expect(changes).toEqual([]);
        expect(emulator.countCalls("update")).toBe(3);
    },
);

test("a URL that an /update has ignored is an error, also after a refresh that found another one and an /update that got lost", async () => {
    const { emulator, run, open } = await startAccount();
    const { id, outputs } = await create(run(), renders);
    await open().client.update(id, { url: "https://api.example.com/hooks/other" });
    const drifted = await read(run(), id, stored(outputs));
    emulator.inject({ endpoint: "update", kind: "lost-request" });
    const lost = await update(run(), id, stored(drifted ?? outputs), renders).catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(PartialFailure);
    emulator.behave({ ignoredFields: ["url"] });
    const again = update(run(), id, stored((lost as PartialFailure).outputs), renders);
    await expect(again).rejects.toThrow("has left its url as before");
});

test.each(["url", "enabledEvents"] as const)(
    "how the API shows what was saved before an /update that got lost is no habit of what it asked for (%s)",
    async (name) => {
        // A /register that ignores the events enables all of them.
        const habit = name === "url" ? { urlForm: "tracking-query" as const } : { ignoredFields: [name] };
        const { emulator, run } = await startAccount(habit);
        const declared = { ...renders, enabledEvents: ["creator.success"] };
        const { id, outputs } = await create(run(), declared);
        expect(outputs.shownAs).toHaveProperty(name);
        const other = { url: "https://api.example.com/hooks/other", enabledEvents: ["creator.failure"] };
        const wanted = { ...declared, [name]: other[name] };
        emulator.inject({ endpoint: "update", kind: "lost-request" });
        const lost = await update(run(), id, stored(outputs), wanted).catch((error: unknown) => error);
        expect(lost).toBeInstanceOf(PartialFailure);
        emulator.behave({ ignoredFields: [name] });
        const again = update(run(), id, stored((lost as PartialFailure).outputs), wanted);
        await expect(again).rejects.toThrow(`has left its ${name} as before`);
    },
);

test.each(["at once", "after a refresh"])(
    "the API's habits stay known through an /update of something else whose response got lost (%s)",
    async (when) => {
        const otherEvents = { ...renders, enabledEvents: ["creator.success"] };
        for (const wanted of [rotated, otherEvents]) {
            const { emulator, run, notes } = await startAccount({ urlForm: "tracking-query" });
            const { id, outputs } = await create(run(), renders);
            emulator.inject({ endpoint: "update", kind: "lost-answer" });
            emulator.inject({ endpoint: "list", kind: "masked-secret", times: 100 });
            const lost = await update(run(), id, stored(outputs), wanted).catch((error: unknown) => error);
            expect(lost).toBeInstanceOf(PartialFailure);
            emulator.clearFaults();
            const saved = stored((lost as PartialFailure).outputs);
            const found = when === "at once" ? saved : stored((await read(run(), id, saved)) ?? saved);
            const now = await update(run(), id, found, wanted);
            expect(emulator.countCalls("update")).toBe(1);
            expect(now).toMatchObject({ ...wanted, secret: emulator.webhooks[0]?.secret, secretVersion: 2 });
            expect(now).not.toHaveProperty("unfinished");
            expect(notes.filter((line) => line.includes("the API shows the url of"))).toHaveLength(1);
        }
    },
);

test("a URL that an /update has ignored, and the way back to the one before, ends well in one run", async () => {
    const { emulator, run } = await startAccount({ urlForm: "lower-case" });
    const wanted = { ...renders, url: "https://api.example.com/Hooks/Captions" };
    const { id, outputs } = await create(run(), wanted);
    emulator.behave({ ignoredFields: ["url"] });
    const other = { ...wanted, url: "https://api.example.com/Hooks/other" };
    const failure = await update(run(), id, stored(outputs), other).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialFailure);
    emulator.behave({ ignoredFields: [] });
    const saved = await read(run(), id, stored((failure as PartialFailure).outputs));
    const done = await update(run(), id, stored(saved ?? outputs), wanted);
    expect(done).toMatchObject({ ...wanted, secret: emulator.webhooks[0]?.secret });
    expect(done).not.toHaveProperty("unfinished");
});

test("a URL that an /update has ignored is no habit of the API, also where it shows URLs with a slash at the end", async () => {
    const { emulator, run } = await startAccount({ urlForm: "trailing-slash" });
    const { id, outputs } = await create(run(), renders);
    emulator.behave({ ignoredFields: ["url"] });
    const wanted = { ...renders, url: "https://api.example.com/hooks/other" };
    const failure = await update(run(), id, stored(outputs), wanted).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialFailure);
});

test("generations of a rotating webhook that was renamed by `aliases` can be replaced", async () => {
    const { emulator, run } = await startAccount();
    const before = { family: "before", ids: [], newer: 1 };
    const older = await create(run(), renders, resource("older", before));
    const newer = await create(run(), renders, resource("newer", { ...before, ids: [older.id], newer: 0 }));
    const session = run();
    const ids: string[] = [];
    for (const [index, { id, outputs }] of [older, newer].entries()) {
        const name = ["older", "newer"][index] ?? "";
        const was = { ...before, ids: index === 0 ? [] : [older.id], newer: 1 - index };
        const of = resource(`renamed ${name}`, { family: "renamed", ids: [...ids], newer: 1 - index });
        await session.check(of, { ...renders }, { ...renders });
        const saved = { id, properties: stored(outputs), resource: resource(name, was) };
        await session.diff(of, saved, renders, () => "replaced");
        ids.push((await create(session, renders, of)).id);
    }
    expect(emulator.webhooks).toHaveLength(4);
});
