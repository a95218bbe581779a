import { describe, expect, test } from "vitest";
import { both, call, eventually, renders, start } from "./support";

describe("the webhook endpoints", () => {
    test("/events names the events", async () => {
        expect((await call(await start(), "events")).json).toEqual({ events: both });
    });

    test("/register answers a new webhook with an id and a secret of its own, and /list shows it", async () => {
        const emulator = await start();
        const one = await call(emulator, "register", renders);
        const two = await call(emulator, "register", renders);
        expect(one.json).toEqual({
            id: expect.stringMatching(/^wh_\w{10,}$/),
            secret: expect.stringMatching(/^whsec_[\w-]{43}$/),
            ...renders,
        });
        expect(two.json.id).not.toBe(one.json.id);
        expect(two.json.secret).not.toBe(one.json.secret);
        expect((await call(emulator, "list")).json).toEqual({ registeredWebhooks: [one.json, two.json] });
        expect(emulator.webhooks).toEqual([one.json, two.json]);
    });

    test("/update changes what is given, and the secret every time, even with only an id", async () => {
        const emulator = await start();
        const { json: before } = await call(emulator, "register", renders);
        const { json: moved } = await call(emulator, "update", { id: before.id, url: "https://b.example/h" });
        expect(moved).toEqual({
            ...before,
            url: "https://b.example/h",
            secret: expect.not.stringMatching(before.secret),
        });
        const { json: rotated } = await call(emulator, "update", { id: before.id });
        expect(rotated).toEqual({ ...moved, secret: expect.not.stringMatching(moved.secret) });
        const { json: fewer } = await call(emulator, "update", { id: before.id, enabledEvents: ["creator.failure"] });
        expect(fewer.enabledEvents).toEqual(["creator.failure"]);
        expect(emulator.webhooks).toEqual([fewer]);
    });

    test("/delete removes the webhook", async () => {
        const emulator = await start();
        const { id } = emulator.register(renders);
        expect((await call(emulator, "delete", { id })).json).toEqual({ success: true });
        expect(emulator.webhooks).toEqual([]);
    });

    test("only a POST is taken", async () => {
        const emulator = await start();
        const answer = await call(emulator, "list", undefined, { method: "GET" });
        expect(answer.status).toBe(405);
        expect(answer.headers.get("allow")).toBe("POST");
    });

    test("an unknown path is 404, and is recorded as another call", async () => {
        const emulator = await start();
        expect((await call(emulator, "constructor")).status).toBe(404);
        expect((await call(emulator, `${emulator.url}/api`)).status).toBe(404);
        expect(emulator.calls.map(({ endpoint }) => endpoint)).toEqual(["other", "other"]);
        expect(emulator.countCalls()).toBe(0);
    });

    test.each(["", "emulator-keys", "x"])("a wrong key %o is refused", async (key) => {
        const emulator = await start();
        expect((await call(emulator, "list", undefined, { headers: { "x-api-key": key } })).status).toBe(401);
    });

    test("a missing key is refused, even when the key is empty", async () => {
        const emulator = await start({}, { apiKey: "" });
        expect((await fetch(`${emulator.baseUrl}/list`, { method: "POST" })).status).toBe(401);
    });

    test.each([
        ["register", {}],
        ["register", { url: "https://a.example" }],
        ["register", { ...renders, enabledEvents: [] }],
        ["register", { ...renders, enabledEvents: "creator.success" }],
        ["register", { ...renders, url: "no url" }],
        ["register", { ...renders, url: "ftp://a.example" }],
        ["register", { ...renders, enabledEvents: ["creator.unheard"] }],
        ["register", "{"],
        ["register", "null"],
        ["update", {}],
        ["delete", {}],
        ["delete", { id: 1 }],
    ])("/%s refuses the body %j and changes nothing", async (endpoint, body) => {
        const emulator = await start();
        const answer = await call(emulator, endpoint, body);
        expect(answer.status).toBe(400);
        expect(answer.json).toEqual({ error: expect.any(String) });
        expect(emulator.webhooks).toEqual([]);
    });

    test("a body that isn't declared as JSON is refused with the reason", async () => {
        const answer = await call(await start(), "register", renders, { headers: { "Content-Type": "text/plain" } });
        expect(answer.json.error).toContain("application/json");
    });

    test("a body beyond 1 MiB is refused", async () => {
        const emulator = await start();
        const answer = await call(emulator, "register", { ...renders, more: "x".repeat(1024 * 1024) });
        expect(answer.status).toBe(413);
        expect(emulator.webhooks).toEqual([]);
    });
});

describe("the creator's endpoints", () => {
    test("/submit takes a script of 800 characters, and /poll tells how far it is", async () => {
        const emulator = await start();
        const { json } = await call(emulator, `${emulator.creatorUrl}/submit`, {
            script: "x".repeat(800),
            creatorName: "Kate",
            resolution: "4k",
        });
        expect(json).toEqual({ operationId: expect.any(String) });
        const poll = async () => (await call(emulator, `${emulator.creatorUrl}/poll`, json)).json;
        expect(await poll()).toEqual({ state: "PROCESSING", progress: 0 });
        await emulator.finishVideo(json.operationId, "success");
        const done = await poll();
        expect(done).toEqual({ state: "COMPLETE", url: expect.stringMatching(/\.mp4\?.*Signature=/) });
        const video = await fetch(done.url);
        expect(video.headers.get("content-type")).toBe("video/mp4");
        expect((await fetch(done.url.replace(/.$/, "g"))).status).toBe(403);
    });

    test("/submit refuses a longer script, and a missing key", async () => {
        const emulator = await start();
        const submit = `${emulator.creatorUrl}/submit`;
        expect((await call(emulator, submit, { script: "x".repeat(801) })).status).toBe(400);
        expect((await call(emulator, submit, { script: "x" }, { headers: { "x-api-key": "" } })).status).toBe(401);
        expect(emulator.videos).toEqual([]);
    });

    test("/poll tells of a failed video, and refuses an unknown operation", async () => {
        const emulator = await start();
        const operationId = emulator.submitVideo();
        await emulator.finishVideo(operationId, "failure");
        const poll = `${emulator.creatorUrl}/poll`;
        expect((await call(emulator, poll, { operationId })).json.state).toBe("FAILED");
        expect((await call(emulator, poll, { operationId: "none" })).status).toBe(404);
    });
});

describe("the record of calls", () => {
    test("has the endpoint, body, status and webhook of each, without the key and secrets", async () => {
        const emulator = await start();
        const { id, secret } = (await call(emulator, "register", renders)).json;
        await call(emulator, "update", { id, more: [`${secret} ${emulator.apiKey}`] });
        expect(emulator.calls).toEqual([
            {
                at: expect.any(Number),
                endpoint: "register",
                path: "/api/webhooks/register",
                body: renders,
                webhookId: id,
                status: 200,
                answered: true,
            },
            expect.objectContaining({ endpoint: "update", body: { id, more: ["******** ********"] }, webhookId: id }),
        ]);
    });

    test("counts by endpoint, and starts again when cleared", async () => {
        const emulator = await start();
        await call(emulator, "list");
        await call(emulator, "list");
        await call(emulator, `${emulator.creatorUrl}/submit`, { script: "x" });
        expect([emulator.countCalls(), emulator.countCalls("list"), emulator.countCalls("submit")]).toEqual([2, 2, 1]);
        emulator.clearCalls();
        expect(emulator.calls).toEqual([]);
        expect(emulator.maxInFlight).toBe(0);
    });

    test("can be waited for, whether the call has come already or not, and for its answer", async () => {
        const emulator = await start();
        const coming = emulator.whenCalled(({ status }) => status === 404);
        await call(emulator, "list");
        expect((await emulator.whenCalled(({ endpoint }) => endpoint === "list")).endpoint).toBe("list");
        await call(emulator, "delete", { id: "wh_none" });
        expect(await coming).toMatchObject({ endpoint: "delete", webhookId: "wh_none" });
    });

    test("a predicate that throws rejects", async () => {
        const emulator = await start();
        await call(emulator, "list");
        const waiting = emulator.whenCalled(() => {
            throw new Error("mine");
        });
        await expect(waiting).rejects.toThrow("mine");
    });

    test("tells how many calls and connections there were at the same time", async () => {
        const emulator = await start();
        emulator.inject({ endpoint: "list", kind: "hang", times: 3 });
        const ending = new AbortController();
        const hanging = Array.from({ length: 3 }, () => call(emulator, "list", undefined, { signal: ending.signal }));
        await Promise.all([1, 2, 3].map((count) => emulator.whenCalled(() => emulator.countCalls("list") >= count)));
        expect([emulator.inFlight, emulator.maxInFlight, emulator.connections]).toEqual([3, 3, 3]);
        ending.abort();
        await Promise.allSettled(hanging);
        await eventually(() => emulator.inFlight).toBe(0);
        expect(emulator.maxInFlight).toBe(3);
    });
});

describe("changes by hand", () => {
    test("are no calls, and rotate as the API does", async () => {
        const emulator = await start();
        const one = emulator.register(renders);
        const two = emulator.update(one.id, { url: "https://b.example/" });
        const three = emulator.rotate(one.id);
        expect(new Set([one.secret, two.secret, three.secret]).size).toBe(3);
        expect(emulator.webhooks).toEqual([three]);
        expect(three.url).toBe("https://b.example/");
        emulator.remove(one.id);
        expect(emulator.webhooks).toEqual([]);
        expect(emulator.calls).toEqual([]);
        expect(() => emulator.remove(one.id)).toThrow(one.id);
        expect(() => emulator.rotate(one.id)).toThrow(one.id);
    });

    test("what was handed out doesn't change the emulator", async () => {
        const emulator = await start();
        const webhook = emulator.register(renders);
        (webhook.enabledEvents as string[]).push("mine");
        for (const { enabledEvents } of emulator.webhooks) (enabledEvents as string[]).push("mine");
        expect(emulator.webhooks[0]?.enabledEvents).toEqual(both);
    });
});
