import { describe, expect, test } from "vitest";
import { diff, PartialFailure } from "../../provider/lifecycle";
import { create, read, renders, startAccount, stored, update } from "../support/account";

const elsewhere = { ...renders, url: "https://api.example.com/elsewhere" };
const other = { ...renders, enabledEvents: ["creator.success"] };

describe("an API that answers an /update with something else than was asked for", () => {
    test.each([
        ["url", elsewhere],
        ["enabledEvents", other],
    ] as const)(
        "is an error where the %s stays as before; the new secret is saved, and the next run asks again",
        async (field, wanted) => {
            const { emulator, run } = await startAccount();
            const { id, outputs } = await create(run(), renders);
            emulator.behave({ ignoredFields: [field] });
            const failure = await update(run(), id, stored(outputs), wanted).catch((error: unknown) => error);
            expect(failure).toBeInstanceOf(PartialFailure);
            expect(failure).toHaveProperty("message", expect.stringContaining(`has left its ${field} as before`));
            const saved = stored((failure as PartialFailure).outputs);
            expect(saved.secret).toBe(emulator.webhooks[0]?.secret);
            emulator.behave({ ignoredFields: [] });
            const now = await update(run(), id, saved, wanted);
            expect(emulator.countCalls("update")).toBe(2);
            expect(emulator.webhooks).toMatchObject([wanted]);
            expect(now).toMatchObject({ ...wanted, secret: emulator.webhooks[0]?.secret });
            expect(diff(stored(now), wanted).changes).toEqual([]);
        },
    );

    test.each([
        "trailing-slash",
        "no-trailing-slash",
        "upper-case-host",
        "lower-case",
        "default-port",
        "percent-lower-case",
    ] as const)("takes another spelling of the URL (%s) for the same: no error, no word, no drift", async (urlForm) => {
        const { emulator, run, notes } = await startAccount({ urlForm });
        const wanted = { ...renders, url: "https://api.example.com/Hooks/a%2Fb/" };
        const { id, outputs } = await create(run(), renders);
        const now = stored(await update(run(), id, stored(outputs), wanted));
        expect(now.url).toBe(wanted.url);
        expect(await read(run(), id, now)).toEqual(now);
        expect(notes).toEqual([]);
        expect(emulator.countCalls("update")).toBe(1);
    });

    test.each(["urlForm", "listUrlForm"] as const)(
        "that shows its own form in %s shows no drift by a slash",
        async (form) => {
            const { run, emulator } = await startAccount({ [form]: "trailing-slash" });
            const { id, outputs } = await create(run(), renders);
            expect(await read(run(), id, stored(outputs))).toEqual(stored(outputs));
            emulator.update(id, { url: "https://elsewhere.example.com/" });
            expect(await read(run(), id, stored(outputs))).toMatchObject({ url: "https://elsewhere.example.com/" });
        },
    );

    test.each(["trailing-slash", "lower-case"] as const)(
        "in a spelling of its own (%s) is recognised by its URL: adopted without a rotation, and never doubled",
        async (urlForm) => {
            const { emulator, run } = await startAccount({ urlForm });
            const wanted = { ...renders, url: "https://api.example.com/Hooks" };
            const { id, secret } = emulator.register(wanted);
            await expect(create(run(), wanted)).rejects.toMatchObject({ name: "DuplicateUrlError" });
            for (const adopt of [true, id]) {
                const adopted = await create(run(), { ...wanted, adopt });
                expect({ id: adopted.id, secret: adopted.outputs.secret }).toEqual({ id, secret });
            }
            expect(emulator.countCalls("update")).toBe(0);
        },
    );

    test("is told once where it shows something else altogether, and that is no drift from then on", async () => {
        const { emulator, run, notes } = await startAccount({ urlForm: "tracking-query" });
        const { id, outputs } = await create(run(), renders);
        expect(notes).toEqual([expect.stringContaining(`shows the url of ${id} in another form`)]);
        expect(JSON.stringify(outputs.shownAs)).not.toContain("example");
        const refreshed = stored(await read(run(), id, stored(outputs)));
        expect(refreshed).toEqual(stored(outputs));
        // The secret is the fingerprint's key: it has to be made anew with another one.
        emulator.rotate(id);
        const rotated = stored(await read(run({ listLagMs: 10 }), id, stored(outputs)));
        expect(rotated).toMatchObject({ url: renders.url, secretVersion: 2 });
        const again = stored(await read(run({ listLagMs: 10 }), id, rotated as NonNullable<typeof rotated>));
        expect(again).toEqual(rotated);
        const now = stored(await update(run(), id, again as NonNullable<typeof again>, elsewhere));
        expect(await read(run(), id, now)).toEqual(now);
        expect(notes).toHaveLength(1);
        emulator.update(id, { url: "https://attacker.example.com/" });
        expect(await read(run({ listLagMs: 10 }), id, now)).toMatchObject({ url: expect.stringContaining("attacker") });
    });
});

describe("what an API goes on to leave as it was", () => {
    test("is an error, is asked for once more, and is then told and taken for the API's form: no rotation for ever", async () => {
        const { emulator, run, notes } = await startAccount();
        const { id, outputs } = await create(run(), renders);
        emulator.behave({ ignoredFields: ["url"] });
        const first = await update(run(), id, stored(outputs), elsewhere).catch((error: unknown) => error);
        expect(first).toBeInstanceOf(PartialFailure);
        const now = stored(await update(run(), id, stored((first as PartialFailure).outputs), elsewhere));
        expect(notes).toEqual([expect.stringContaining(`shows the url of ${id} in another form`)]);
        expect(diff(now, elsewhere).changes).toEqual([]);
        expect(await read(run({ listLagMs: 10 }), id, now)).toEqual(now);
        expect(emulator.countCalls("update")).toBe(2);
    });

    test("is drift for a refresh in between, also where somebody else rotates the secret", async () => {
        for (const rotates of [false, true]) {
            const { emulator, run } = await startAccount();
            const { id, outputs } = await create(run(), renders);
            emulator.behave({ ignoredFields: ["url"] });
            const first = await update(run(), id, stored(outputs), elsewhere).catch((error: unknown) => error);
            if (rotates) emulator.rotate(id);
            const refreshed = stored(await read(run({ listLagMs: 10 }), id, stored((first as PartialFailure).outputs)));
            if (refreshed === undefined) throw new Error("gone");
            expect(diff(refreshed, elsewhere).changes).toEqual(["url"]);
            emulator.behave({ ignoredFields: [] });
            const now = await update(run(), id, refreshed, elsewhere);
            expect(now).toMatchObject({ ...elsewhere, secret: emulator.webhooks[0]?.secret });
        }
    });

    test("is an error also at an API that has a form of its own", async () => {
        for (const urlForm of ["tracking-query", "trailing-slash"] as const) {
            const { emulator, run } = await startAccount({ urlForm });
            const { id, outputs } = await create(run(), renders);
            emulator.behave({ ignoredFields: ["url"] });
            await expect(update(run(), id, stored(outputs), elsewhere)).rejects.toBeInstanceOf(PartialFailure);
        }
    });
});

test("events that a /register has left out are an error, and are asked for by the next run", async () => {
    const { emulator, run } = await startAccount();
    const leaving = { ...renders, enabledEvents: ["creator.success", "creator.failure"] };
    emulator.inject({
        endpoint: "register",
        kind: "garbage",
        body: JSON.stringify({
            ...leaving,
            id: "wh_short",
            secret: "whsec_4fJ9dK2mQ7",
            enabledEvents: ["creator.success"],
        }),
    });
    const failure = await create(run(), leaving).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialFailure);
    expect((failure as Error).message).toContain("has left out events: creator.failure");
});

test("a letter's case or a last slash that an API leaves as it was is not taken for its spelling at once", async () => {
    for (const [before, after] of [
        ["Hooks", "hooks"],
        ["hooks", "hooks/"],
    ] as const) {
        const { emulator, run } = await startAccount();
        const inputs = (path: string) => ({ ...renders, url: `https://api.example.com/${path}` });
        const { id, outputs } = await create(run(), inputs(before));
        emulator.behave({ ignoredFields: ["url"] });
        await expect(update(run(), id, stored(outputs), inputs(after))).rejects.toBeInstanceOf(PartialFailure);
    }
});

test("the API's own form of a webhook whose secret only `/list` shows is no drift either", async () => {
    const { emulator, run } = await startAccount({ urlForm: "tracking-query" });
    emulator.inject({ endpoint: "register", kind: "masked-secret" });
    const { id, outputs } = await create(run(), renders);
    expect(await read(run(), id, stored(outputs))).toEqual(stored(outputs));
});

describe("what is odd in /list", () => {
    const odd = [
        "number-id",
        "no-id",
        "null-events",
        "text-events",
        "no-events",
        "no-url",
        "null-url",
        "no-secret",
        "null",
        "text",
    ] as const;

    test("of somebody else is told once and left alone: create, read, adopt and delete go on", async () => {
        const { emulator, run, notes } = await startAccount({ oddNeighbours: [...odd] });
        const session = run();
        const { id, outputs } = await create(session, renders);
        expect(await read(session, id, stored(outputs))).toEqual(stored(outputs));
        const second = emulator.register(elsewhere);
        const adopted = await create(run(), { ...elsewhere, adopt: second.id });
        expect(adopted.outputs.secret).toBe(second.secret);
        // Once a run.
        expect(notes.filter((line) => line.includes("left alone"))).toHaveLength(2);
    });

    test.each(["null-events", "text-events", "no-events", "no-url", "null-url"] as const)(
        "of one of ours (%s) is an error, and never taken for a deletion",
        async (form) => {
            const { emulator, run } = await startAccount();
            const { id, outputs } = await create(run(), renders);
            emulator.behave({ oddWebhooks: { [id]: form } });
            const reading = read(run({ listLagMs: 10 }), id, stored(outputs));
            await expect(reading).rejects.toMatchObject({ name: "UnusableWebhookError" });
            await expect(create(run(), { ...renders, adopt: id })).rejects.toMatchObject({
                name: "UnusableWebhookError",
            });
        },
    );
});

test("a failed /events is not the answer for the rest of the run", async () => {
    const { emulator, open } = await startAccount({ events: ["creator.started"] });
    const { inventory } = open();
    emulator.inject({ endpoint: "events", kind: "error-before", times: 3 });
    await expect(inventory.events()).rejects.toThrow(/status 500/);
    expect(await inventory.events()).toEqual(["creator.started"]);
});

test("one failing /list that many wait for gives each an error of its own, which names its own webhook only", async () => {
    const { emulator, run } = await startAccount();
    const session = run();
    emulator.inject({ endpoint: "list", kind: "error-before", times: 3 });
    const names = ["one", "two", "three"];
    const failures = await Promise.all(
        names.map((name) =>
            session
                .create({ owner: name, name }, { ...renders, url: `https://${name}.example.com/` })
                .catch((error: Error) => error),
        ),
    );
    for (const [index, failure] of failures.entries()) {
        const { message } = failure as Error;
        for (const [other, name] of names.entries()) expect(message.includes(`"${name}"`)).toBe(other === index);
    }
});
