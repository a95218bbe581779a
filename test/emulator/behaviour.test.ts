import { describe, expect, test } from "vitest";
import { type Behaviour, defaultBehaviour, EmulatorError, startEmulator } from "../../emulator";
import { both, call, eventually, renders, start } from "./support";

const statuses: [keyof Behaviour, string, unknown, Partial<Behaviour>?][] = [
    ["unknownIdStatus", "update", { id: "wh_none" }],
    ["unknownIdStatus", "delete", { id: "wh_none" }],
    ["badUrlStatus", "register", { ...renders, url: "nowhere" }],
    ["unknownEventStatus", "register", { ...renders, enabledEvents: ["creator.unheard"] }],
    ["badRequestStatus", "register", {}],
    ["noContractStatus", "list", undefined, { noContract: true }],
    ["badKeyStatus", "list", undefined],
];

describe("errors", () => {
    test.each(statuses)("%s is the status of its error (/%s)", async (name, endpoint, body, more) => {
        const emulator = await start({ [name]: 418, ...more });
        const headers: Record<string, string> = name === "badKeyStatus" ? { "x-api-key": "wrong" } : {};
        expect((await call(emulator, endpoint, body, { headers })).status).toBe(418);
    });

    test.each([
        ["json-error", "application/json", /^\{"error":"There is no webhook.*"\}$/],
        ["json-message", "application/json", /^\{"message":"There is no webhook.*"\}$/],
        ["text", "text/plain; charset=utf-8", /^There is no webhook/],
        ["html", "text/html; charset=utf-8", /<h1>404<\/h1><p>There is no webhook with the id &#60;b&#62;/],
        ["empty", null, /^$/],
    ] as const)("have a body of the form %s", async (errorBody, type, body) => {
        const answer = await call(await start({ errorBody }), "delete", { id: "<b>" });
        expect(answer.headers.get("content-type")).toBe(type);
        expect(answer.text).toMatch(body);
    });

    test("repeat the key and the secrets with echoSecrets", async () => {
        const emulator = await start({ echoSecrets: true });
        const { secret } = emulator.register(renders);
        const { text } = await call(emulator, "delete", { id: "wh_none" });
        expect(text).toContain(secret);
        expect(text).toContain(emulator.apiKey);
    });
});

describe("duplicateUrls", () => {
    const twice = async (behaviour: Partial<Behaviour>) => {
        const emulator = await start(behaviour);
        const first = (await call(emulator, "register", renders)).json;
        const url = "https://API.example.com:443/hooks/captions";
        return { emulator, first, second: await call(emulator, "register", { ...renders, url }) };
    };

    test("refused answers an error that names the webhook", async () => {
        const { emulator, first, second } = await twice({ duplicateUrls: "refused" });
        expect(second.status).toBe(409);
        expect(second.text).toContain(first.id);
        expect(emulator.webhooks).toHaveLength(1);
        const other = emulator.register({ ...renders, url: "https://b.example" });
        expect((await call(emulator, "update", { id: other.id, url: renders.url })).status).toBe(409);
        expect((await call(emulator, "update", { id: first.id, url: renders.url })).status).toBe(200);
    });

    test("merged answers the webhook that is there", async () => {
        const { first, second } = await twice({ duplicateUrls: "merged" });
        expect(second.json).toEqual(first);
    });

    test("merged-new-secret answers it with another secret", async () => {
        const { emulator, first, second } = await twice({ duplicateUrls: "merged-new-secret" });
        expect(second.json.id).toBe(first.id);
        expect(second.json.secret).not.toBe(first.secret);
        expect(emulator.webhooks).toEqual([second.json]);
    });
});

describe("deletes", () => {
    test.each([
        ["success", true],
        ["false", false],
    ] as const)("of an unknown id are answered with deleteUnknown: %s", async (deleteUnknown, success) => {
        const answer = await call(await start({ deleteUnknown }), "delete", { id: "wh_none" });
        expect([answer.status, answer.json]).toEqual([200, { success }]);
    });

    test("do nothing with deleteAnswersFalse", async () => {
        const emulator = await start({ deleteAnswersFalse: true });
        const { id } = emulator.register(renders);
        expect((await call(emulator, "delete", { id })).json).toEqual({ success: false });
        expect(emulator.webhooks).toHaveLength(1);
    });
});

describe("lists", () => {
    test("lag behind what was registered, updated and deleted", async () => {
        const emulator = await start({ listLagMs: 60_000 });
        const listed = async () => (await call(emulator, "list")).json.registeredWebhooks;
        const { id } = (await call(emulator, "register", renders)).json;
        expect(await listed()).toEqual([]);
        expect(emulator.webhooks).toHaveLength(1);
        emulator.behave({ listLagMs: 0 });
        expect(await listed()).toHaveLength(1);
        emulator.behave({ listLagMs: 1000 });
        const [before] = emulator.webhooks;
        await eventually(listed).toEqual([before]);
        await call(emulator, "delete", { id });
        expect(await listed()).toEqual([before]);
        await eventually(listed).toEqual([]);
    });

    test("come in the order of listOrder", async () => {
        const emulator = await start();
        const ids = Array.from({ length: 20 }, () => emulator.register(renders).id);
        const listed = async (listOrder: Behaviour["listOrder"]): Promise<string[]> => {
            emulator.behave({ listOrder });
            const { json } = await call(emulator, "list");
            return json.registeredWebhooks.map(({ id }: { id: string }) => id);
        };
        expect(await listed("oldest-first")).toEqual(ids);
        expect(await listed("newest-first")).toEqual(ids.toReversed());
        const shuffled = await listed("shuffled");
        expect(shuffled).not.toEqual(ids);
        expect(shuffled.sort()).toEqual(ids.toSorted());
    });
});

describe("answers", () => {
    test.each([
        ["as-sent", ["creator.success", "creator.failure"]],
        ["reversed", ["creator.failure", "creator.success"]],
        ["sorted", ["creator.failure", "creator.success"]],
        ["doubled", [...both, ...both]],
    ] as const)("have their events %s", async (eventOrder, events) => {
        const emulator = await start({ eventOrder });
        expect((await call(emulator, "register", renders)).json.enabledEvents).toEqual(events);
        expect(emulator.webhooks[0]?.enabledEvents).toEqual(both);
    });

    test("have their events shuffled", async () => {
        const events = Array.from({ length: 20 }, (_, index) => `event.${index}`);
        const emulator = await start({ eventOrder: "shuffled", events });
        const { enabledEvents } = (await call(emulator, "register", { ...renders, enabledEvents: events })).json;
        expect(enabledEvents).not.toEqual(events);
        expect(enabledEvents.sort()).toEqual(events.toSorted());
    });

    test.each([
        ["as-sent", "HTTPS://a.Example:443/x/../h?q=a/b"],
        ["normalised", "https://a.example/h?q=a/b"],
        ["trailing-slash", "HTTPS://a.Example:443/x/../h/?q=a/b"],
        ["upper-case-host", "HTTPS://A.EXAMPLE:443/x/../h?q=a/b"],
    ] as const)("have their url %s", async (urlForm, url) => {
        const emulator = await start({ urlForm });
        const sent = "HTTPS://a.Example:443/x/../h?q=a/b";
        expect((await call(emulator, "register", { ...renders, url: sent })).json.url).toBe(url);
        expect(emulator.webhooks[0]?.url).toBe(sent);
    });

    test.each([
        ["masked", "********", "********"],
        ["masked-in-list", expect.stringMatching(/^whsec_/), "********"],
        ["empty", "", ""],
        ["missing", undefined, undefined],
    ] as const)("have their secret %s", async (secrets, registered, listed) => {
        const emulator = await start({ secrets });
        expect((await call(emulator, "register", renders)).json.secret).toEqual(registered);
        expect((await call(emulator, "list")).json.registeredWebhooks[0].secret).toEqual(listed);
        expect(emulator.webhooks[0]?.secret).toMatch(/^whsec_/);
    });

    test("have unknown fields with extraFields", async () => {
        const emulator = await start({ extraFields: true });
        const { json } = await call(emulator, "register", renders);
        expect(json).toMatchObject({ ...renders, requestId: expect.anything(), metadata: {} });
    });

    test("have another content type with contentType", async () => {
        const answer = await call(await start({ contentType: "text/plain" }), "list");
        expect(answer.headers.get("content-type")).toBe("text/plain");
        expect(answer.json).toEqual({ registeredWebhooks: [] });
    });

    test.each(["gzip", "br", "deflate"] as const)(
        "are compressed with %s, for those who accept it",
        async (compression) => {
            const emulator = await start({ compression });
            const headers = { "accept-encoding": "gzip, deflate, br" };
            const answer = await call(emulator, "events", undefined, { headers });
            expect(answer.headers.get("content-encoding")).toBe(compression);
            expect(answer.json).toEqual({ events: both });
            const plain = await call(emulator, "events", undefined, { headers: { "accept-encoding": "identity" } });
            expect(plain.headers.get("content-encoding")).toBeNull();
        },
    );

    test("name the events that there are", async () => {
        const emulator = await start({ events: ["twin.success"] });
        expect((await call(emulator, "events")).json).toEqual({ events: ["twin.success"] });
        const answer = await call(emulator, "register", { ...renders, enabledEvents: ["twin.success"] });
        expect(answer.status).toBe(200);
    });

    test("take latencyMs", async () => {
        const emulator = await start({ latencyMs: 80 });
        const before = performance.now();
        await call(emulator, "list");
        expect(performance.now() - before).toBeGreaterThan(75);
    });
});

describe("the rate limit", () => {
    test.each([
        ["seconds", /^60$/],
        ["http-date", /^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/],
        ["none", /^null$/],
    ] as const)("refuses what is too much, with Retry-After as %s", async (retryAfter, header) => {
        const emulator = await start({ rateLimit: { calls: 2, perSeconds: 60 }, retryAfter });
        const answers = [await call(emulator, "events"), await call(emulator, "list"), await call(emulator, "list")];
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
        expect(String(answers[2]?.headers.get("retry-after"))).toMatch(header);
    });

    test("has the status of rateLimitStatus, and lets calls through again after a while", async () => {
        const emulator = await start({ rateLimit: { calls: 1, perSeconds: 1 }, rateLimitStatus: 503 });
        expect((await call(emulator, "list")).status).toBe(200);
        expect((await call(emulator, "list")).status).toBe(503);
        await eventually(async () => (await call(emulator, "list")).status).toBe(200);
    });
});

describe("switches", () => {
    test("can be changed while it runs; the others stay", async () => {
        const emulator = await start({ unknownIdStatus: 410 });
        emulator.behave({ errorBody: "empty" });
        expect(emulator.behaviour).toEqual({ ...defaultBehaviour, unknownIdStatus: 410, errorBody: "empty" });
    });

    test.each([
        { listlag: 1 },
        { unknownIdStatus: 42 },
        { secrets: "hidden" },
        { rateLimit: { calls: 0, perSeconds: 1 } },
    ])("that don't exist are refused by name: %o", async (behaviour) => {
        const starting = startEmulator({ behaviour: behaviour as Partial<Behaviour> });
        await expect(starting).rejects.toThrow(EmulatorError);
        await expect(starting).rejects.toThrow(Object.keys(behaviour)[0]);
    });
});
