import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { serve } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
    createReceiver,
    type Receiver,
    type ReceiverOptions,
    toExpressHandler,
    toFastifyPlugin,
    toHonoHandler,
    toNodeListener,
} from "../../../receiver/index.js";
import { listen, secret, send, success } from "../support.js";

type Start = (receiver: Receiver) => Promise<string>;

async function startFastify(receiver: Receiver, prefix?: string): Promise<string> {
    const app = fastify();
    app.register(toFastifyPlugin(receiver), prefix === undefined ? { path: "/hook" } : { prefix });
    app.post("/other", async (request) => request.body);
    onTestFinished(() => app.close());
    return app.listen({ port: 0, host: "127.0.0.1" });
}

async function startHono(app: Hono): Promise<string> {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    onTestFinished(() => new Promise((resolve) => server.close(() => resolve(undefined))));
    if (!server.listening) await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const servers: [string, Start][] = [
    ["Node's http", (receiver) => listen(createServer(toNodeListener(receiver)))],
    ["Express", (receiver) => listen(express().all("/hook", toExpressHandler(receiver)))],
    ["Express after express.json()", (receiver) => listen(express().use(express.json(), toExpressHandler(receiver)))],
    [
        "Express after express.raw()",
        (receiver) => listen(express().use(express.raw({ type: "*/*" }), toExpressHandler(receiver))),
    ],
    [
        "Express after express.text()",
        (receiver) => listen(express().use(express.text({ type: "*/*" }), toExpressHandler(receiver))),
    ],
    ["Fastify", (receiver) => startFastify(receiver)],
    ["Hono", (receiver) => startHono(new Hono().all("/hook", toHonoHandler(receiver)))],
    [
        "Hono after middleware that reads the body",
        (receiver) =>
            startHono(
                new Hono()
                    .use(async (c, next) => {
                        await c.req.text();
                        await next();
                    })
                    .all("/hook", toHonoHandler(receiver)),
            ),
    ],
];

const authorized = { "content-type": "application/json", authorization: `Bearer ${secret}` };

function receiverWith(options: Partial<ReceiverOptions> = {}) {
    const onDelivery = vi.fn<ReceiverOptions["onDelivery"]>();
    const receiver = createReceiver({ secrets: secret, onDelivery, onError: () => undefined, ...options });
    return { receiver, onDelivery };
}

const postTo = async (url: string, body: unknown, headers: Record<string, string> = authorized) =>
    fetch(`${url}/hook`, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });

describe.each(servers)("a receiver behind %s", (_name, start) => {
    test("takes a genuine delivery once, with all that is in it", async () => {
        const { receiver, onDelivery } = receiverWith();
        const url = await start(receiver);
        const raw = success({ operationId: "öp_1", nested: { list: [1, "ü"] } });
        for (const _copy of [1, 2]) {
            const answer = await postTo(url, raw);
            expect(answer.status).toBe(200);
            expect(await answer.text()).toBe("");
        }
        expect(onDelivery).toHaveBeenCalledTimes(1);
        expect(onDelivery.mock.calls[0]?.[0]).toMatchObject({ operationId: "öp_1", raw });
    });

    test("refuses a wrong or missing secret with 401, and two Authorization headers", async () => {
        const { receiver, onDelivery } = receiverWith();
        const url = await start(receiver);
        const json = ["content-type", "application/json"];
        const right = ["Authorization", `Bearer ${secret}`];
        for (const headers of [[], [...right, ...right], ["authorization", "Bearer wrong"]]) {
            const answer = await send(`${url}/hook`, "POST", [...json, ...headers], JSON.stringify(success()));
            expect(answer.status).toBe(401);
            expect(answer.body).toBe("");
            expect(answer.headers["www-authenticate"]).toBe("Bearer");
        }
        expect(onDelivery).not.toHaveBeenCalled();
    });

    test("refuses what is not a delivery with 400, and tells a failing handler by 500", async () => {
        const onDelivery = () => Promise.reject(new Error("disk full"));
        const url = await start(receiverWith({ onDelivery }).receiver);
        expect((await postTo(url, { event: 1 })).status).toBe(400);
        expect((await postTo(url, "{")).status).toBe(400);
        expect((await postTo(url, success())).status).toBe(500);
    });

    test("refuses other methods", async () => {
        const url = await start(receiverWith().receiver);
        for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]) {
            const answer = await fetch(`${url}/hook`, { method });
            expect(answer.status).toBe(405);
            expect(answer.headers.get("allow")).toBe("POST");
        }
    });

    test("answers a test, and takes many deliveries at the same time", async () => {
        const { receiver, onDelivery } = receiverWith();
        const url = await start(receiver);
        expect((await postTo(url, { event: "pulumi-captions.test" })).status).toBe(200);
        const answers = await Promise.all(
            Array.from({ length: 60 }, (_, i) => postTo(url, success({ operationId: `op_${i % 20}` }))),
        );
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
        expect(onDelivery).toHaveBeenCalledTimes(20);
    });
});

/** Those that leave the body to the receiver. */
const unparsed = servers.filter(([name]) => ["Node's http", "Express", "Fastify", "Hono"].includes(name));

describe.each(unparsed)("a receiver behind %s, which leaves the body alone", (_name, start) => {
    test("takes JSON whatever the content type says", async () => {
        const url = await start(receiverWith().receiver);
        for (const type of ["text/plain", "application/octet-stream", "application/json; charset=utf-8"]) {
            expect((await postTo(url, success(), { ...authorized, "content-type": type })).status).toBe(200);
        }
    });

    test("answers 413 to a body that is larger than it says, and reads no further than the limit", async () => {
        const { receiver, onDelivery } = receiverWith({ maxBytes: 1000 });
        const url = await start(receiver);
        const socket = connect(Number(new URL(url).port), "127.0.0.1");
        const head = [
            "POST /hook HTTP/1.1",
            "Host: x",
            `Authorization: Bearer ${secret}`,
            "Transfer-Encoding: chunked",
        ];
        // The body never ends, so that an answer can only come from one who has stopped to read.
        socket.write(`${head.join("\r\n")}\r\n\r\n`);
        for (let i = 0; i < 20; i++) socket.write(`64\r\n${"x".repeat(100)}\r\n`);
        const [data] = await once(socket, "data");
        expect(String(data)).toMatch(/^HTTP\/1\.1 413 /);
        expect(onDelivery).not.toHaveBeenCalled();
        socket.destroy();
    });

    test("answers 401 to an endless body without waiting for it", async () => {
        const url = await start(receiverWith().receiver);
        const socket = connect(Number(new URL(url).port), "127.0.0.1");
        socket.write(
            "POST /hook HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer no\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        const [data] = await once(socket, "data");
        expect(String(data)).toMatch(/^HTTP\/1\.1 401 /);
        socket.destroy();
    });
});

describe("Node's http", () => {
    test("methods that fetch forbids are refused like others, and break nothing", async () => {
        const url = await listen(createServer(toNodeListener(receiverWith().receiver)));
        expect((await send(url, "TRACE", [])).status).toBe(405);
        expect((await postTo(url, success())).status).toBe(200);
    });

    test("a client that goes away in the middle of a delivery breaks nothing", async () => {
        const refused = vi.fn();
        const arrived = new Promise((resolve) => refused.mockImplementation(resolve));
        const { receiver } = receiverWith({ onRefused: refused });
        const url = await listen(createServer(toNodeListener(receiver)));
        const socket = connect(Number(new URL(url).port), "127.0.0.1");
        socket.write(`POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Length: 100\r\n\r\n{`);
        socket.end();
        await arrived;
        expect(refused).toHaveBeenCalledWith({ status: 400, reason: "unreadable" });
        expect((await postTo(url, success())).status).toBe(200);
    });

    test("HTTP/2 works as well", async () => {
        const { receiver, onDelivery } = receiverWith();
        const server = createHttp2Server(toNodeListener(receiver)).listen(0, "127.0.0.1");
        await once(server, "listening");
        const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
        onTestFinished(() => {
            client.close();
            server.close();
        });
        const stream = client.request({ ":method": "POST", ":path": "/hook", authorization: `Bearer ${secret}` });
        stream.end(JSON.stringify(success()));
        const [headers] = await once(stream, "response");
        stream.resume();
        expect(headers[":status"]).toBe(200);
        expect(onDelivery).toHaveBeenCalledTimes(1);
    });

    test("a functions framework that has read the body and kept its bytes works as well", async () => {
        const { receiver, onDelivery } = receiverWith();
        const listener = toNodeListener(receiver);
        const url = await listen(async (request, response) => {
            const chunks: Buffer[] = [];
            for await (const chunk of request) chunks.push(chunk);
            await listener(Object.assign(request, { rawBody: Buffer.concat(chunks), body: { event: "x" } }), response);
        });
        expect((await postTo(url, success())).status).toBe(200);
        expect(onDelivery.mock.calls[0]?.[0].event).toBe("creator.success");
    });
});

describe("Fastify", () => {
    test("the plugin takes a prefix, and leaves the body parsers of the rest of the application alone", async () => {
        const { receiver } = receiverWith();
        const url = await startFastify(receiver, "/hook");
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

describe("Hono", () => {
    test("works after middleware that has parsed the JSON", async () => {
        const { receiver, onDelivery } = receiverWith();
        const app = new Hono();
        app.use(async (c, next) => {
            await c.req.json();
            await next();
        });
        app.post("/hook", toHonoHandler(receiver));
        const request = { method: "POST", headers: authorized, body: JSON.stringify(success()) };
        expect((await app.request("/hook", request)).status).toBe(200);
        expect(onDelivery).toHaveBeenCalledTimes(1);
    });
});
