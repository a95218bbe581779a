import { afterEach, describe, expect, test, vi } from "vitest";
import { createReceiver, type DedupeStore, memoryDedupe, type ReceiverOptions, type Refusal } from "../../receiver";
import { chunked, deferred, holdTime, passTimeUntil, post, secret, success, videoUrl } from "./support";

function receiverWith(options: Partial<ReceiverOptions> = {}) {
    const onDelivery = vi.fn<ReceiverOptions["onDelivery"]>();
    const onError = vi.fn<NonNullable<ReceiverOptions["onError"]>>();
    const refusals: Refusal[] = [];
    const receiver = createReceiver({
        secrets: secret,
        onDelivery,
        onError,
        onRefused: (refusal) => refusals.push(refusal),
        ...options,
    });
    const statusOf = async (request: Request) => (await receiver(request)).status;
    return { receiver, statusOf, onDelivery, onError, refusals };
}

afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
});

describe("createReceiver", () => {
    test("hands a genuine delivery on, with which secret it came, and answers 200", async () => {
        const { statusOf, onDelivery } = receiverWith({ secrets: ["new", secret] });
        expect(await statusOf(post())).toBe(200);
        expect(onDelivery).toHaveBeenCalledExactlyOnceWith(
            { event: "creator.success", operationId: "op_1", url: videoUrl, creditsSpent: 12, raw: success() },
            { secretIndex: 1, waitUntil: expect.any(Function) },
        );
    });

    test("hands on failures and events that it does not know", async () => {
        const { statusOf, onDelivery } = receiverWith();
        expect(await statusOf(post({ event: "creator.failure", operationId: "op_1" }))).toBe(200);
        expect(await statusOf(post({ event: "creator.progress" }))).toBe(200);
        expect(onDelivery.mock.calls.map(([delivery]) => delivery.event)).toEqual(["creator.failure", "unknown"]);
    });

    test("answers 401 without a word about why, and tells onRefused", async () => {
        const { receiver, onDelivery, refusals } = receiverWith();
        const answers = await Promise.all([
            receiver(post(success(), "wrong")),
            receiver(new Request("https://receiver.example.com", { method: "POST", body: "{}" })),
            receiver(new Request("https://receiver.example.com", { method: "POST", headers: { authorization: "x" } })),
        ]);
        for (const answer of answers) {
            expect(answer.status).toBe(401);
            expect(await answer.text()).toBe("");
            expect([...answer.headers]).toEqual([["www-authenticate", "Bearer"]]);
        }
        expect(refusals.map(({ reason }) => reason).sort()).toEqual([
            "malformed-header",
            "missing-header",
            "wrong-secret",
        ]);
        expect(JSON.stringify(refusals)).not.toContain(secret);
        expect(onDelivery).not.toHaveBeenCalled();
    });

    test("checks the secret before it reads anything of the body", async () => {
        const { receiver } = receiverWith();
        const body = chunked(new Uint8Array(10), 5);
        expect((await receiver(post(body.stream, "wrong"))).status).toBe(401);
        expect(body.sent()).toBe(0);
    });

    test("without a secret yet it answers 503 with Retry-After, so that nothing is lost, and tells onError", async () => {
        const { receiver, onError, refusals } = receiverWith({ secrets: [undefined, ""] });
        const answer = await receiver(post());
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
        expect(refusals).toEqual([]);
        expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "secrets-missing" }), {
            step: "secrets",
        });
    });

    test("answers 400 to what is not a delivery, and tells onRefused what is wrong with it", async () => {
        const { statusOf, refusals, onDelivery } = receiverWith();
        expect(await statusOf(post("not JSON"))).toBe(400);
        expect(await statusOf(post("[]"))).toBe(400);
        expect(await statusOf(post(""))).toBe(400);
        expect(await statusOf(post(success({ operationId: null })))).toBe(400);
        expect(refusals).toEqual([
            { status: 400, reason: "not-json" },
            { status: 400, reason: "not-an-object" },
            { status: 400, reason: "not-json" },
            { status: 400, reason: "invalid-field", field: "operationId" },
        ]);
        expect(onDelivery).not.toHaveBeenCalled();
    });

    test("answers 405 to what is not a POST, and says what is allowed", async () => {
        const { receiver } = receiverWith();
        for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
            const answer = await receiver(new Request("https://receiver.example.com", { method }));
            expect(answer.status).toBe(405);
            expect(answer.headers.get("allow")).toBe("POST");
        }
    });

    test("takes JSON whatever the content type says", async () => {
        const { statusOf } = receiverWith();
        for (const type of ["text/plain", "application/json; charset=utf-8", "application/x-www-form-urlencoded"]) {
            const request = post(success({ operationId: type }));
            request.headers.set("content-type", type);
            expect(await statusOf(request)).toBe(200);
        }
    });

    test("answers 413 by the declared length without reading", async () => {
        const { receiver } = receiverWith({ maxBytes: 100 });
        const body = chunked(new Uint8Array(10), 5);
        const request = post(body.stream);
        request.headers.set("content-length", "101");
        expect((await receiver(request)).status).toBe(413);
        expect(body.sent()).toBe(0);
    });

    test("answers 413 to a body in chunks as soon as it is past the limit, and reads no further", async () => {
        const { receiver, refusals } = receiverWith();
        const body = chunked(new Uint8Array(64 * 1024), 1000);
        expect((await receiver(post(body.stream))).status).toBe(413);
        expect(body.sent()).toBe(17);
        expect(refusals).toEqual([{ status: 413, reason: "too-large" }]);
    });

    test("takes a body in chunks that cut a character", async () => {
        const { statusOf, onDelivery } = receiverWith();
        const whole = new TextEncoder().encode(JSON.stringify(success({ operationId: "öp" })));
        const single = new ReadableStream<Uint8Array>({
            start(controller) {
                for (const byte of whole) controller.enqueue(Uint8Array.of(byte));
                controller.close();
            },
        });
        expect(await statusOf(post(single))).toBe(200);
        expect(onDelivery.mock.calls[0]?.[0].operationId).toBe("öp");
    });

    test("answers 400 when the connection breaks before the body is there", async () => {
        const { statusOf, refusals } = receiverWith();
        const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
        expect(await statusOf(post(broken))).toBe(400);
        expect(refusals).toEqual([{ status: 400, reason: "unreadable" }]);
    });

    test("answers 500 when something else has read the body before, because the delivery is not at fault", async () => {
        const { statusOf, onError } = receiverWith();
        const request = post();
        await request.text();
        expect(await statusOf(request)).toBe(500);
        expect(onError).toHaveBeenCalledWith(expect.objectContaining({ name: "SetupError" }), { step: "body" });
    });

    test("answers a test delivery 200 once its secret is right, and hands it to nobody", async () => {
        const { statusOf, onDelivery } = receiverWith();
        expect(await statusOf(post({ event: "pulumi-captions.test", operationId: "t" }))).toBe(200);
        expect(await statusOf(post({ event: "pulumi-captions.test", operationId: "t" }))).toBe(200);
        expect(await statusOf(post({ event: "pulumi-captions.test" }, "wrong"))).toBe(401);
        expect(onDelivery).not.toHaveBeenCalled();
    });

    test("answers 503 while the secrets are not available, so that the delivery is sent again", async () => {
        holdTime();
        const secrets = vi.fn(async () => [secret]).mockRejectedValueOnce(new Error("vault"));
        const { receiver, onError } = receiverWith({ secrets });
        const first = await receiver(post());
        expect(first.status).toBe(503);
        expect(first.headers.get("retry-after")).toBe("5");
        expect(onError).toHaveBeenCalledWith(expect.objectContaining({ name: "SecretsError" }), { step: "secrets" });
        await vi.advanceTimersByTimeAsync(5000);
        expect((await receiver(post())).status).toBe(200);
    });

    test("under a flood of wrong secrets, one that could not be looked up is answered 503, known ones 200, and others 401 in the end", async () => {
        holdTime();
        let current = [secret];
        const { receiver, statusOf } = receiverWith({ secrets: () => current });
        expect(await statusOf(post())).toBe(200);
        const flood = Array.from({ length: 200 }, (_, i) => statusOf(post(success(), `guess-${i}`)));
        await vi.advanceTimersByTimeAsync(0);
        current = ["new", secret];
        const early = await receiver(post(success({ operationId: "op_2" }), "new"));
        expect([early.status, early.headers.get("retry-after")]).toEqual([503, "5"]);
        expect(await statusOf(post(success({ operationId: "op_3" })))).toBe(200);
        const statuses = await passTimeUntil(Promise.all(flood));
        expect(statuses.filter((status) => status === 401)).toHaveLength(100);
        expect(statuses.filter((status) => status === 503)).toHaveLength(100);
        expect(await statusOf(post(success({ operationId: "op_2" }), "new"))).toBe(200);
    });

    test("takes up a new secret without a restart, and before it rejects", async () => {
        holdTime();
        let current = ["first"];
        const { statusOf } = receiverWith({ secrets: () => current });
        expect(await statusOf(post(success(), "first"))).toBe(200);
        current = ["second", "first"];
        expect(await passTimeUntil(statusOf(post(success({ operationId: "op_2" }), "second")))).toBe(200);
    });

    test("answers a body that is nested too deep to be told from others, instead of rejecting", async () => {
        const { receiver } = receiverWith();
        const deep = `{"event":"new","operationId":"op_1","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
        expect([200, 400, 503]).toContain((await receiver(post(deep))).status);
    });

    test("answers 500 when something else has begun to read the body", async () => {
        const { statusOf, onError } = receiverWith();
        const request = post();
        request.body?.getReader();
        expect(await statusOf(request)).toBe(500);
        expect(onError).toHaveBeenCalledWith(expect.objectContaining({ name: "SetupError" }), { step: "body" });
    });

    test("names its instance in every answer to a caller with a right secret, and to nobody else", async () => {
        const { receiver } = receiverWith({ instance: "pod-7" });
        const instanceIn = async (request: Request) =>
            (await receiver(request)).headers.get("captions-receiver-instance");
        for (const body of [success(), { event: "pulumi-captions.test" }, "{"]) {
            expect(await instanceIn(post(body))).toBe("pod-7");
        }
        expect(await instanceIn(post(success(), "wrong"))).toBeNull();
        expect(await instanceIn(new Request("https://receiver.example.com"))).toBeNull();
        expect((await receiverWith().receiver(post())).headers.get("captions-receiver-instance")).toBeNull();
    });
});

describe("waitUntil", () => {
    /** A delivery that is answered while the work for it goes on. */
    function withWork(options: Partial<ReceiverOptions> = {}) {
        const work = deferred();
        const onDelivery = vi.fn<ReceiverOptions["onDelivery"]>();
        onDelivery.mockImplementationOnce((_delivery, { waitUntil }) => waitUntil(work.promise));
        return { work, ...receiverWith({ waitSeconds: 0, ...options, onDelivery }), onDelivery };
    }

    test("lets a delivery be answered before its work is done, and remembers it when it is", async () => {
        const { receiver, statusOf, work, onDelivery } = withWork();
        const waitedFor: Promise<unknown>[] = [];
        const runtime = {
            waitUntil(promise: Promise<unknown>) {
                // As Cloudflare's, which is a method.
                expect(this).toBe(runtime);
                waitedFor.push(promise);
            },
        };
        expect((await receiver(post(), runtime)).status).toBe(200);
        expect(waitedFor).toHaveLength(1);
        // A repeat cannot know yet what becomes of it.
        expect(await statusOf(post())).toBe(503);
        work.resolve();
        await Promise.all(waitedFor);
        expect(await statusOf(post())).toBe(200);
        expect(onDelivery).toHaveBeenCalledTimes(1);
    });

    test("tells onError when the work fails, and the next repeat is handed on", async () => {
        const { statusOf, work, onDelivery, onError } = withWork();
        expect(await statusOf(post())).toBe(200);
        work.reject(new Error("disk full"));
        await vi.waitFor(() => expect(onError).toHaveBeenCalledTimes(1));
        expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: "disk full" }), {
            step: "handler",
            event: "creator.success",
            operationId: "op_1",
        });
        expect(await statusOf(post())).toBe(200);
        expect(onDelivery).toHaveBeenCalledTimes(2);
    });

    test("waits for all of the work, also for what is added while other work goes on, before a delivery is done", async () => {
        const [first, second] = [deferred(), deferred()];
        const onDelivery: ReceiverOptions["onDelivery"] = (_delivery, { waitUntil }) =>
            waitUntil(first.promise.then(() => waitUntil(second.promise)));
        const { statusOf } = receiverWith({ onDelivery, waitSeconds: 0 });
        expect(await statusOf(post())).toBe(200);
        first.resolve();
        await new Promise((resolve) => setImmediate(resolve));
        expect(await statusOf(post())).toBe(503);
        second.resolve();
        await vi.waitFor(async () => expect(await statusOf(post())).toBe(200));
    });

    test("with what is no promise is an error of the handler", async () => {
        const onDelivery: ReceiverOptions["onDelivery"] = (_delivery, { waitUntil }) => waitUntil(7 as never);
        const { statusOf, onError } = receiverWith({ onDelivery });
        expect(await statusOf(post())).toBe(500);
        expect(onError).toHaveBeenCalledWith(expect.any(TypeError), expect.objectContaining({ step: "handler" }));
    });

    test("works without a store, and in runtimes that give something else along with a request", async () => {
        for (const runtime of [undefined, null, {}, "server", { waitUntil: 1 }, { remoteAddr: {} }]) {
            const { receiver, work, onError } = withWork({ dedupe: false });
            expect((await receiver(post(), runtime)).status).toBe(200);
            work.reject(new Error("late"));
            await vi.waitFor(() => expect(onError).toHaveBeenCalledTimes(1));
        }
    });
});

describe("a repeat", () => {
    test("is told by event and operation's id, answered 200 and not handed on", async () => {
        const { statusOf, onDelivery } = receiverWith({ secrets: ["new", secret] });
        expect(await statusOf(post())).toBe(200);
        expect(await statusOf(post(success(), "new"))).toBe(200);
        expect(await statusOf(post(success({ url: "https://videos.example.com/other" })))).toBe(200);
        expect(onDelivery).toHaveBeenCalledTimes(1);
        await statusOf(post(success({ operationId: "op_2" })));
        await statusOf(post({ event: "creator.failure", operationId: "op_1" }));
        expect(onDelivery).toHaveBeenCalledTimes(3);
    });

    test("is not told by ids and events that only look alike when put together", async () => {
        const { statusOf, onDelivery } = receiverWith();
        await statusOf(post({ event: 'a","b', operationId: "c" }));
        await statusOf(post({ event: "a", operationId: 'b","c' }));
        expect(onDelivery).toHaveBeenCalledTimes(2);
    });

    test("is handed on if the handler failed before", async () => {
        const onDelivery = vi.fn<ReceiverOptions["onDelivery"]>(async () => undefined);
        onDelivery.mockRejectedValueOnce(new Error("disk full")).mockImplementationOnce(() => {
            throw new Error("also at once");
        });
        const { statusOf, onError } = receiverWith({ onDelivery });
        expect(await statusOf(post())).toBe(500);
        expect(await statusOf(post())).toBe(500);
        expect(await statusOf(post())).toBe(200);
        expect(await statusOf(post())).toBe(200);
        expect(onDelivery).toHaveBeenCalledTimes(3);
        expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: "disk full" }), {
            step: "handler",
            event: "creator.success",
            operationId: "op_1",
        });
    });

    /** A handler whose outcome the test decides, for its first call. */
    function handlerInHand() {
        const begun = deferred();
        const outcome = deferred();
        const onDelivery = vi.fn(async () => {
            if (onDelivery.mock.calls.length > 1) return;
            begun.resolve();
            await outcome.promise;
        });
        return { begun, outcome, onDelivery };
    }

    test("at the same time waits, and is not handed on when the first one succeeds", async () => {
        holdTime();
        const { begun, outcome, onDelivery } = handlerInHand();
        const { statusOf } = receiverWith({ onDelivery });
        const settled = vi.fn();
        const both = [statusOf(post()), statusOf(post())];
        for (const each of both) void each.then(settled);
        await begun.promise;
        await vi.advanceTimersByTimeAsync(3000);
        expect(settled).not.toHaveBeenCalled();
        outcome.resolve();
        expect(await passTimeUntil(Promise.all(both))).toEqual([200, 200]);
        expect(onDelivery).toHaveBeenCalledTimes(1);
    });

    test("at the same time waits, and is handed on when the first one fails", async () => {
        holdTime();
        const { begun, outcome, onDelivery } = handlerInHand();
        const { statusOf } = receiverWith({ onDelivery });
        const both = [statusOf(post()), statusOf(post())];
        await begun.promise;
        await vi.advanceTimersByTimeAsync(100);
        outcome.reject(new Error("no"));
        expect(await passTimeUntil(Promise.all(both))).toEqual([500, 200]);
        expect(onDelivery).toHaveBeenCalledTimes(2);
    });

    test("is answered 503 when it cannot wait any longer for what becomes of the first", async () => {
        holdTime();
        const { begun, outcome, onDelivery } = handlerInHand();
        const { receiver, statusOf } = receiverWith({ onDelivery });
        const first = statusOf(post());
        await begun.promise;
        const from = Date.now();
        const answer = await passTimeUntil(receiver(post()));
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
        expect(Date.now() - from).toBeGreaterThanOrEqual(25_000);
        expect(Date.now() - from).toBeLessThan(25_500);
        outcome.resolve();
        expect(await passTimeUntil(first)).toBe(200);
        expect(onDelivery).toHaveBeenCalledTimes(1);
    });

    test("is handed on when a crash left a claim behind and its lease has ended", async () => {
        let time = 0;
        const dedupe = memoryDedupe({ now: () => time });
        const { statusOf, onDelivery } = receiverWith({ dedupe, leaseSeconds: 60, waitSeconds: 0 });
        dedupe.claim('["creator.success","op_1"]', "crashed", 60);
        expect(await statusOf(post())).toBe(503);
        time = 60_000;
        expect(await statusOf(post())).toBe(200);
        expect(onDelivery).toHaveBeenCalledTimes(1);
    });

    test("of many at the same time, exactly one is handed on with success", async () => {
        const onDelivery = vi.fn(async () => {
            if (onDelivery.mock.calls.length < 3) throw new Error("not yet");
        });
        const { statusOf } = receiverWith({ onDelivery });
        const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(post())));
        expect(statuses.filter((status) => status === 500)).toHaveLength(2);
        expect(statuses.filter((status) => status === 200)).toHaveLength(18);
        expect(onDelivery).toHaveBeenCalledTimes(3);
    });

    test("waits for waitSeconds by the clock, however long the store takes to answer", async () => {
        holdTime();
        const slow: DedupeStore = {
            claim: () => new Promise((resolve) => setTimeout(() => resolve("busy"), 4000)),
            confirm: () => undefined,
            release: () => undefined,
        };
        const { statusOf } = receiverWith({ dedupe: slow, waitSeconds: 10 });
        const from = Date.now();
        expect(await passTimeUntil(statusOf(post()))).toBe(503);
        // The last question may begin just before the end.
        expect(Date.now() - from).toBeGreaterThanOrEqual(10_000);
        expect(Date.now() - from).toBeLessThanOrEqual(14_100);
    });

    test("of an event that is not known here has the same body: steps of one operation are all handed on", async () => {
        const { statusOf, onDelivery } = receiverWith();
        const step = (progress: number) => ({ event: "creator.progress", operationId: "op_1", progress });
        for (const progress of [10, 50, 90, 50, 10]) expect(await statusOf(post(step(progress)))).toBe(200);
        expect(onDelivery.mock.calls.map(([{ raw }]) => raw.progress)).toEqual([10, 50, 90]);
        // The same content is the same step, in whatever order it is written.
        await statusOf(post({ progress: 90, operationId: "op_1", event: "creator.progress" }));
        await statusOf(post('{ "operationId": "op_1", "event": "creator.progress", "progress": 10 }'));
        expect(onDelivery).toHaveBeenCalledTimes(3);
        await statusOf(post({ ...step(90), detail: { frames: [1, 2] } }));
        await statusOf(post({ ...step(90), detail: { frames: [2, 1] } }));
        expect(onDelivery).toHaveBeenCalledTimes(5);
    });

    test("is told by a key that fits into any store, however long the operation's id is", async () => {
        const keys: string[] = [];
        const dedupe: DedupeStore = {
            ...memoryDedupe(),
            claim(key) {
                keys.push(key);
                return "claimed";
            },
        };
        const { statusOf } = receiverWith({ dedupe });
        const operationId = "ü".repeat(5000);
        for (const changes of [{ operationId }, { operationId }, { operationId: `${operationId}x` }]) {
            await statusOf(post(success(changes)));
        }
        expect(keys.every((key) => new TextEncoder().encode(key).length <= 600)).toBe(true);
        expect(new Set(keys).size).toBe(2);
    });

    test("is handed on without a store, and without an operation's id", async () => {
        const none = receiverWith({ dedupe: false });
        await none.statusOf(post());
        await none.statusOf(post());
        expect(none.onDelivery).toHaveBeenCalledTimes(2);
        const { statusOf, onDelivery } = receiverWith();
        await statusOf(post({ event: "account.notice" }));
        await statusOf(post({ event: "account.notice" }));
        expect(onDelivery).toHaveBeenCalledTimes(2);
    });
});

describe("a store of one's own", () => {
    test("is told the times, and the same owner from claim to confirm", async () => {
        const store = {
            claim: vi.fn(async () => "claimed" as const),
            confirm: vi.fn(async () => undefined),
            release: vi.fn(async () => undefined),
        };
        const { statusOf } = receiverWith({ dedupe: store });
        await statusOf(post());
        const key = '["creator.success","op_1"]';
        expect(store.claim).toHaveBeenCalledExactlyOnceWith(key, expect.any(String), 300);
        expect(store.confirm).toHaveBeenCalledExactlyOnceWith(key, store.claim.mock.calls[0]?.at(1), 604_800);
        expect(store.release).not.toHaveBeenCalled();
    });

    const failing = (step: keyof DedupeStore): DedupeStore => ({
        claim: async () => (step === "claim" ? Promise.reject(new Error("redis")) : "claimed"),
        confirm: async () => (step === "confirm" ? Promise.reject(new Error("redis")) : undefined),
        release: () => {
            if (step === "release") throw new Error("redis");
        },
    });
    const context = { step: "dedupe", event: "creator.success", operationId: "op_1" };

    test("that cannot claim makes the answer 503, and nothing is handed on", async () => {
        const { statusOf, onDelivery, onError } = receiverWith({ dedupe: failing("claim") });
        expect(await statusOf(post())).toBe(503);
        expect(onDelivery).not.toHaveBeenCalled();
        expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: "redis" }), context);
    });

    test("that cannot confirm does not make a handled delivery be sent again", async () => {
        const { statusOf, onError } = receiverWith({ dedupe: failing("confirm") });
        expect(await statusOf(post())).toBe(200);
        expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: "redis" }), context);
    });

    test("that cannot release does not hide that the handler failed", async () => {
        const onDelivery = () => Promise.reject(new Error("disk full"));
        const { statusOf, onError } = receiverWith({ dedupe: failing("release"), onDelivery });
        expect(await statusOf(post())).toBe(500);
        expect(onError.mock.calls.map(([error]) => (error as Error).message)).toEqual(["redis", "disk full"]);
    });
});

describe("what a receiver says", () => {
    test("the video's URL and the secret are never logged, also when the handler's error holds them", async () => {
        const logged: unknown[] = [];
        for (const method of ["log", "info", "warn", "error", "debug"] as const) {
            vi.spyOn(console, method).mockImplementation((...values) => void logged.push(...values));
        }
        const receiver = createReceiver({
            secrets: secret,
            onDelivery: (delivery) => {
                throw new RangeError(`cannot fetch ${JSON.stringify(delivery)} with ${secret}`);
            },
        });
        expect((await receiver(post())).status).toBe(500);
        await receiver(post(success({ creditsSpent: videoUrl })));
        await receiver(post(`{"url": "${videoUrl}"`));
        await receiver(post(success(), `${secret}x`));
        expect(logged).toHaveLength(1);
        expect(logged[0]).toContain("onDelivery failed");
        expect(logged[0]).toContain("op_1");
        expect(logged[0]).toContain("RangeError");
        expect(JSON.stringify(logged)).not.toMatch(/signature|videos\.example|whsec/);
    });

    test("an operation's id cannot break a line of the log", async () => {
        const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
        const receiver = createReceiver({ secrets: secret, onDelivery: () => Promise.reject(new Error()) });
        await receiver(post(success({ operationId: "op_1\nERROR: all is lost" })));
        expect(error.mock.calls[0]?.[0]).not.toContain("\n");
    });

    test("hooks that throw or reject do not change the answer", async () => {
        const wrong = () => {
            throw new Error("hook");
        };
        const { statusOf } = receiverWith({ onRefused: wrong, onError: wrong, onDelivery: wrong });
        expect(await statusOf(post(success(), "wrong"))).toBe(401);
        expect(await statusOf(post())).toBe(500);
        const later = receiverWith({ onError: async () => wrong(), onDelivery: wrong });
        expect(await later.statusOf(post())).toBe(500);
    });
});
