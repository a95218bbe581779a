import { expect, test } from "vitest";
import { create, renders, resource, startAccount } from "../support/account";

test.each([
    "lost-answer",
    "hang-after",
    "garbage",
    "wrong-shape",
    "truncated",
    "error-after",
    "slow-body",
    "huge",
] as const)(
    "a webhook that was registered while the answer was lost (%s) is found and taken over with its secret",
    async (kind) => {
        const { emulator, run } = await startAccount();
        emulator.inject({ endpoint: "register", kind, delayMs: 300 });
        const { id, outputs } = await create(run({ callTimeoutMs: 500 }), renders);
        expect(emulator.webhooks).toEqual([{ id, secret: outputs.secret, ...renders }]);
        expect(emulator.countCalls("register")).toBe(1);
    },
);

test.each(["hang", "error-before", "lost-request"] as const)(
    "a /register of which nobody knows whether it was done (%s) is not sent again, and the message says what to do",
    async (kind) => {
        const { emulator, run } = await startAccount();
        emulator.inject({ endpoint: "register", kind });
        const failure = create(run({ callTimeoutMs: 300 }), renders);
        await expect(failure).rejects.toMatchObject({ name: "UnknownOutcomeError" });
        await expect(failure).rejects.toThrow(/set `adopt` to that id/);
        expect(emulator.countCalls("register")).toBe(1);
        const { id } = await create(run(), { ...renders, adopt: true });
        expect(emulator.webhooks.map((webhook) => webhook.id)).toEqual([id]);
    },
);

test("a list that lags is asked again until it shows what was registered", async () => {
    const { emulator, run } = await startAccount({ listLagMs: 400 });
    emulator.inject({ endpoint: "register", kind: "lost-answer" });
    const { id } = await create(run({ listLagMs: 5_000 }), renders);
    expect(emulator.webhooks.map((webhook) => webhook.id)).toEqual([id]);
});

test("equal webhooks that are lost at the same time are never taken for one another", async () => {
    const { emulator, run } = await startAccount({ latencyMs: 20 });
    emulator.inject({ endpoint: "register", kind: "lost-answer", times: 3 });
    const ledger = run();
    const wanted = { ...renders, allowDuplicateUrl: true };
    const created = await Promise.all(
        Array.from({ length: 6 }, (_, index) => create(ledger, wanted, resource(String(index)))),
    );
    expect(emulator.webhooks.map(({ id }) => id).sort()).toEqual(created.map(({ id }) => id).sort());
    for (const { id, outputs } of created) {
        expect(outputs.secret).toBe(emulator.webhooks.find((webhook) => webhook.id === id)?.secret);
    }
});

test("a webhook that somebody else registers meanwhile makes it ambiguous: an error names both, nothing is taken", async () => {
    const { emulator, run } = await startAccount();
    emulator.inject({ endpoint: "register", kind: "hang-after" });
    const creating = create(run({ callTimeoutMs: 500 }), renders);
    await emulator.whenCalled(({ endpoint }) => endpoint === "register");
    const other = emulator.register(renders);
    await expect(creating).rejects.toMatchObject({ name: "UnknownOutcomeError" });
    for (const { id } of emulator.webhooks) await expect(creating).rejects.toThrow(id);
    expect(emulator.webhooks).toContainEqual(other);
});

test("a webhook on the same URL with other events is named, and not taken", async () => {
    const { emulator, run } = await startAccount();
    emulator.inject({ endpoint: "register", kind: "hang" });
    const creating = create(run({ callTimeoutMs: 500 }), renders);
    await emulator.whenCalled(({ endpoint }) => endpoint === "register");
    const { id } = emulator.register({ ...renders, enabledEvents: ["creator.success"] });
    await expect(creating).rejects.toThrow(id);
});
