import * as http from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Emulator, EmulatorError, type Fault, type FaultKind } from "../../emulator";
import { call, eventually, renders, start } from "./support";

async function register(emulator: Emulator, fault: Omit<Fault, "endpoint">) {
    emulator.inject({ endpoint: "register", ...fault });
    return call(emulator, "register", renders);
}

describe("before the work", () => {
    test("lost-request resets the connection", async () => {
        const emulator = await start();
        await expect(register(emulator, { kind: "lost-request" })).rejects.toThrow("fetch failed");
        expect(emulator.webhooks).toEqual([]);
        expect(emulator.calls).toMatchObject([{ endpoint: "register", fault: "lost-request", answered: false }]);
        expect(emulator.calls[0]).not.toHaveProperty("status");
    });

    test("error-before answers the status, and Retry-After and body if there are any", async () => {
        const emulator = await start();
        expect((await register(emulator, { kind: "error-before" })).status).toBe(500);
        const answer = await register(emulator, { kind: "error-before", status: 502, retryAfter: 3, body: "<bad>" });
        expect([answer.status, answer.headers.get("retry-after"), answer.text]).toEqual([502, "3", "<bad>"]);
        expect(emulator.webhooks).toEqual([]);
    });

    test("rate-limited answers 429", async () => {
        const emulator = await start();
        const answer = await register(emulator, { kind: "rate-limited", retryAfter: "Fri, 31 Dec 2100 23:59:59 GMT" });
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "Fri, 31 Dec 2100 23:59:59 GMT"]);
        expect(emulator.webhooks).toEqual([]);
    });

    test.each([408, 425, 499, 599])("error-before can have the status %i", async (status) => {
        expect((await register(await start(), { kind: "error-before", status })).status).toBe(status);
    });

    test.each([204, 304])("error-before with %i has no body, and leaves the connection usable", async (status) => {
        const emulator = await start();
        const answer = await register(emulator, { kind: "error-before", status });
        expect([answer.status, answer.text]).toEqual([status, ""]);
        expect((await call(emulator, "list")).status).toBe(200);
    });

    test("error-before with a status below 200 leaves the client waiting", async () => {
        const emulator = await start();
        emulator.inject({ endpoint: "list", kind: "error-before", status: 102 });
        const statuses: number[] = [];
        const headers = { "x-api-key": emulator.apiKey };
        const request = http.request(`${emulator.baseUrl}/list`, { method: "POST", headers, agent: false });
        request.on("information", ({ statusCode }) => statuses.push(statusCode)).on("response", () => statuses.push(0));
        request.on("error", () => undefined).end();
        await eventually(() => statuses).toEqual([102]);
        request.destroy();
    });

    test.each(["0", "0.3", "-5", "Thu, 01 Jan 2015 00:00:00 GMT", "soon", "", "99999999999999999999", 0.3, -5])(
        "Retry-After can be %j",
        async (retryAfter) => {
            const answer = await register(await start(), { kind: "rate-limited", retryAfter });
            expect(answer.headers.get("retry-after")).toBe(String(retryAfter));
        },
    );

    test("Retry-After can come twice", async () => {
        const answer = await register(await start(), { kind: "error-before", status: 503, retryAfter: ["5", "soon"] });
        expect(answer.headers.get("retry-after")).toBe("5, soon");
    });

    test("redirect leads elsewhere, where a follower is seen", async () => {
        const emulator = await start();
        const answer = await register(emulator, { kind: "redirect", status: 307 });
        expect([answer.status, answer.headers.get("location")]).toEqual([307, "/elsewhere"]);
        expect(emulator.countCalls("other")).toBe(0);
        emulator.inject({ endpoint: "list", kind: "redirect" });
        await call(emulator, "list", undefined, { redirect: "follow" });
        expect(emulator.countCalls("other")).toBe(1);
    });
});

describe("never answering", () => {
    test.each([
        ["hang", 0],
        ["hang-after", 1],
    ] as const)("%s leaves the client waiting", async (kind, registered) => {
        const emulator = await start();
        emulator.inject({ endpoint: "register", kind });
        const ending = new AbortController();
        const calling = call(emulator, "register", renders, { signal: ending.signal });
        await emulator.whenCalled(({ endpoint }) => endpoint === "register");
        expect((await call(emulator, "events")).status).toBe(200);
        expect(emulator.webhooks).toHaveLength(registered);
        expect(emulator.inFlight).toBe(1);
        ending.abort();
        await expect(calling).rejects.toThrow();
        await eventually(() => emulator.inFlight).toBe(0);
        expect(emulator.calls[0]?.answered).toBe(false);
    });

    test("is ended by stop", async () => {
        const emulator = await start();
        emulator.inject({ endpoint: "list", kind: "hang" });
        const calling = call(emulator, "list").catch((error: Error) => error.message);
        await emulator.whenCalled(({ endpoint }) => endpoint === "list");
        await emulator.stop();
        expect(await calling).toBe("fetch failed");
    });
});

describe("after the work", () => {
    test("lost-answer resets the connection", async () => {
        const emulator = await start();
        await expect(register(emulator, { kind: "lost-answer" })).rejects.toThrow("fetch failed");
        expect(emulator.webhooks).toHaveLength(1);
        expect(emulator.calls[0]).toMatchObject({ fault: "lost-answer", webhookId: emulator.webhooks[0]?.id });
    });

    test("error-after answers the status", async () => {
        const emulator = await start();
        const answer = await register(emulator, { kind: "error-after", status: 503, retryAfter: 0 });
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "0"]);
        expect(emulator.webhooks).toHaveLength(1);
    });

    test("echo-secrets repeats the key and the secret, also that of a deleted webhook", async () => {
        const emulator = await start();
        const answer = await register(emulator, { kind: "echo-secrets" });
        const { id, secret } = emulator.webhooks[0] ?? { id: "", secret: "none" };
        expect(answer.status).toBe(500);
        for (const told of [secret, emulator.apiKey]) expect(answer.text).toContain(told);
        emulator.inject({ endpoint: "delete", kind: "echo-secrets" });
        expect((await call(emulator, "delete", { id })).text).toContain(secret);
        expect(emulator.webhooks).toEqual([]);
    });

    test("garbage is no JSON", async () => {
        const emulator = await start();
        const answer = await register(emulator, { kind: "garbage" });
        expect([answer.status, answer.json]).toEqual([200, undefined]);
        expect((await register(emulator, { kind: "garbage", body: "oops" })).text).toBe("oops");
    });

    test("wrong-shape is JSON of another shape", async () => {
        const { status, json } = await register(await start(), { kind: "wrong-shape" });
        expect(status).toBe(200);
        expect(json).not.toHaveProperty("secret");
    });

    test("truncated breaks off", async () => {
        const emulator = await start();
        await expect(register(emulator, { kind: "truncated" })).rejects.toThrow("terminated");
        expect(emulator.webhooks).toHaveLength(1);
        expect(emulator.calls[0]).toMatchObject({ status: 200, answered: false });
    });

    test.each([
        [undefined, 200, 1],
        [201, 201, 1],
        [422, 422, 0],
        [504, 504, 0],
    ])("break-after-headers with status %s shows %i; %i are registered", async (status, shown, registered) => {
        const emulator = await start();
        emulator.inject({ endpoint: "register", kind: "break-after-headers", ...(status && { status }) });
        const answer = await fetch(`${emulator.baseUrl}/register`, {
            method: "POST",
            headers: { "x-api-key": emulator.apiKey, "Content-Type": "application/json" },
            body: JSON.stringify(renders),
        });
        expect(answer.status).toBe(shown);
        await expect(answer.text()).rejects.toThrow("terminated");
        expect(emulator.webhooks).toHaveLength(registered);
        expect(emulator.calls[0]).toMatchObject({ status: shown, answered: false });
    });

    test("huge is larger than 50 MB", async () => {
        const { text } = await register(await start(), { kind: "huge" });
        expect(text.length).toBeGreaterThan(50_000_000);
    });

    test("huge ends when the client has had enough", async () => {
        const emulator = await start();
        emulator.inject({ endpoint: "list", kind: "huge" });
        const answer = await fetch(`${emulator.baseUrl}/list`, {
            method: "POST",
            headers: { "x-api-key": emulator.apiKey },
        });
        await answer.body?.cancel();
        await eventually(() => emulator.inFlight).toBe(0);
        expect(emulator.calls[0]?.answered).toBe(false);
    });

    test("slow-body comes a byte at a time", async () => {
        const emulator = await start();
        emulator.inject({ endpoint: "delete", kind: "slow-body", delayMs: 5 });
        const { id } = emulator.register(renders);
        const before = performance.now();
        expect((await call(emulator, "delete", { id })).json).toEqual({ success: true });
        expect(performance.now() - before).toBeGreaterThan(5 * ('{"success":true}'.length - 1) * 0.8);
    });

    test.each([
        ["masked-secret", "********"],
        ["empty-secret", ""],
        ["missing-secret", undefined],
    ] as const)("%s hides the secret", async (kind, secret) => {
        const emulator = await start();
        expect((await register(emulator, { kind })).json.secret).toBe(secret);
        emulator.inject({ endpoint: "list", kind });
        expect((await call(emulator, "list")).json.registeredWebhooks[0].secret).toBe(secret);
    });

    test("wrong-content-type says that the right body is a page", async () => {
        const answer = await register(await start(), { kind: "wrong-content-type" });
        expect(answer.headers.get("content-type")).toContain("text/html");
        expect(answer.json).toMatchObject(renders);
    });
});

describe("late work (doneAfterMs)", () => {
    const soon = 30;

    test.each(["lost-answer", "error-after", "truncated", "garbage", "wrong-shape", "break-after-headers"] as const)(
        "%s: the work is done after the client has seen the end, and settled waits for it",
        async (kind) => {
            const emulator = await start();
            const { id } = emulator.register(renders);
            emulator.inject({ endpoint: "delete", kind, doneAfterMs: soon });
            await call(emulator, "delete", { id }).catch(() => undefined);
            expect(emulator.webhooks).toHaveLength(1);
            await emulator.settled();
            expect(emulator.webhooks).toEqual([]);
        },
    );

    test("a status that would else mean no work does not prevent it", async () => {
        const emulator = await start();
        emulator.inject({ endpoint: "register", kind: "break-after-headers", status: 504, doneAfterMs: 0 });
        await call(emulator, "register", renders).catch(() => undefined);
        await emulator.settled();
        expect(emulator.webhooks).toHaveLength(1);
    });

    test("a register names its webhook in the call once it is done", async () => {
        const emulator = await start();
        emulator.inject({ endpoint: "register", kind: "error-after", status: 504, doneAfterMs: soon });
        expect((await call(emulator, "register", renders)).status).toBe(504);
        const { webhookId } = await emulator.whenCalled(({ webhookId }) => webhookId !== undefined);
        expect(webhookId).toBe(emulator.webhooks[0]?.id);
    });

    test("hang-after does it while the client waits, or when it is gone", async () => {
        const emulator = await start();
        emulator.inject({ endpoint: "register", kind: "hang-after", doneAfterMs: soon });
        const leaving = new AbortController();
        const calling = call(emulator, "register", renders, { signal: leaving.signal });
        await emulator.whenCalled(({ fault }) => fault === "hang-after");
        leaving.abort();
        await expect(calling).rejects.toThrow();
        await emulator.settled();
        expect(emulator.webhooks).toHaveLength(1);
    });

    test.each(["reset", "stop"] as const)("is cancelled by %s", async (end) => {
        const emulator = await start();
        emulator.inject({ endpoint: "register", kind: "error-after", doneAfterMs: 3_600_000 });
        await call(emulator, "register", renders);
        await emulator[end]();
        await emulator.settled();
        expect(emulator.webhooks).toEqual([]);
    });

    test("settled resolves at once where nothing is pending", async () => {
        await (await start()).settled();
    });

    test.each(["error-before", "hang", "redirect", "masked-secret", "echo-secrets"] as const)(
        "is not possible with %s",
        async (kind) => {
            const emulator = await start();
            expect(() => emulator.inject({ endpoint: "register", kind, doneAfterMs: 1 })).toThrow(/doneAfterMs/);
        },
    );
});

describe("connections", () => {
    const viaAgent = (
        emulator: Emulator,
        agent: http.Agent,
        endpoint = "list",
        body?: object,
    ): Promise<{ status: number; connection?: string }> =>
        new Promise((resolve, reject) => {
            const headers = { "x-api-key": emulator.apiKey, "Content-Type": "application/json" };
            http.request(`${emulator.baseUrl}/${endpoint}`, { method: "POST", agent, headers }, (answer) => {
                const { connection } = answer.headers;
                answer
                    .resume()
                    .on("end", () => resolve({ status: answer.statusCode ?? 0, ...(connection && { connection }) }));
            })
                .on("error", reject)
                .end(body === undefined ? undefined : JSON.stringify(body));
        });

    test.each([
        ["lost-request", 0],
        ["lost-answer", 1],
    ] as const)("%s breaks a kept connection after delayMs, while the call is under way", async (kind, registered) => {
        const emulator = await start();
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        onTestFinished(() => agent.destroy());
        await viaAgent(emulator, agent);
        const { id } = emulator.register(renders);
        emulator.inject({ endpoint: "delete", kind, webhookId: id, delayMs: 80 });
        const before = performance.now();
        await expect(viaAgent(emulator, agent, "delete", { id })).rejects.toThrow(/ECONNRESET|hang up/);
        expect(performance.now() - before).toBeGreaterThan(75);
        expect(emulator.webhooks).toHaveLength(1 - registered);
        expect(emulator.connections).toBe(1);
    });

    test("close-after promises keep-alive, and closes", async () => {
        const emulator = await start();
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        emulator.inject({ endpoint: "list", kind: "close-after" });
        expect(await viaAgent(emulator, agent)).toEqual({ status: 200, connection: "keep-alive" });
        await eventually(() => Object.keys(agent.freeSockets).length).toBe(0);
        expect((await viaAgent(emulator, agent)).status).toBe(200);
        expect(emulator.connections).toBe(2);
        agent.destroy();
    });

    test("close-on-reuse resets the connection at the next call, which is never seen", async () => {
        const emulator = await start();
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        emulator.inject({ endpoint: "list", kind: "close-on-reuse" });
        expect((await viaAgent(emulator, agent)).status).toBe(200);
        await expect(viaAgent(emulator, agent)).rejects.toThrow(/ECONNRESET|hang up/);
        expect(emulator.countCalls()).toBe(1);
        agent.destroy();
    });

    test("are refused while it doesn't listen, and taken again on the same port; open ones go on", async () => {
        const emulator = await start();
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        onTestFinished(() => agent.destroy());
        await viaAgent(emulator, agent);
        await emulator.refuseConnections();
        await expect(viaAgent(emulator, new http.Agent())).rejects.toThrow("ECONNREFUSED");
        expect((await viaAgent(emulator, agent)).status).toBe(200);
        await emulator.acceptConnections();
        expect((await viaAgent(emulator, new http.Agent())).status).toBe(200);
    });

    test("are closed before the call is read", async () => {
        const emulator = await start();
        await emulator.dropConnections();
        await expect(viaAgent(emulator, new http.Agent())).rejects.toThrow(/ECONNRESET|hang up/);
        expect(emulator.calls).toEqual([]);
        await emulator.acceptConnections();
        expect((await viaAgent(emulator, new http.Agent())).status).toBe(200);
    });

    test("that are open but unused can be closed, so that the next call needs a new one", async () => {
        const emulator = await start();
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        onTestFinished(() => agent.destroy());
        await viaAgent(emulator, agent);
        emulator.inject({ endpoint: "events", kind: "hang" });
        const hanging = viaAgent(emulator, new http.Agent(), "events");
        await emulator.whenCalled(({ fault }) => fault === "hang");
        await emulator.refuseConnections();
        emulator.closeIdleConnections();
        await eventually(() => Object.keys(agent.freeSockets).length).toBe(0);
        await expect(viaAgent(emulator, agent)).rejects.toThrow("ECONNREFUSED");
        expect(emulator.inFlight).toBe(1);
        await Promise.all([emulator.stop(), expect(hanging).rejects.toThrow()]);
    });

    test.each(["refuseConnections", "dropConnections"] as const)("%s is ended by reset", async (close) => {
        const emulator = await start();
        await emulator[close]();
        emulator.reset();
        await eventually(() => viaAgent(emulator, new http.Agent()).catch(String)).toMatchObject({ status: 200 });
    });

    test.each(["refuseConnections", "dropConnections"] as const)("stop works after %s", async (close) => {
        const emulator = await start();
        await emulator[close]();
        emulator.reset();
        await emulator.stop();
        await expect(viaAgent(emulator, new http.Agent())).rejects.toThrow("ECONNREFUSED");
    });
});

describe("the queue", () => {
    const statuses = async (emulator: Emulator, ...endpoints: string[]) => {
        const made: number[] = [];
        for (const endpoint of endpoints) made.push((await call(emulator, endpoint)).status);
        return made;
    };

    test("lets calls pass first with after, and repeats with times", async () => {
        const emulator = await start();
        emulator.inject({ endpoint: "list", kind: "error-before", after: 1, times: 2 });
        const made = await statuses(emulator, "list", "events", "list", "list", "list");
        expect(made).toEqual([200, 200, 500, 500, 200]);
    });

    test("any happens to every endpoint, and a later fault waits for its turn", async () => {
        const emulator = await start();
        emulator.inject({ endpoint: "any", kind: "error-before" });
        emulator.inject({ endpoint: "any", kind: "error-before", status: 502 });
        expect(await statuses(emulator, "elsewhere", "events", "list", "list")).toEqual([404, 500, 502, 200]);
    });

    test("a fault bound to a webhook happens to calls with its id only, and counts only those", async () => {
        const emulator = await start();
        const [one, other] = [emulator.register(renders), emulator.register(renders)];
        emulator.inject({ endpoint: "update", kind: "error-before", webhookId: other.id, after: 1 });
        const made: number[] = [];
        for (const { id } of [one, one, other, one, other, other]) {
            made.push((await call(emulator, "update", { id })).status);
        }
        expect(made).toEqual([200, 200, 200, 200, 500, 200]);
    });

    test("a fault bound to a url happens to calls that send it only, however it is spelled", async () => {
        const emulator = await start();
        const url = "https://b.example/hook";
        emulator.inject({ endpoint: "any", kind: "error-before", url });
        expect((await call(emulator, "register", renders)).status).toBe(200);
        expect((await call(emulator, "list")).status).toBe(200);
        const other = { ...renders, url: "HTTPS://B.example:443/hook" };
        expect((await call(emulator, "register", other)).status).toBe(500);
        expect((await call(emulator, "register", other)).status).toBe(200);
    });

    test.each([
        { endpoint: "register", kind: "hang", webhookId: "wh_1" },
        { endpoint: "list", kind: "hang", webhookId: "wh_1" },
        { endpoint: "delete", kind: "hang", url: "https://a.example" },
    ] as const)("a fault that could never happen is rejected: %o", async (fault) => {
        const emulator = await start();
        expect(() => emulator.inject(fault)).toThrow(/would never happen/);
    });

    test("a kind that is misspelt is answered with the nearest name", async () => {
        const emulator = await start();
        const kind = "lost-anwser" as FaultKind;
        expect(() => emulator.inject({ endpoint: "list", kind })).toThrow('Did you mean "lost-answer"?');
    });

    test("can be cleared", async () => {
        const emulator = await start();
        emulator.inject({ endpoint: "any", kind: "error-before", times: 9 });
        emulator.clearFaults();
        expect(await statuses(emulator, "list")).toEqual([200]);
    });

    test("refuses what doesn't exist", async () => {
        const emulator = await start();
        expect(() => emulator.inject({ endpoint: "list", kind: "explode" as FaultKind })).toThrow(EmulatorError);
    });
});
