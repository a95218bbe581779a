import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type NodeRequest, toNodeListener } from "../../../receiver";
import { listen, secret, send, success } from "../support";
import { postTo, readsNoFurther, receiverWith, type Start, saysWhatTookTheBody, takesDeliveries } from "./contract";

const start: Start = (receiver) => listen(createServer(toNodeListener(receiver)));

takesDeliveries("Node's http", start);
readsNoFurther("Node's http", start);

/** Such a function takes and gives Fetch's classes. */
const startAround: Start = (receiver) => start((request, runtime) => receiver(request, runtime));

takesDeliveries("Node's http and a function around it", startAround);
readsNoFurther("Node's http and a function around it", startAround);

test("a proxy of a receiver is called", async () => {
    const { receiver, onDelivery } = receiverWith();
    const apply = vi.fn(() => Promise.resolve(new Response(null, { status: 403 })));
    const url = await start(new Proxy(receiver, { apply }));
    expect((await postTo(url, success())).status).toBe(403);
    expect(onDelivery).not.toHaveBeenCalled();
});

describe("something else that reads the body", () => {
    /** A server that does something with each request before the receiver gets it. */
    const behind =
        (before: RequestListener): Start =>
        (receiver) => {
            const listener = toNodeListener(receiver);
            return listen(async (request, response) => {
                await before(request, response);
                await listener(request, response);
            });
        };

    saysWhatTookTheBody(
        "a logger that listens to data",
        behind((request) => void request.on("data", () => undefined)),
    );
    saysWhatTookTheBody(
        "one that has read it to the end",
        behind(async (request) => {
            for await (const _chunk of request);
        }),
    );
    saysWhatTookTheBody(
        "one that has read a part of it",
        behind(async (request) => {
            await once(request, "readable");
            request.read(1);
        }),
    );
    saysWhatTookTheBody(
        "one that has drained it",
        behind(async (request) => {
            request.resume();
            await once(request, "end");
        }),
    );

    test.each<[string, (request: IncomingMessage) => unknown]>([
        ["pauses it until now", (request) => request.pause()],
        ["listens to readable, and reads nothing", (request) => request.on("readable", () => undefined)],
    ])("and %s, is no problem", async (_what, prepare) => {
        const { receiver, onDelivery } = receiverWith();
        const url = await behind((request) => void prepare(request))(receiver);
        expect((await postTo(url, success())).status).toBe(200);
        expect(onDelivery).toHaveBeenCalledTimes(1);
    });

    test("and keeps its bytes, as functions frameworks do, is no problem", async () => {
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

describe("a request that is none of Node's own", () => {
    /** As little as a wrapper may give. */
    async function answerTo(request: Record<string, unknown>) {
        const { receiver, onError } = receiverWith();
        const headers: Record<string, string> = {};
        const response = {
            statusCode: 0,
            setHeader: (name: string, value: string) => {
                headers[name] = value;
            },
            end: vi.fn(),
        };
        await toNodeListener(receiver)(request as unknown as NodeRequest, response);
        expect(response.end).toHaveBeenCalledTimes(1);
        return { status: response.statusCode, headers, onError };
    }

    const genuine = { method: "POST", headers: { Authorization: `Bearer ${secret}` }, body: success() };

    test.each([
        ["no raw headers", {}],
        ["empty raw headers", { rawHeaders: [] }],
        ["raw headers only", { rawHeaders: ["AUTHORIZATION", `Bearer ${secret}`], headers: undefined }],
        ["a list of values", { headers: { authorization: [`Bearer ${secret}`] } }],
        ["a header that no Headers takes", { headers: { ...genuine.headers, "x-bad": "\u2713", "a b": "c\n" } }],
        ["a text as its body", { body: JSON.stringify(success()) }],
        ["bytes as its body", { body: Buffer.from(JSON.stringify(success())) }],
    ])("is taken with %s", async (_what, changes) => {
        expect((await answerTo({ ...genuine, ...changes })).status).toBe(200);
    });

    test("without any headers is answered 401", async () => {
        expect((await answerTo({ method: "POST", body: success() })).status).toBe(401);
        expect((await answerTo({ ...genuine, headers: { authorization: "Bearer \u2713" } })).status).toBe(401);
    });

    test("without a body to be had is answered 500, and onError says so", async () => {
        const { status, onError } = await answerTo({ ...genuine, body: undefined });
        expect(status).toBe(500);
        expect(onError).toHaveBeenCalledWith(expect.objectContaining({ name: "SetupError" }), { step: "body" });
    });

    test("with a body that cannot be written as JSON is answered 500, and onError is called", async () => {
        const { status, onError } = await answerTo({ ...genuine, body: { credits: 1n } });
        expect(status).toBe(500);
        expect(onError).toHaveBeenCalledWith(expect.any(TypeError), { step: "request" });
    });

    test("with no method is answered 405", async () => {
        expect((await answerTo({})).status).toBe(405);
    });
});

describe("Node's http", () => {
    test("an answer that somebody else has given meanwhile is reported to onError, and the listener does not reject", async () => {
        const { receiver, onError } = receiverWith({ instance: "pod-7" });
        const listener = toNodeListener(receiver);
        const url = await listen((request, response) => {
            response.writeHead(504).end();
            void listener(request, response);
        });
        expect((await postTo(url, success())).status).toBe(504);
        await vi.waitFor(() => expect(onError).toHaveBeenCalledTimes(1));
        expect(onError).toHaveBeenCalledWith(expect.any(Error), { step: "request" });
    });

    test("a function around a receiver that throws is answered 500", async () => {
        const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
        onTestFinished(() => said.mockRestore());
        const url = await start(() => Promise.reject(new RangeError("whsec_1")));
        expect((await postTo(url, success())).status).toBe(500);
        expect(said.mock.calls.join()).toContain("RangeError");
        expect(said.mock.calls.join()).not.toContain("whsec");
    });

    test("methods that fetch forbids are rejected like others, and break nothing", async () => {
        const url = await start(receiverWith().receiver);
        expect((await send(url, "TRACE", [])).status).toBe(405);
        expect((await postTo(url, success())).status).toBe(200);
    });

    test("a client that goes away in the middle of a delivery breaks nothing", async () => {
        const refused = vi.fn();
        const arrived = new Promise((resolve) => refused.mockImplementation(resolve));
        const url = await start(receiverWith({ onRefused: refused }).receiver);
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
});
