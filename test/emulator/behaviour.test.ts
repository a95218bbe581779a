import { describe, expect, test } from "vitest";
import { type Behaviour, defaultBehaviour, type Emulator, EmulatorError, startEmulator } from "../../emulator";
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

describe("ignoredFields", () => {
    test.each(["url", "enabledEvents"] as const)("leave %s as it was in an update, which rotates", async (field) => {
        const emulator = await start();
        const { id, secret } = (await call(emulator, "register", renders)).json;
        emulator.behave({ ignoredFields: [field] });
        const change = { url: "https://b.example/other", enabledEvents: ["creator.failure"] };
        const { json } = await call(emulator, "update", { id, ...change });
        expect(json).toMatchObject({ id, ...change, [field]: renders[field] });
        expect(json.secret).not.toBe(secret);
        expect(emulator.webhooks).toEqual([json]);
    });

    test("with enabledEvents register a webhook for all events", async () => {
        const emulator = await start({ ignoredFields: ["url", "enabledEvents"] });
        const { json } = await call(emulator, "register", { ...renders, enabledEvents: ["creator.failure"] });
        expect(json).toMatchObject(renders);
        expect(emulator.webhooks).toEqual([json]);
    });
});

describe("odd entries of /list", () => {
    const listed = async (emulator: Emulator) => (await call(emulator, "list")).json.registeredWebhooks;

    test.each([
        ["number-id", { id: 42 }],
        ["no-id", { id: undefined }],
        ["null-events", { enabledEvents: null }],
        ["text-events", { enabledEvents: "creator.success" }],
        ["no-events", { enabledEvents: undefined }],
        ["no-url", { url: undefined }],
        ["null-url", { url: null }],
        ["no-secret", { secret: undefined }],
        ["null", null],
        ["text", "wh_text"],
    ] as const)("show a neighbour with %s beside the webhooks", async (kind, entry) => {
        const emulator = await start({ oddNeighbours: [kind] });
        const { id } = emulator.register(renders);
        const [neighbour, real, ...rest] = await listed(emulator);
        if (entry === null || typeof entry === "string") expect(neighbour).toBe(entry);
        else for (const [name, value] of Object.entries(entry)) expect(neighbour[name]).toBe(value);
        expect(real).toMatchObject({ id, ...renders });
        expect(rest).toEqual([]);
        expect(emulator.webhooks).toHaveLength(1);
    });

    test("show a webhook oddly, by its id, with oddWebhooks", async () => {
        const emulator = await start();
        const [first, second] = [emulator.register(renders), emulator.register(renders)];
        emulator.behave({ oddWebhooks: { [second.id]: "null-events" } });
        expect(await listed(emulator)).toEqual([first, { ...second, enabledEvents: null }]);
        expect((await call(emulator, "update", { id: second.id })).json.enabledEvents).toEqual(both);
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
        ["lower-case", "https://a.example:443/x/../h?q=a/b"],
        ["tracking-query", "HTTPS://a.Example:443/x/../h?q=a/b&utm_source=captions"],
    ] as const)("have their url %s", async (urlForm, url) => {
        const emulator = await start({ urlForm });
        const sent = "HTTPS://a.Example:443/x/../h?q=a/b";
        for (const endpoint of ["register", "list"]) {
            const { json } = await call(
                emulator,
                endpoint,
                endpoint === "list" ? undefined : { ...renders, url: sent },
            );
            expect((json.registeredWebhooks?.[0] ?? json).url).toBe(url);
        }
        expect(emulator.webhooks[0]?.url).toBe(sent);
    });

    test.each([
        ["no-trailing-slash", "https://a.example/h/?q=/", "https://a.example/h?q=/"],
        ["no-trailing-slash", "https://a.example/", "https://a.example"],
        ["default-port", "https://a.example/h", "https://a.example:443/h"],
        ["default-port", "http://[::1]/h", "http://[::1]:80/h"],
        ["default-port", "https://a.example:8443/h", "https://a.example:8443/h"],
        ["percent-encoded", "https://a-b.example/c-d_~?e-f", "https://a-b.example/c%2Dd%5F%7E?e-f"],
        ["percent-decoded", "https://a.example/%41%2F%7e?%41", "https://a.example/A%2F~?%41"],
        ["percent-lower-case", "https://a.example/%2F%C3%A9", "https://a.example/%2f%c3%a9"],
        ["tracking-query", "https://a.example/h#f", "https://a.example/h?utm_source=captions#f"],
    ] as const)("spell a url with %s: %s", async (urlForm, sent, url) => {
        const emulator = await start({ urlForm });
        expect((await call(emulator, "register", { ...renders, url: sent })).json.url).toBe(url);
    });

    test("have their url in another form in /list only, with listUrlForm", async () => {
        const emulator = await start({ urlForm: "trailing-slash", listUrlForm: "default-port" });
        const { id, url } = (await call(emulator, "register", renders)).json;
        expect(url).toBe(`${renders.url}/`);
        expect((await call(emulator, "update", { id })).json.url).toBe(`${renders.url}/`);
        const listed = (await call(emulator, "list")).json.registeredWebhooks[0].url;
        expect(listed).toBe("https://api.example.com:443/hooks/captions");
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
        ["zero", /^0$/],
        ["fraction", /^0\.3$/],
        ["negative", /^-5$/],
        ["past-date", /^\w{3}, \d\d \w{3} 2015 [\d:]{8} GMT$/],
        ["text", /^soon$/],
        ["empty", /^$/],
        ["huge", /^\d{20}$/],
        ["two-values", /^1, 60$/],
    ] as const)("refuses what is too much, with Retry-After as %s", async (retryAfter, header) => {
        const emulator = await start({ rateLimit: { calls: 2, perSeconds: 60 }, retryAfter });
        const answers = [await call(emulator, "events"), await call(emulator, "list"), await call(emulator, "list")];
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
        expect(String(answers[2]?.headers.get("retry-after"))).toMatch(header);
    });

    test("has the status of rateLimitStatus, and lets calls through again after a while", async () => {
        let time = 1_000_000;
        const behaviour = { rateLimit: { calls: 1, perSeconds: 1 }, rateLimitStatus: 503 } as const;
        const emulator = await start(behaviour, { now: () => time });
        expect((await call(emulator, "list")).status).toBe(200);
        expect((await call(emulator, "list")).status).toBe(503);
        time += 1_000;
        expect((await call(emulator, "list")).status).toBe(200);
    });
});

describe("the option now", () => {
    test("decides over the rate limit, the list's lag, videos and the journals", async () => {
        let time = 1_000_000;
        const behaviour = {
            rateLimit: { calls: 2, perSeconds: 60 },
            listLagMs: 30_000,
            retryAfter: "http-date",
        } as const;
        const emulator = await start(behaviour, { now: () => time });
        emulator.behave({ videoSeconds: 100 });
        const { json } = await call(emulator, "register", renders);
        expect((await call(emulator, "list")).json.registeredWebhooks).toEqual([]);
        expect((await call(emulator, "list")).headers.get("retry-after")).toBe(new Date(time + 60_000).toUTCString());
        const operationId = emulator.submitVideo();
        time += 60_000;
        expect((await call(emulator, "list")).json.registeredWebhooks).toEqual([json]);
        expect((await call(emulator, `${emulator.creatorUrl}/poll`, { operationId })).json.progress).toBe(60);
        expect(emulator.calls.map(({ at }) => at)).toEqual([1_000_000, 1_000_000, 1_000_000, time, time]);
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

    test("that are misspelt are answered with the nearest name", async () => {
        const emulator = await start();
        const misspelt = { latency: 1 } as Partial<Behaviour>;
        expect(() => emulator.behave(misspelt)).toThrow('There is no switch "latency". Did you mean "latencyMs"?');
    });
});
