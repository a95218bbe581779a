import { createServer } from "node:net";
import { expect, test, vi } from "vitest";
import { CaptionsClient } from "../../provider/api/client";
import { readableMessage } from "../../provider/api/redact";
import { CaptionsError } from "../../provider/errors";
import { create, renders, resource, settingNames, shortLimits, startAccount, stored, update } from "../support/account";
import { findLeaks } from "../support/leaks";

const patient = { maxWaitMs: 10_000 };

test.each([
    ["seconds", "1"],
    ["a date", "http-date"],
] as const)("a 429 makes all calls wait as long as Retry-After says, in %s, and the user is told", async (_, form) => {
    const { emulator, run, notes } = await startAccount();
    const retryAfter = form === "http-date" ? new Date(Date.now() + 2_000).toUTCString() : form;
    emulator.inject({ endpoint: "register", kind: "rate-limited", status: 429, retryAfter });
    const ledger = run(patient);
    const started = Date.now();
    await Promise.all(
        ["/a", "/b"].map((path) =>
            create(ledger, { ...renders, url: `https://api.example.com${path}` }, resource(path)),
        ),
    );
    expect(Date.now() - started).toBeGreaterThan(900);
    expect(emulator.webhooks).toHaveLength(2);
    expect(emulator.countCalls("register")).toBe(3);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/wait [12] s.*429/);
});

test("a 429 without Retry-After is waited for with growing pauses", async () => {
    const { emulator, run } = await startAccount();
    emulator.inject({ endpoint: "list", kind: "rate-limited", status: 429, times: 3 });
    await create(run(patient), renders);
    const [first, second, third, fourth] = emulator.calls.map(({ at }) => at) as [number, number, number, number];
    // Limits of 10, 20 and 40 ms, of which at least half is waited.
    expect(second - first).toBeGreaterThanOrEqual(4);
    expect(third - second).toBeGreaterThanOrEqual(9);
    expect(fourth - third).toBeGreaterThanOrEqual(19);
});

test("sixty creates under a limit of calls all come through, and few calls are wasted", async () => {
    const { emulator, run } = await startAccount({ rateLimit: { calls: 20, perSeconds: 1 } });
    const ledger = run(patient);
    const urls = Array.from({ length: 60 }, (_, index) => `https://api.example.com/${index}`);
    await Promise.all(urls.map((url) => create(ledger, { ...renders, url }, resource(url))));
    expect(emulator.webhooks).toHaveLength(60);
    // One call tells that the limit is reached, and at most seven others are under way at that moment.
    expect(emulator.countCalls()).toBeLessThanOrEqual(61 + 4 * 8);
});

test("a wait that is longer than anyone wants ends in an error that says so", async () => {
    const { emulator, run } = await startAccount();
    emulator.inject({ endpoint: "any", kind: "rate-limited", status: 429, retryAfter: 7200, times: 9 });
    const failure = create(run(), renders);
    await expect(failure).rejects.toThrow(/7200 s, longer than captions:waitAtMostSeconds/);
});

test("a limit that never ends is given up", async () => {
    const { emulator, run } = await startAccount();
    emulator.inject({ endpoint: "any", kind: "rate-limited", status: 429, retryAfter: 0, times: 100_000 });
    await expect(create(run({ maxWaitMs: 100 }), renders)).rejects.toThrow(/longer than captions:waitAtMostSeconds/);
});

test.each([
    [401, /captions:apiKey/],
    [403, /enterprise contract/],
    [404, /captions:baseUrl/],
    [422, /422/],
] as const)("status %i is an error that says what to do, and is not sent again", async (status, text) => {
    const { emulator, run } = await startAccount();
    emulator.inject({ endpoint: "register", kind: "error-before", status, times: 9 });
    const failure = create(run(), renders);
    await expect(failure).rejects.toThrow(text);
    await expect(failure).rejects.toThrow('Webhook "renders" (api.example.com): ');
    expect(emulator.countCalls("register")).toBe(1);
});

test("reading calls are tried again after 5xx, resets and garbage, and then given up", async () => {
    for (const kind of ["error-before", "lost-answer", "garbage"] as const) {
        const { emulator, run } = await startAccount();
        emulator.inject({ endpoint: "list", kind, times: 2 });
        await create(run(), renders);
        expect(emulator.countCalls("list")).toBe(3);
        emulator.inject({ endpoint: "list", kind, times: 3 });
        await expect(create(run(), renders)).rejects.toThrow(CaptionsError);
    }
});

test("a redirect is never followed", async () => {
    const { emulator, run } = await startAccount();
    const elsewhere = await startAccount();
    emulator.inject({ endpoint: "any", kind: "redirect", body: elsewhere.emulator.baseUrl, times: 9 });
    await expect(create(run(), renders)).rejects.toThrow(/[Rr]edirects are never followed/);
    expect(elsewhere.emulator.calls).toEqual([]);
});

test("a server that hangs is given up after the time limit", async () => {
    const { emulator, run } = await startAccount();
    emulator.inject({ endpoint: "list", kind: "hang", times: 9 });
    await expect(create(run({ callTimeoutMs: 100 }), renders)).rejects.toThrow(/no complete response within 0.1 s/);
});

test("a server that is not there is an error that says so, and what to look at", async () => {
    const { emulator, run } = await startAccount();
    await emulator.stop();
    const failure = create(run(), renders);
    await expect(failure).rejects.toThrow(/ECONNREFUSED.*captions:baseUrl/s);
});

test("a host name that does not exist is an error that says so", async () => {
    const limits = shortLimits;
    const client = new CaptionsClient({
        apiKey: "key",
        baseUrl: "https://nowhere.invalid",
        limits,
        names: settingNames,
        notify: vi.fn(),
    });
    await expect(client.list()).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
});

test("a server that accepts and never speaks TLS is given up after the time for connecting", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const limits = { ...shortLimits, connectTimeoutMs: 100 };
    const baseUrl = `https://127.0.0.1:${port}`;
    const client = new CaptionsClient({ apiKey: "key", baseUrl, limits, names: settingNames, notify: vi.fn() });
    await expect(client.list()).rejects.toThrow(/no connection within/);
    server.close();
});

test("responses that do not match the documentation are errors, never stored", async () => {
    const { emulator, run } = await startAccount();
    for (const kind of ["garbage", "wrong-shape"] as const) {
        emulator.inject({ endpoint: "list", kind, times: 3 });
        await expect(create(run(), renders)).rejects.toThrow(/does not match the API documentation/);
    }
    expect(emulator.webhooks).toEqual([]);
});

test("fields that are new in answers do no harm, nor do a wrong content type and compression", async () => {
    for (const behaviour of [
        { extraFields: true },
        { contentType: "text/plain" },
        { compression: "gzip" },
        { compression: "br" },
    ] as const) {
        const { emulator, run } = await startAccount(behaviour);
        const { outputs } = await create(run(), renders);
        expect(outputs.secret).toBe(emulator.webhooks[0]?.secret);
        expect(Object.keys(outputs).sort()).toEqual(["changedAt", "enabledEvents", "secret", "secretVersion", "url"]);
    }
});

test.each(["close-after", "close-on-reuse"] as const)(
    "a server that closes its connections (%s) does not fail a run",
    async (kind) => {
        const { emulator, run } = await startAccount();
        const ledger = run({ listLagMs: 50 });
        for (const index of Array.from({ length: 5 }).keys()) {
            const url = `https://api.example.com/${index}`;
            emulator.inject({ endpoint: "any", kind, times: 9 });
            const { id, outputs } = await create(ledger, { ...renders, url }, resource(url));
            emulator.clearFaults();
            emulator.inject({ endpoint: "any", kind, times: 9 });
            await update(
                ledger,
                id,
                stored(outputs),
                { ...renders, url, enabledEvents: ["creator.success"] },
                resource(url),
            );
        }
        expect(emulator.webhooks).toHaveLength(5);
    },
);

test("neither the key nor a secret is in an error, whatever the server echoes", async () => {
    const { emulator, run, notes } = await startAccount();
    const messages: string[] = [];
    for (const endpoint of ["list", "register"] as const) {
        for (const kind of [
            "echo-secrets",
            "error-before",
            "error-after",
            "garbage",
            "wrong-shape",
            "lost-answer",
        ] as const) {
            emulator.inject({ endpoint, kind, status: 500, times: 9 });
            const url = `https://api.example.com/${endpoint}/${kind}`;
            await create(run({ listLagMs: 20 }), { ...renders, url }).catch((error: Error) => {
                messages.push(
                    String(error),
                    String(error.stack),
                    JSON.stringify(error),
                    JSON.stringify(Object.values(error)),
                );
                expect(error).toBeInstanceOf(CaptionsError);
                expect(error.stack).toBe("");
            });
            emulator.clearFaults();
        }
    }
    expect(messages.length).toBeGreaterThan(20);
    const secrets = [emulator.apiKey, ...emulator.webhooks.map(({ secret }) => secret)];
    expect(
        findLeaks(
            new Map([
                ["errors", messages.join("\n")],
                ["notes", notes.join("\n")],
            ]),
            secrets,
        ),
    ).toEqual([]);
});

test.each([
    ['{"error": "URL is not reachable."}', "URL is not reachable."],
    ['{"message": "Unknown webhook wh_12ab for key sk_live_123"}', "Unknown webhook … for key …"],
    ['{"error": {"message": "no such event"}}', "no such event"],
    ['{"error": "bad header x-api-key: Zm9vYmFyYmF6"}', "bad header x-api-key: …"],
    ["Too many requests, wait 5 seconds", "Too many requests, wait 5 seconds"],
    ["<html><body>Bad gateway</body></html>", ""],
    ['{"detail": 5}', ""],
    ["", ""],
])("of a server's error %s the words %j are shown", (body, shown) => {
    expect(readableMessage(body)).toBe(shown);
});
