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

    test("tells live what changes, and is never one of the calls", async () => {
        const emulator = await start();
        const answer = await fetch(`${emulator.url}/_emulator/live`);
        expect(answer.headers.get("content-type")).toBe("text/event-stream");
        emulator.register(renders);
        let text = "";
        const decoder = new TextDecoder();
        for await (const part of answer.body ?? []) {
            text += decoder.decode(part);
            if (text.includes(renders.url)) break;
        }
        expect(text).toMatch(/^data: \{.*"webhooks":\[\]/);
        expect(text).not.toContain("whsec_");
        expect(emulator.calls).toEqual([]);
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

    test.each(["127.0.0.1", "localhost", "localhost:1234", "[::1]:80", "127.9.9.9"])(
        "are not meant by the host %s",
        async (host) => {
            const emulator = await start();
            const own = { Host: host, "Sec-Fetch-Site": "same-origin", Origin: `http://${host.replace(/:80$/, "")}` };
            expect(await request(emulator, "/", { ...own, Host: host.replace(/:80$/, "") })).toBe(200);
        },
    );

    test("the API itself answers to any host name, as it has a key", async () => {
        const emulator = await start();
        const headers = { Host: "emulator:4010", "x-api-key": emulator.apiKey };
        expect(await request(emulator, "/api/webhooks/list", headers)).toBe(200);
    });
});
