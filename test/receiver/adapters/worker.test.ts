import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare, Response as MiniflareResponse } from "miniflare";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type ReceiverOptions, toWorker } from "../../../receiver";
import { deferred, post, secret, success } from "../support";

let script: string;

beforeAll(async () => {
    const { outputFiles } = await build({
        entryPoints: [join(__dirname, "worker-script.ts")],
        bundle: true,
        format: "esm",
        platform: "neutral",
        write: false,
    });
    script = outputFiles[0]?.text ?? "";
});

/** workerd with the Worker in it; `handOn` decides what becomes of a delivery that is handed on. */
async function start(
    secrets: string | (() => Promise<string>),
    handOn: (raw: unknown) => Promise<boolean> = async () => true,
) {
    const miniflare = new Miniflare({
        modules: true,
        script,
        compatibilityDate: "2025-01-01",
        bindings: typeof secrets === "string" ? { CAPTIONS_WEBHOOK_SECRETS: secrets } : {},
        serviceBindings: {
            KEEPER: async () => new MiniflareResponse(typeof secrets === "string" ? "" : await secrets()),
            HANDED_ON: async (request: { json(): Promise<unknown> }) =>
                new MiniflareResponse(null, { status: (await handOn(await request.json())) ? 200 : 500 }),
        },
    });
    onTestFinished(() => miniflare.dispose());
    const url = await miniflare.ready;
    const send = async (body: unknown, token = secret, method = "POST") =>
        fetch(url, {
            method,
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            ...(method === "POST" && { body: typeof body === "string" ? body : JSON.stringify(body) }),
        });
    return { url, send };
}

describe("a Cloudflare Worker in workerd", () => {
    test("takes a genuine delivery once, with each secret of the binding", async () => {
        const handOn = vi.fn(async () => true);
        const { send } = await start(JSON.stringify(["new", secret]), handOn);
        expect((await send(success())).status).toBe(200);
        expect((await send(success(), "new")).status).toBe(200);
        expect(handOn).toHaveBeenCalledExactlyOnceWith(success());
    });

    test("answers 401, 400, 405, 413 and 500, and a test 200", async () => {
        const handOn = vi.fn(async () => false);
        const { send } = await start(`${secret}\n`, handOn);
        const refused = await send(success(), "wrong");
        expect([refused.status, await refused.text()]).toEqual([401, ""]);
        expect((await send("{")).status).toBe(400);
        const wrongMethod = await send(undefined, secret, "GET");
        expect([wrongMethod.status, wrongMethod.headers.get("allow")]).toEqual([405, "POST"]);
        expect((await send(success({ more: "x".repeat(100_000) }))).status).toBe(413);
        expect((await send({ event: "pulumi-captions.test" })).status).toBe(200);
        expect(handOn).not.toHaveBeenCalled();
        expect((await send(success())).status).toBe(500);
        expect((await send(success())).status).toBe(500);
        expect(handOn).toHaveBeenCalledTimes(2);
    });

    test("of two copies at the same time, the second waits for what becomes of the first", async () => {
        const begun = deferred();
        const outcome = deferred<boolean>();
        const handOn = vi.fn(() => {
            begun.resolve();
            return outcome.promise;
        });
        const { send } = await start(secret, handOn);
        const copies = [send(success()), send(success())];
        await begun.promise;
        // A third request is answered meanwhile, so the second copy has been taken in as well.
        expect((await send({ event: "pulumi-captions.test" })).status).toBe(200);
        outcome.resolve(true);
        expect((await Promise.all(copies)).map(({ status }) => status)).toEqual([200, 200]);
        expect(handOn).toHaveBeenCalledTimes(1);
    });

    test("requests at the same time share one fetch of the secrets", async () => {
        const asked = deferred();
        const answer = deferred<string>();
        const keeper = vi.fn(() => {
            asked.resolve();
            return answer.promise;
        });
        const { send } = await start(keeper);
        const sent = ["a", "b", "c"].map((operationId) => send(success({ operationId })));
        await asked.promise;
        expect((await send(success(), secret, "GET")).status).toBe(405);
        answer.resolve(secret);
        expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200, 200]);
        expect(keeper).toHaveBeenCalledTimes(1);
    });

    test("with an empty binding it accepts nothing, and has genuine deliveries sent again", async () => {
        const { send } = await start("");
        expect((await send(success(), "")).status).toBe(401);
        expect((await send(success(), "undefined")).status).toBe(503);
        expect((await send(success())).status).toBe(503);
    });

    test("goes on with the work after its answer, and remembers the delivery when it is done", async () => {
        const begun = deferred();
        const outcome = deferred<boolean>();
        const handOn = vi.fn(() => {
            begun.resolve();
            return outcome.promise;
        });
        const { send } = await start(secret, handOn);
        expect((await send(success({ later: true }))).status).toBe(200);
        await begun.promise;
        expect((await send(success({ later: true }))).status).toBe(503);
        outcome.resolve(true);
        await vi.waitFor(async () => expect((await send(success())).status).toBe(200), 10_000);
        expect(handOn).toHaveBeenCalledTimes(1);
    });
});

describe("toWorker", () => {
    test("hands the waitUntil of Cloudflare's ctx on", async () => {
        const waitedFor: Promise<unknown>[] = [];
        const ctx = { waitUntil: (work: Promise<unknown>) => void waitedFor.push(work) };
        const onDelivery: ReceiverOptions["onDelivery"] = (_delivery, { waitUntil }) => waitUntil(Promise.resolve());
        const worker = toWorker(() => ({ secrets: secret, onDelivery }));
        expect((await worker.fetch(post(), {}, ctx)).status).toBe(200);
        expect(waitedFor).toHaveLength(1);
    });

    test("answers 500 and logs why when the options are wrong, and tries again with the next request", async () => {
        const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
        onTestFinished(() => said.mockRestore());
        const worker = toWorker((env: { keep: unknown }) => ({
            secrets: secret,
            onDelivery: () => undefined,
            keepSeconds: env.keep as number,
        }));
        const env: { keep: unknown } = { keep: "a week" };
        expect((await worker.fetch(post(), env)).status).toBe(500);
        expect(said.mock.calls.join()).toContain("keepSeconds must be a number");
        env.keep = 60;
        expect((await worker.fetch(post(), env)).status).toBe(200);
    });

    test("makes one receiver for the Worker's bindings, so that it remembers what it has handed on", async () => {
        const onDelivery = vi.fn<ReceiverOptions["onDelivery"]>();
        const options = vi.fn((env: { SECRET: string }) => ({ secrets: env.SECRET, onDelivery }));
        const worker = toWorker(options);
        const env = { SECRET: secret };
        for (let i = 0; i < 3; i++) expect((await worker.fetch(post(), env)).status).toBe(200);
        expect(options).toHaveBeenCalledTimes(1);
        expect(onDelivery).toHaveBeenCalledTimes(1);
        expect((await worker.fetch(post(), { SECRET: "other" })).status).toBe(401);
    });
});
