import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { PartialFailure, parseSaved, type WebhookOutputs } from "../../provider/lifecycle";
import { create, renders, startAccount, stored, update } from "../support/account";
import { LoneWebhook } from "../support/lone-webhook";

/** What an `/update` leaves open that got lost or that was ignored, run by run, as the engine does it. */

const other = "https://api.example.com/other";
const rotated = (round: string) => ({ ...renders, rotateWhenChanged: { round } });

describe.each([false, true])("after a refresh: %s,", (refreshes) => {
    test.each([
        ["a slash at the end", renders.url, `${renders.url}/`],
        ["no slash at the end", `${renders.url}/`, renders.url],
        ["a letter's case", "https://api.example.com/Hooks", "https://api.example.com/hooks"],
        ["another path", renders.url, other],
    ])("a URL that was not changed is asked for again: %s", async (_, before, after) => {
        for (const kind of ["lost", "ignored"] as const) {
            for (const keepers of [undefined, { round: "1" }]) {
                const { emulator, run } = await startAccount();
                const stack = new LoneWebhook(run, await create(run(), { ...renders, url: before }));
                const wanted = { ...renders, url: after, rotateWhenChanged: keepers };
                if (kind === "lost") emulator.inject({ endpoint: "update", kind: "lost-request" });
                else emulator.behave({ ignoredFields: ["url"] });
                expect(await stack.up(wanted)).toBe("failed");
                emulator.behave({ ignoredFields: [] });
                if (refreshes) await stack.refresh();
                expect(await stack.up(wanted)).toBe("updated");
                expect(emulator.webhooks).toMatchObject([{ url: after, secret: stack.saved.secret }]);
                await stack.refresh();
                expect(await stack.up(wanted)).toBe("same");
                expect(stack.saved).not.toHaveProperty("unfinished");
            }
        }
    });

    test.each(["url", "enabledEvents"] as const)(
        "a program that goes back to what is in force rotates nothing: %s",
        async (name) => {
            const values = { url: other, enabledEvents: ["creator.failure"] };
            for (const kind of ["lost", "ignored"] as const) {
                for (const urlForm of ["as-sent", "lower-case", "trailing-slash", "tracking-query"] as const) {
                    const { emulator, run } = await startAccount({ urlForm });
                    const declared = { ...renders, url: "https://api.example.com/Hooks" };
                    const stack = new LoneWebhook(run, await create(run(), declared));
                    if (kind === "lost") emulator.inject({ endpoint: "update", kind: "lost-request" });
                    else emulator.behave({ ignoredFields: [name] });
                    expect(await stack.up({ ...declared, [name]: values[name] })).toBe("failed");
                    const calls = emulator.countCalls("update");
                    if (refreshes) await stack.refresh();
                    expect(await stack.up(declared)).not.toBe("failed");
                    await stack.refresh();
                    expect(await stack.up(declared)).toBe("same");
                    expect(emulator.countCalls("update")).toBe(calls);
                    expect(stack.saved.secret).toBe(emulator.webhooks[0]?.secret);
                }
            }
        },
    );

    test("what is shown otherwise is asked for twice at most, and is then the API's form of it", async () => {
        const changes = [{ url: other }, { enabledEvents: ["creator.failure"] }];
        const behaviours = [
            { urlForm: "tracking-query" },
            { ignoredFields: ["enabledEvents"] },
            { ignoredFields: ["url"] },
        ] as const;
        for (const behaviour of behaviours) {
            for (const change of changes) {
                for (const fault of [undefined, "lost-answer"] as const) {
                    const { emulator, run } = await startAccount(behaviour);
                    const stack = new LoneWebhook(
                        run,
                        await create(run(), { ...renders, enabledEvents: ["creator.success"] }),
                    );
                    if (fault !== undefined) emulator.inject({ endpoint: "update", kind: fault });
                    const results: string[] = [];
                    for (let round = 0; round < 5; round++) {
                        if (refreshes) await stack.refresh();
                        results.push(await stack.up({ ...renders, enabledEvents: ["creator.success"], ...change }));
                    }
                    expect(results.slice(-2)).toEqual(["same", "same"]);
                    // Where a response got lost and nothing has changed, the new secret may have been somebody else's.
                    const wasIgnored = fault !== undefined && "ignoredFields" in behaviour;
                    expect(emulator.countCalls("update")).toBeLessThanOrEqual(wasIgnored ? 3 : 2);
                    expect(stack.saved.secret).toBe(emulator.webhooks[0]?.secret);
                }
            }
        }
    });

    test.each([
        ["lower-case", "https://api.example.com/hooks", "https://api.example.com/Hooks"],
        ["trailing-slash", `${renders.url}/`, renders.url],
        ["no-trailing-slash", renders.url, `${renders.url}/`],
    ] as const)(
        "the way back from a spelling that the API does not show is sent, too: %s",
        async (urlForm, before, after) => {
            const { emulator, run } = await startAccount({ urlForm });
            const stack = new LoneWebhook(run, await create(run(), { ...renders, url: before }));
            expect(await stack.up({ ...renders, url: after })).toBe("failed");
            expect(emulator.webhooks).toMatchObject([{ url: after }]);
            if (refreshes) await stack.refresh();
            expect(await stack.up({ ...renders, url: before })).toBe("updated");
            expect(emulator.webhooks).toMatchObject([{ url: before, secret: stack.saved.secret }]);
            expect(await stack.up({ ...renders, url: before })).toBe("same");
        },
    );

    test.each([
        ["another spelling", `${renders.url}/`],
        ["another path", other],
    ])("a new secret that somebody else has made does not show that an /update was done: %s", async (_, url) => {
        for (const ignoredFields of [[], ["url"]] as const) {
            const { emulator, run } = await startAccount();
            const stack = new LoneWebhook(run, await create(run(), renders));
            emulator.inject({ endpoint: "update", kind: "lost-request" });
            expect(await stack.up({ ...renders, url })).toBe("failed");
            emulator.rotate(emulator.webhooks[0]?.id ?? "");
            if (refreshes) await stack.refresh();
            emulator.behave({ ignoredFields: [...ignoredFields] });
            const result = await stack.up({ ...renders, url });
            emulator.behave({ ignoredFields: [] });
            if (result === "failed") expect(await stack.up({ ...renders, url })).toBe("updated");
            // What is ignored in another spelling looks like an API that shows one spelling for both.
            if (url === other || ignoredFields.length === 0) expect(emulator.webhooks).toMatchObject([{ url }]);
            expect(stack.saved.secret).toBe(emulator.webhooks[0]?.secret);
            expect(await stack.up({ ...renders, url })).toBe("same");
        }
    });

    test.each(["lower-case", "trailing-slash"] as const)(
        "a spelling that a refresh of an unfinished update has saved is the API's: %s",
        async (urlForm) => {
            const { emulator, run } = await startAccount({ urlForm });
            const declared = { ...renders, url: "https://api.example.com/Hooks" };
            const stack = new LoneWebhook(run, await create(run(), declared));
            emulator.inject({ endpoint: "update", kind: "lost-request" });
            expect(await stack.up({ ...renders, url: other })).toBe("failed");
            await stack.refresh();
            expect(await stack.up(declared)).toBe("same");
            emulator.rotate(emulator.webhooks[0]?.id ?? "");
            await stack.refresh();
            expect(await stack.up(declared)).toBe("updated");
            if (refreshes) await stack.refresh();
            expect(await stack.up(declared)).toBe("same");
            expect(emulator.countCalls("update")).toBe(2);
        },
    );

    test("a webhook that is adopted from an API that shows another URL is changed twice at most", async () => {
        const { emulator, run, open } = await startAccount({ urlForm: "tracking-query" });
        const { id } = await open().client.register(renders, () => undefined);
        const wanted = { ...renders, adopt: id };
        const failure = await create(run(), wanted).catch((error: unknown) => error);
        if (!(failure instanceof PartialFailure)) throw failure;
        const stack = new LoneWebhook(run, failure, true);
        for (const expected of ["updated", "same", "same"]) {
            if (refreshes) await stack.refresh();
            expect(await stack.up(wanted)).toBe(expected);
        }
        expect(emulator.countCalls("update")).toBe(2);
    });
});

test.each(["lost-answer", "lost-request"] as const)(
    "a secret that is older than the saved one is never taken for a new one (%s)",
    async (kind) => {
        for (const listFails of [false, true]) {
            const { emulator, run } = await startAccount({ listLagMs: 200 });
            const stack = new LoneWebhook(run, await create(run(), renders));
            await delay(400);
            expect(await stack.up(rotated("1"))).toBe("updated");
            emulator.inject({ endpoint: "update", kind });
            if (listFails) emulator.inject({ endpoint: "list", kind: "error-before", times: 3 });
            await stack.up(rotated("2"));
            emulator.clearFaults();
            await stack.up(rotated("2"));
            expect(stack.saved).toMatchObject({ secret: emulator.webhooks[0]?.secret, secretVersion: 3 });
            expect(stack.saved).not.toHaveProperty("unfinished");
            expect(emulator.countCalls("update")).toBe(kind === "lost-answer" ? 2 : 3);
        }
    },
);

test("an update without a change, right after one that was done, does not take the secret that `/list` still shows", async () => {
    const { emulator, run } = await startAccount({ listLagMs: 200 });
    const { id, outputs } = await create(run(), renders);
    await delay(400);
    const done = stored(await update(run(), id, stored(outputs), rotated("1")));
    // As after a step of its own that failed half-way, or for a dependency.
    expect(await update(run(), id, done, rotated("1"))).toMatchObject({
        secret: emulator.webhooks[0]?.secret,
        secretVersion: 2,
    });
});

test("a state from before each setting was noted is asked about, and what the API showed in it is no habit", async () => {
    const { emulator, run } = await startAccount();
    const { id, outputs } = await create(run(), renders);
    const before = {
        ...stored(outputs),
        url: other,
        unfinished: "0123456789abcdef",
        shownAs: { url: "0123456789abcdef" },
    };
    expect(parseSaved(before)).toMatchObject({ unfinished: { rotateWhenChanged: "0123456789abcdef" } });
    expect(parseSaved(before)).not.toHaveProperty("shownAs");
    const now = await update(run(), id, before as unknown as WebhookOutputs, { ...renders, url: other });
    expect(now).toMatchObject({ url: other, secret: emulator.webhooks[0]?.secret });
    expect(emulator.countCalls("update")).toBe(1);
});
