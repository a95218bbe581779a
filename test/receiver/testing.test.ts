import { createServer, request } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";
import express from "express";
import fastify from "fastify";
import { Miniflare } from "miniflare";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseDelivery, toExpressHandler, toFastifyPlugin, toLambdaHandler, toNodeListener } from "../../receiver";
import {
    deliveryRequest,
    failureEvent,
    type LambdaFormat,
    lambdaDelivery,
    nodeDelivery,
    successEvent,
} from "../../receiver/testing";
import { receiverWith } from "./adapters/contract";
import { listen, secret } from "./support";

const later = { event: "creator.progress", operationId: "öp_1", progress: 45 };

test("the events are what the receiver takes for a success and a failure, each with an id of its own", () => {
    const success = successEvent({ creditsSpent: 30 });
    expect(parseDelivery(success)).toEqual({ ...success, raw: success });
    expect(success).toMatchObject({
        event: "creator.success",
        creditsSpent: 30,
        url: expect.stringMatching(/^https:/),
    });
    expect(successEvent().operationId).not.toBe(success.operationId);

    const failure = failureEvent({ operationId: "op_1" });
    expect(parseDelivery(failure)).toEqual({ ...failure, raw: failure });
    expect(failure).toEqual({ event: "creator.failure", operationId: "op_1", creditsSpent: 0 });
    expect(failureEvent().operationId).not.toBe(failureEvent().operationId);
});

test("a request carries the secret and the event, as Captions sends them", async () => {
    const sent = deliveryRequest({ secret, event: later, url: "https://a.example/hooks?x=1" });
    expect([sent.method, sent.url, sent.headers.get("authorization"), sent.headers.get("content-type")]).toEqual([
        "POST",
        "https://a.example/hooks?x=1",
        `Bearer ${secret}`,
        "application/json",
    ]);
    expect(await sent.json()).toEqual(later);
});

test("a receiver accepts it with the secret that it knows, and hands on the event that was given", async () => {
    const { receiver, onDelivery } = receiverWith({});
    expect((await receiver(deliveryRequest({ secret }))).status).toBe(200);
    expect((await receiver(deliveryRequest({ secret: "another" }))).status).toBe(401);
    expect((await receiver(deliveryRequest({ secret, event: later }))).status).toBe(200);
    expect(onDelivery.mock.calls.map(([delivery]) => delivery)).toMatchObject([
        { event: "creator.success" },
        { event: "unknown", name: "creator.progress", raw: later },
    ]);
});

describe("a delivery for a server that runs", () => {
    test.each(["fetch", "http.request"])("with %s", async (way) => {
        const { receiver, onDelivery } = receiverWith({});
        const url = await listen(createServer(toNodeListener(receiver)));
        const { body, ...options } = nodeDelivery({ secret, event: later });
        const status =
            way === "fetch"
                ? (await fetch(url, { body, ...options })).status
                : await new Promise((resolve, reject) => {
                      request(url, options, (response) => resolve(response.resume().statusCode))
                          .on("error", reject)
                          .end(body);
                  });
        expect(status).toBe(200);
        expect(onDelivery).toHaveBeenCalledOnce();
    });

    test("behind Express, and with Fastify's inject", async () => {
        const { receiver, onDelivery } = receiverWith({});
        const url = await listen(express().use(toExpressHandler(receiver)));
        expect((await fetch(url, nodeDelivery({ secret }))).status).toBe(200);
        const app = fastify();
        app.register(toFastifyPlugin(receiver), { path: "/hook" });
        expect((await app.inject({ url: "/hook", ...nodeDelivery({ secret }) })).statusCode).toBe(200);
        expect(onDelivery).toHaveBeenCalledTimes(2);
    });
});

describe.each(["2.0", "1.0", "alb", "alb-multi-value"] as const)("a Lambda event of the format %s", (format) => {
    test("is accepted with the right secret, rejected with another, and plain JSON", async () => {
        const { receiver, onDelivery } = receiverWith({});
        const handler = toLambdaHandler(receiver);
        const event = lambdaDelivery({ secret, event: later, url: "https://a.example/hooks?x=1", format });
        expect(JSON.parse(JSON.stringify(event))).toEqual(event);
        expect(await handler(event)).toMatchObject({ statusCode: 200 });
        expect(await handler(lambdaDelivery({ secret: "another", format }))).toMatchObject({ statusCode: 401 });
        expect(onDelivery.mock.calls.map(([{ raw }]) => raw)).toEqual([later]);
        expect([event.path ?? event.rawPath, event.queryStringParameters]).toEqual(["/hooks", { x: "1" }]);
    });
});

test("without a format it is the event of a function URL", () => {
    expect(lambdaDelivery({ secret })).toMatchObject({
        version: "2.0",
        rawPath: "/hooks/captions",
        requestContext: { http: { method: "POST" } },
    });
});

test("what cannot be sent is an error that shows no secret", () => {
    for (const wrong of ["", "two words", "line\nbreak", "ü", undefined]) {
        const options = { secret: wrong as string };
        for (const make of [deliveryRequest, nodeDelivery, lambdaDelivery]) {
            expect(() => make(options)).toThrow(
                new TypeError("The secret of a delivery must be a text of printable ASCII without spaces."),
            );
        }
    }
    expect(() => deliveryRequest({ secret, url: "/hooks" })).toThrow(TypeError);
    expect(() => lambdaDelivery({ secret, format: "3.0" as LambdaFormat })).toThrow(/must be 2\.0, 1\.0, alb/);
});

test("it works in workerd, and brings no receiver along", async () => {
    const { outputFiles, metafile } = await build({
        stdin: {
            contents: `
                import { deliveryRequest } from "./receiver/testing";
                export default { fetch: () => deliveryRequest({ secret: "whsec_1" }).json().then(Response.json) };
            `,
            resolveDir: join(__dirname, "../.."),
        },
        bundle: true,
        format: "esm",
        platform: "neutral",
        write: false,
        metafile: true,
    });
    expect(Object.keys(metafile.inputs)).toEqual(["receiver/options.ts", "receiver/testing.ts", "<stdin>"]);
    const worker = new Miniflare({
        modules: true,
        script: outputFiles[0]?.text ?? "",
        compatibilityDate: "2025-01-01",
    });
    onTestFinished(() => worker.dispose());
    expect(await (await fetch(await worker.ready)).json()).toMatchObject({ event: "creator.success" });
});
