import { describe, expect, test } from "vitest";
import type { Fault } from "../../emulator";
import { diff, PartialFailure } from "../../provider/lifecycle";
import { create, read, remove, renders, startAccount, stored, update } from "../support/account";

/** Calls that the client gives up on, and that are done later than `/list` may lag. */
const late: readonly Omit<Fault, "endpoint">[] = [
    { kind: "error-after", status: 504, doneAfterMs: 700 },
    { kind: "error-after", status: 503, doneAfterMs: 700 },
    { kind: "lost-answer", doneAfterMs: 700 },
    { kind: "lost-answer", delayMs: 50, doneAfterMs: 700 },
    { kind: "hang-after", doneAfterMs: 1_100 },
    { kind: "truncated", doneAfterMs: 700 },
    { kind: "garbage", doneAfterMs: 700 },
];
const limits = { listLagMs: 100, callTimeoutMs: 300 };
const elsewhere = { ...renders, url: "https://api.example.com/elsewhere" };
const rotated = { ...renders, rotateWhenChanged: { quarter: "2026-Q4" } };

describe.each(late.map((fault) => [JSON.stringify(fault), fault] as const))(
    "a call that is done late (%s)",
    (_, fault) => {
        test("/register fails the run and is not sent again; the next run names it, and adopts it", async () => {
            const { emulator, run } = await startAccount();
            emulator.inject({ ...fault, endpoint: "register" });
            await expect(create(run(limits), renders)).rejects.toMatchObject({ name: "UnknownOutcomeError" });
            await emulator.settled();
            expect(emulator.countCalls("register")).toBe(1);
            const [webhook] = emulator.webhooks;
            await expect(create(run(limits), renders)).rejects.toThrow(`adopt: "${webhook?.id}"`);
            const { id, outputs } = await create(run(limits), { ...renders, adopt: webhook?.id });
            expect(emulator.webhooks).toEqual([{ id, secret: outputs.secret, ...renders }]);
        });

        test.each([
            ["another url", elsewhere],
            ["a rotation", rotated],
        ])(
            "/update (%s) fails the run, is saved as such, and the next run finds it without a second one",
            async (_name, wanted) => {
                const { emulator, run } = await startAccount();
                const { id, outputs } = await create(run(), renders);
                emulator.inject({ ...fault, endpoint: "update" });
                const failure = await update(run(limits), id, stored(outputs), wanted).catch((error: unknown) => error);
                expect(failure).toBeInstanceOf(PartialFailure);
                await emulator.settled();
                expect(emulator.countCalls("update")).toBe(1);
                const now = await update(run(limits), id, stored((failure as PartialFailure).outputs), wanted);
                expect(emulator.countCalls("update")).toBe(1);
                expect(now).toMatchObject({ ...wanted, secret: emulator.webhooks[0]?.secret, secretVersion: 2 });
                expect(stored(now)).not.toHaveProperty("unfinished");
            },
        );

        test("/delete fails the run, and the next one succeeds whether it was done or not", async () => {
            const { emulator, run } = await startAccount();
            const { id, outputs } = await create(run(), renders);
            emulator.inject({ ...fault, endpoint: "delete" });
            await expect(remove(run(limits), id, outputs)).rejects.toMatchObject({ name: "UnknownOutcomeError" });
            expect(emulator.countCalls("delete")).toBe(1);
            await emulator.settled();
            await remove(run(limits), id, outputs);
            expect(emulator.webhooks).toEqual([]);
        });
    },
);

describe("an /update that was never done", () => {
    test("is sent by the next run, once", async () => {
        for (const wanted of [elsewhere, rotated]) {
            const { emulator, run } = await startAccount();
            const { id, outputs } = await create(run(), renders);
            emulator.inject({ endpoint: "update", kind: "error-before", status: 500 });
            const failure = await update(run(limits), id, stored(outputs), wanted).catch((error: unknown) => error);
            const saved = stored((failure as PartialFailure).outputs);
            const now = await update(run(limits), id, saved, wanted);
            expect(emulator.countCalls("update")).toBe(2);
            expect(now).toMatchObject({ ...wanted, secret: emulator.webhooks[0]?.secret, secretVersion: 2 });
        }
    });

    test("is not forgotten by a refresh in between", async () => {
        for (const wanted of [elsewhere, rotated]) {
            const { emulator, run } = await startAccount();
            const { id, outputs } = await create(run(), renders);
            emulator.inject({ endpoint: "update", kind: "error-before", status: 500 });
            const failure = await update(run(limits), id, stored(outputs), wanted).catch((error: unknown) => error);
            const refreshed = stored(await read(run(limits), id, stored((failure as PartialFailure).outputs)));
            if (refreshed === undefined) throw new Error("gone");
            expect(diff(refreshed, wanted).changes.length).toBeGreaterThan(0);
            await update(run(limits), id, refreshed, wanted);
            expect(emulator.countCalls("update")).toBe(2);
        }
    });

    test("is not sent when the program goes back to what was before", async () => {
        for (const wanted of [elsewhere, rotated]) {
            const { emulator, run } = await startAccount();
            const { id, outputs } = await create(run(), renders);
            emulator.inject({ endpoint: "update", kind: "error-before", status: 500 });
            const failure = await update(run(limits), id, stored(outputs), wanted).catch((error: unknown) => error);
            const now = stored(await update(run(limits), id, stored((failure as PartialFailure).outputs), renders));
            expect(emulator.countCalls("update")).toBe(1);
            expect(now).toMatchObject({ ...renders, secret: emulator.webhooks[0]?.secret, secretVersion: 1 });
            expect(diff(now, renders).changes).toEqual([]);
        }
    });
});

test("what a state saves half-way has every input under its own name only", async () => {
    const { emulator, run } = await startAccount();
    const before = { ...renders, url: "https://api.example.com/TokenOld", rotateWhenChanged: { a: "KeeperOld" } };
    const wanted = { ...renders, url: "https://api.example.com/TokenNew", rotateWhenChanged: { a: "KeeperNew" } };
    const { id, outputs } = await create(run(), before);
    emulator.inject({ endpoint: "update", kind: "error-before", status: 500 });
    const failure = await update(run(limits), id, stored(outputs), wanted).catch((error: unknown) => error);
    const { url, rotateWhenChanged, ...rest } = stored((failure as PartialFailure).outputs);
    expect({ url, rotateWhenChanged }).toEqual({ url: wanted.url, rotateWhenChanged: wanted.rotateWhenChanged });
    expect(JSON.stringify(rest)).not.toMatch(/Token|Keeper/);
});

test("a rejection is what the user is told, also when `/list` fails after it", async () => {
    const { emulator, run } = await startAccount();
    const { id, outputs } = await create(run(), renders);
    for (const step of ["update", "delete"] as const) {
        emulator.inject({
            endpoint: step,
            kind: "error-before",
            status: 422,
            body: '{"error": "this host is not allowed"}',
        });
        emulator.inject({ endpoint: "list", kind: "error-before", status: 500, times: 3 });
        const failing =
            step === "update" ? update(run(limits), id, stored(outputs), elsewhere) : remove(run(limits), id, outputs);
        await expect(failing).rejects.toThrow(/status 422, "this host is not allowed"/);
        emulator.clearFaults();
    }
});

test("a redirect did nothing: it is said at once, and `/list` is not asked", async () => {
    const { emulator, run } = await startAccount();
    const { id, outputs } = await create(run(), renders);
    emulator.inject({ endpoint: "any", kind: "redirect", times: 9, after: 1 });
    emulator.clearCalls();
    await expect(create(run(), { ...renders, url: "https://api.example.com/new" })).rejects.toThrow(
        /Redirects are never/,
    );
    emulator.clearFaults();
    emulator.inject({ endpoint: "any", kind: "redirect", times: 9 });
    for (const failing of [update(run(), id, stored(outputs), elsewhere), remove(run(), id, outputs)]) {
        await expect(failing).rejects.toThrow(/Redirects are never/);
        await expect(failing).rejects.not.toThrow(/not known/);
    }
    expect(emulator.calls.map(({ endpoint }) => endpoint)).toEqual(["list", "register", "update", "delete"]);
});

test("a long 503 says that the outcome is not known, how long the API asks to wait, and which setting allows it", async () => {
    const { emulator, run } = await startAccount();
    emulator.inject({ endpoint: "register", kind: "error-before", status: 503, retryAfter: 7_200 });
    const failure = create(run(limits), renders);
    await expect(failure).rejects.toThrow(/not known whether it was done.*7200 s.*captions:waitAtMostSeconds/s);
    await expect(failure).rejects.not.toThrow(/Nothing was changed/);
});

describe("a webhook that `/list` does not show yet", () => {
    test.each([
        ["a /delete of unknown outcome", { kind: "error-before", status: 504 }],
        ["a rejected /delete", { kind: "error-before", status: 409 }],
    ] as const)("is not taken for deleted after %s", async (_, fault) => {
        const { emulator, run } = await startAccount({ listLagMs: 600 });
        const { id, outputs } = await create(run(), renders);
        emulator.inject({ ...fault, endpoint: "delete" });
        await expect(remove(run({ listLagMs: 900 }), id, outputs)).rejects.toThrow();
        expect(emulator.webhooks).toHaveLength(1);
    });

    test("is not taken for deleted after an /update of unknown outcome, which is saved as such", async () => {
        const { emulator, run } = await startAccount({ listLagMs: 5_000 });
        const { id, outputs } = await create(run(), renders);
        emulator.inject({ endpoint: "update", kind: "error-after", status: 504 });
        const failure = await update(run(), id, stored(outputs), rotated).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(PartialFailure);
        expect((failure as PartialFailure).outputs.unfinished).toBeDefined();
    });
});
