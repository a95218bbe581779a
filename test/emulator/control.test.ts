import * as http from "node:http";
import { describe, expect, test } from "vitest";
import type { Emulator } from "../../emulator";
import { both, call, receive, renders, start } from "./support";

async function control(emulator: Emulator, method: string, path: string, body?: unknown) {
    const answer = await call(emulator, `${emulator.url}/_emulator${path}`, body, { method });
    return { status: answer.status, json: answer.json, text: answer.text };
}

/** With headers that `fetch` doesn't let one set. */
function request(emulator: Emulator, path: string, headers: Record<string, string>): Promise<number> {
    return new Promise((resolve, reject) => {
        const method = path.startsWith("/api") ? "POST" : "GET";
        http.request(`${emulator.url}${path}`, { method, headers, agent: false }, (answer) => {
            answer.resume();
            resolve(answer.statusCode ?? 0);
        })
            .on("error", reject)
            .end();
    });
}

describe("the control endpoint", () => {
    test("shows the state with secrets masked, and a secret on request", async () => {
        const emulator = await start();
        const { id, secret } = emulator.register(renders);
        await call(emulator, "list");
        const { text, json } = await control(emulator, "GET", "/state");
        expect(json).toMatchObject({
            baseUrl: emulator.baseUrl,
            apiKey: emulator.apiKey,
            webhooks: [{ id, ...renders, secret: "********", secretVersion: 1 }],
            calls: [{ endpoint: "list" }],
            deliveries: [],
        });
        expect(text).not.toContain(secret);
        expect((await control(emulator, "GET", `/webhooks/${id}/secret`)).json).toEqual({ secret });
        expect((await control(emulator, "GET", "/webhooks/wh_none/secret")).status).toBe(404);
    });

    test("changes the behaviour, injects and clears faults", async () => {
        const emulator = await start();
        await control(emulator, "POST", "/behaviour", { unknownIdStatus: 410 });
        expect(emulator.behaviour.unknownIdStatus).toBe(410);
        const fault = { endpoint: "list", kind: "error-before" };
        await control(emulator, "POST", "/faults", fault);
        expect((await call(emulator, "list")).status).toBe(500);
        await control(emulator, "POST", "/faults", fault);
        await control(emulator, "DELETE", "/faults");
        expect((await call(emulator, "list")).status).toBe(200);
    });

    test("delivers an event again, and says why it cannot", async () => {
        const emulator = await start();
        const { url, received } = await receive();
        const { id: webhookId, secret } = emulator.register({ url, enabledEvents: both });
        const [first] = await emulator.finishVideo(emulator.submitVideo(), "success");
        const redeliver = (body: object) => control(emulator, "POST", "/deliveries/redeliver", body);
        const again = await redeliver({ id: first?.id });
        expect(again.json).toMatchObject({ delivery: { webhookId, attempt: 2, accepted: true, status: 200 } });
        for (const text of [again.text, (await control(emulator, "GET", "/state")).text]) {
            expect(text).not.toContain(secret);
            expect(text).not.toContain("X-Amz-Signature");
        }
        emulator.remove(webhookId);
        for (const [body, error] of [
            [{ id: first?.id }, `The webhook ${webhookId} has been deleted`],
            [{ id: "none" }, "There is no such delivery"],
            [{}, "The body is not usable"],
            [{ id: first?.id, secret: "x" }, "The body is not usable"],
        ] as const) {
            expect(await redeliver(body)).toMatchObject({
                status: 400,
                json: { error: expect.stringContaining(error) },
            });
        }
        expect(received).toHaveLength(2);
    });

    test("finishes a video, a new one if none is named, and tells what receivers answered", async () => {
        const emulator = await start();
        const { url } = await receive();
        emulator.register({ url, enabledEvents: both });
        const operationId = emulator.submitVideo();
        const finish = (body: object) => control(emulator, "POST", "/videos/finish", body);
        expect((await finish({ operationId, outcome: "failure" })).json).toMatchObject({
            operationId,
            deliveries: [{ accepted: true, event: "creator.failure" }],
        });
        expect((await finish({ outcome: "success" })).json.deliveries).toHaveLength(1);
        expect((await control(emulator, "GET", "/deliveries")).json.deliveries).toHaveLength(2);
    });

    test("lists calls, and resets everything", async () => {
        const emulator = await start({ extraFields: true });
        await call(emulator, "register", renders);
        expect((await control(emulator, "GET", "/calls")).json.calls).toHaveLength(1);
        emulator.behave({ extraFields: false });
        emulator.inject({ endpoint: "any", kind: "error-before" });
        await control(emulator, "POST", "/reset");
        expect([emulator.webhooks, emulator.calls, emulator.videos, emulator.deliveries]).toEqual([[], [], [], []]);
        expect(emulator.behaviour.extraFields).toBe(true);
        expect((await call(emulator, "list")).status).toBe(200);
    });

    test.each([
        ["POST", "/behaviour", { colour: "red" }],
        ["POST", "/behaviour", "null"],
        ["POST", "/behaviour", "{"],
        ["POST", "/faults", { endpoint: "list", kind: "none" }],
        ["POST", "/faults", undefined],
        ["POST", "/videos/finish", { outcome: "perhaps" }],
        ["POST", "/videos/finish", { outcome: "success", operationId: "none" }],
    ])("refuses %s %s with %j, and says why", async (method, path, body) => {
        const { status, json } = await control(await start(), method, path, body);
        expect([status, json]).toEqual([400, { error: expect.stringMatching(/\w/) }]);
    });

    test.each([
        ["GET", "/nothing"],
        ["POST", "/state"],
        ["GET", "/reset"],
    ])("has no %s %s", async (method, path) => {
        expect((await control(await start(), method, path)).status).toBe(404);
    });

    test("tells live that something has changed, and is never one of the calls", async () => {
        const emulator = await start();
        const answer = await fetch(`${emulator.url}/_emulator/live`);
        expect(answer.headers.get("content-type")).toBe("text/event-stream");
        const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
        const next = async () => new TextDecoder().decode((await reader.read()).value);
        expect(await next()).toBe("data: changed\n\n");
        emulator.register(renders);
        expect(await next()).toBe("data: changed\n\n");
        await reader.cancel();
        expect(emulator.calls).toEqual([]);
    });

    test("shows a page of each list, with secrets masked", async () => {
        const emulator = await start();
        for (let count = 0; count < 25; count++) emulator.register({ ...renders, url: `https://a.example/${count}` });
        await call(emulator, "list");
        await call(emulator, "events");
        const { text, json } = await control(emulator, "GET", "/view?webhooks=3&callsFilter=EVENTS&deliveries=9");
        expect(json).toMatchObject({
            webhooks: { total: 25, matching: 25, page: 3 },
            calls: { total: 2, matching: 1, page: 1, entries: [{ endpoint: "events" }], since: { cleared: false } },
            deliveries: { total: 0, matching: 0, page: 1, entries: [] },
        });
        expect(json.webhooks.entries.map(({ url }: { url: string }) => url)).toEqual(
            [20, 21, 22, 23, 24].map((count) => `https://a.example/${count}`),
        );
        expect(text).not.toContain("whsec_");
    });
});

describe("other web sites", () => {
    const paths = ["/", "/_emulator/state", "/_emulator/live"];

    test.each(paths)("can't reach %s through a name of their own (DNS rebinding)", async (path) => {
        const emulator = await start();
        for (const host of [
            "evil.example",
            "evil.example:80",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "[",
        ]) {
            expect(await request(emulator, path, { Host: host })).toBe(403);
        }
    });

    test.each([...paths, "/api/webhooks/list"])("can't make a browser ask for %s", async (path) => {
        const emulator = await start();
        const { host } = new URL(emulator.url);
        const key = { "x-api-key": emulator.apiKey };
        const foreign: Record<string, string>[] = [
            { "Sec-Fetch-Site": "cross-site" },
            { "Sec-Fetch-Site": "same-site" },
            { Origin: "https://evil.example" },
            { Origin: "null" },
            { Origin: "http://127.0.0.1:1" },
            { Origin: "http://evil.example", Host: "evil.example", "Sec-Fetch-Site": "same-origin" },
        ];
        for (const headers of foreign) {
            expect(await request(emulator, path, { Host: host, ...key, ...headers })).toBe(403);
        }
        expect(emulator.calls).toEqual([]);
    });

    test.each(["127.0.0.1", "localhost", "LocalHost:1234", "[::1]:80", "127.9.9.9"])(
        "are not meant by the host %s",
        async (host) => {
            const emulator = await start();
            const own = { Host: host, "Sec-Fetch-Site": "same-origin", Origin: new URL(`http://${host}`).origin };
            expect(await request(emulator, "/", { ...own, Host: new URL(own.Origin).host })).toBe(200);
        },
    );

    test("the API itself answers to any host name, as it has a key", async () => {
        const emulator = await start();
        const headers = { Host: "emulator:4010", "x-api-key": emulator.apiKey };
        expect(await request(emulator, "/api/webhooks/list", headers)).toBe(200);
    });
});

describe("where other machines can connect", () => {
    const controls = ["/_emulator/state", "/_emulator/view", "/_emulator/live", "/_emulator/webhooks/wh_1/secret"];

    test.each(controls)("%s needs the key, whatever host a request names", async (path) => {
        const emulator = await start({}, { host: "0.0.0.0" });
        for (const Host of ["localhost", "127.0.0.1", "build-box:4010"]) {
            expect(await request(emulator, path, { Host })).toBe(401);
            expect(await request(emulator, path, { Host, "x-api-key": "emulator-key" })).toBe(401);
        }
    });

    test.each([
        ["POST", "/faults", { endpoint: "list", kind: "hang" }],
        ["POST", "/behaviour", { latencyMs: 1000 }],
        ["POST", "/videos/finish", { outcome: "success" }],
        ["POST", "/deliveries/redeliver", { id: "first" }],
        ["POST", "/reset", undefined],
        ["DELETE", "/faults", undefined],
    ])("%s %s does nothing without the key", async (method, path, body) => {
        const emulator = await start({}, { host: "0.0.0.0" });
        const { url, received } = await receive();
        emulator.register({ url, enabledEvents: both });
        const headers = { "x-api-key": "guessed", Host: "localhost" };
        const answer = await call(emulator, `${emulator.url}/_emulator${path}`, body, { method, headers });
        expect([answer.status, answer.json.error]).toEqual([401, expect.stringContaining("x-api-key")]);
        expect([emulator.behaviour.latencyMs, emulator.webhooks.length, received]).toEqual([0, 1, []]);
        expect((await call(emulator, "list")).status).toBe(200);
    });

    test("a name in any case is its own host, with the key", async () => {
        const emulator = await start({}, { host: "0.0.0.0" });
        const own = { Host: "build-box:4010", Origin: "http://build-box:4010", "Sec-Fetch-Site": "same-origin" };
        expect(await request(emulator, "/", own)).toBe(200);
        expect(await request(emulator, "/_emulator/state", { ...own, "x-api-key": emulator.apiKey })).toBe(200);
        const foreign = { ...own, "x-api-key": emulator.apiKey, Origin: "http://evil.example" };
        expect(await request(emulator, "/_emulator/state", foreign)).toBe(403);
    });

    test("an upper-case name for this machine only needs no key", async () => {
        const emulator = await start({}, { host: "LOCALHOST" });
        expect((await fetch(`${emulator.url}/_emulator/state`)).status).toBe(200);
        expect(emulator.pageUrl).toBe(`${emulator.url}/`);
    });

    test("the key cannot be guessed unless one is given", async () => {
        const [one, other] = [await start({}, { host: "0.0.0.0" }), await start({}, { host: "0.0.0.0" })];
        expect(one.apiKey).toMatch(/^[\w-]{32}$/);
        expect(one.apiKey).not.toBe(other.apiKey);
        expect(one.pageUrl).toBe(`${one.url}/#key=${one.apiKey}`);
        expect((await start({}, { host: "0.0.0.0", apiKey: "mine & only" })).pageUrl).toMatch(
            /#key=mine%20%26%20only$/,
        );
    });
});
