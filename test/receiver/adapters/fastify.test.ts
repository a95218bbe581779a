import { PassThrough, Transform } from "node:stream";
import fastify, { type FastifyInstance } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Receiver, toFastifyPlugin } from "../../../receiver";
import { success } from "../support";
import {
    authorized,
    postTo,
    readsNoFurther,
    receiverWith,
    type Start,
    saysWhatTookTheBody,
    takesDeliveries,
} from "./contract";

async function start(receiver: Receiver, prepare: (app: FastifyInstance) => void, prefix?: string): Promise<string> {
    const app = fastify();
    prepare(app);
    app.register(toFastifyPlugin(receiver), prefix === undefined ? { path: "/hook" } : { prefix });
    app.post("/other", async (request) => request.body);
    onTestFinished(() => app.close());
    return app.listen({ port: 0, host: "127.0.0.1" });
}

const behind =
    (prepare: (app: FastifyInstance) => void): Start =>
    (receiver) =>
        start(receiver, prepare);
const plain = behind(() => undefined);

takesDeliveries("Fastify", plain);
readsNoFurther("Fastify", plain);
takesDeliveries(
    "Fastify with a preParsing hook that returns another stream",
    behind((app) => app.addHook("preParsing", async (_request, _reply, payload) => payload.pipe(new PassThrough()))),
);
takesDeliveries(
    "Fastify with a preParsing hook that has read everything, and returns it again",
    behind((app) =>
        app.addHook("preParsing", async (_request, _reply, payload) => {
            const copy = new PassThrough();
            for await (const chunk of payload) copy.write(chunk);
            return copy.end();
        }),
    ),
);

saysWhatTookTheBody(
    "Fastify and a logger that listens to data",
    behind((app) =>
        app.addHook("onRequest", async (request) => {
            request.raw.on("data", () => undefined);
        }),
    ),
);

describe("Fastify", () => {
    test("a preParsing hook may change what the receiver reads", async () => {
        const { receiver, onDelivery } = receiverWith();
        const decoded = () =>
            new Transform({
                transform: (chunk, _encoding, done) => done(null, Buffer.from(String(chunk), "base64")),
            });
        const url = await start(receiver, (app) =>
            app.addHook("preParsing", async (_request, _reply, payload) => payload.pipe(decoded())),
        );
        expect((await postTo(url, btoa(JSON.stringify(success())))).status).toBe(200);
        expect(onDelivery.mock.calls[0]?.[0].raw).toEqual(success());
    });

    test("a preParsing hook's stream that fails after the answer breaks nothing", async () => {
        const streams: PassThrough[] = [];
        const url = await start(receiverWith().receiver, (app) =>
            app.addHook("preParsing", async (_request, _reply, payload) => {
                payload.resume();
                const stream = new PassThrough();
                streams.push(stream);
                return stream;
            }),
        );
        expect((await postTo(url, "{}", { authorization: "Bearer whsec_wrong" })).status).toBe(401);
        expect(streams).toHaveLength(1);
        for (const stream of streams) {
            // Without a listener, its error would end the process.
            expect(stream.listenerCount("error")).toBeGreaterThan(0);
            stream.destroy(new Error("incorrect header check"));
            await new Promise((resolve) => stream.once("close", resolve));
        }
    });

    test("the plugin takes a prefix, and leaves the body parsers of the rest of the application alone", async () => {
        const { receiver } = receiverWith();
        const url = await start(receiver, () => undefined, "/hook");
        expect((await postTo(url, success())).status).toBe(200);
        const other = { method: "POST", headers: { "content-type": "application/json" }, body: '{"a":1}' };
        expect(await (await fetch(`${url}/other`, other)).json()).toEqual({ a: 1 });
        expect((await fetch(`${url}/other`, { ...other, headers: { "content-type": "a/b" } })).status).toBe(415);
    });

    test("works with requests that are injected", async () => {
        const app = fastify();
        app.register(toFastifyPlugin(receiverWith().receiver));
        const answer = await app.inject({ method: "POST", url: "/", headers: authorized, payload: success() });
        expect(answer.statusCode).toBe(200);
        await app.close();
    });
});
