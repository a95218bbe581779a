import { describe, expect, test } from "vitest";
import { backoffMs, parseRetryAfter, waitMs } from "../../provider/api/retry";
import { create, renders, startAccount } from "../support/account";

const now = Date.parse("2026-11-24T12:00:00Z");

test.each([
    ["120", 120_000],
    [" 0 ", 0],
    ["Tue, 24 Nov 2026 12:00:30 GMT", 30_000],
    ["Tuesday, 24-Nov-26 12:00:30 GMT", 30_000],
    ["Tue Nov 24 12:00:30 2026", 30_000],
    ["Tue, 24 Nov 2026 11:00:00 GMT", 0],
])("Retry-After %j is a number of seconds or an HTTP date", (header, ms) => {
    expect(parseRetryAfter(header, now)).toBe(ms);
});

test.each(["0.3", "-5", "soon", "", "1e3", "0x10", "2026-11-24T12:00:30Z", "24 Nov 2026", "Tue, soon", undefined])(
    "Retry-After %j says nothing",
    (header) => {
        expect(parseRetryAfter(header, now)).toBeUndefined();
    },
);

test("no wait is shorter than our own pause, whatever the API asks for", () => {
    expect(waitMs(undefined, 500)).toBe(500);
    expect(waitMs(0, 500)).toBe(500);
    expect(waitMs(2_000, 500)).toBe(2_000);
});

test("pauses double, up to a minute, and half of each is random", () => {
    expect(backoffMs(1_000, 1, 0)).toBe(500);
    expect(backoffMs(1_000, 3, 1)).toBe(4_000);
    expect(backoffMs(1_000, 30, 1)).toBe(60_000);
});

describe("an API that asks to wait for no time at all", () => {
    test.each(["zero", "fraction", "negative", "past-date", "text", "empty", "none"] as const)(
        "(Retry-After: %s) is not called in a loop",
        async (retryAfter) => {
            const { emulator, run } = await startAccount({ retryAfter, rateLimit: { calls: 1, perSeconds: 3_600 } });
            const failure = create(run({ maxWaitMs: 600, firstBackoffMs: 40 }), renders);
            await expect(failure).rejects.toThrow(/captions:waitAtMostSeconds/);
            // 20 to 40 ms, then twice as long each time: six fit into the time, after `/list`, which uses up the limit.
            expect(emulator.countCalls()).toBeLessThanOrEqual(9);
        },
        20_000,
    );
});

test("any response that is no wait ends the time for which the API was waited for, a 404 too", async () => {
    const { emulator, run } = await startAccount();
    const session = run({ maxWaitMs: 1_500 });
    emulator.inject({ endpoint: "list", kind: "rate-limited", status: 429, retryAfter: 1 });
    emulator.inject({ endpoint: "list", kind: "error-before", status: 404 });
    await expect(create(session, renders)).rejects.toThrow(/status 404/);
    // The second of these comes two seconds after the first wait began, and one second after the 404.
    emulator.inject({ endpoint: "list", kind: "rate-limited", status: 429, retryAfter: 1, times: 2 });
    await create(session, renders);
    expect(emulator.webhooks).toHaveLength(1);
});
