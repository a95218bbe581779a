import type { Receiver } from "../receiver.js";

/** What is used of Node's `IncomingMessage`, also as Express and Fastify extend it. No types of Node are needed to import this. */
export interface NodeRequest extends AsyncIterable<unknown> {
    method?: string | undefined;
    rawHeaders: readonly string[];
    httpVersionMajor?: number;
    readableEnded?: boolean;
    /** What a body parser made of the body. */
    body?: unknown;
    /** The body as it came: kept by the functions frameworks of clouds. */
    rawBody?: unknown;
}

/** What is used of Node's `ServerResponse`. */
export interface NodeResponse {
    statusCode: number;
    setHeader(name: string, value: string): unknown;
    end(): unknown;
}

export type NodeListener = (request: NodeRequest, response: NodeResponse) => Promise<void>;

/**
 * For Node's `http`, `https` and `http2` servers, and what is built on them (Connect, functions frameworks).
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { createReceiver, toNodeListener } from "pulumi-captions/receiver";
 *
 * export const receiver = createReceiver({
 *     secrets: process.env.CAPTIONS_WEBHOOK_SECRET,
 *     onDelivery: (delivery) => console.log(delivery.event),
 * });
 *
 * createServer(toNodeListener(receiver)).listen(8080);
 * ```
 */
export function toNodeListener(receiver: Receiver): NodeListener {
    return async (request, response) => {
        const answer = await receiver(requestOf(request));
        response.statusCode = answer.status;
        for (const [name, value] of answer.headers) response.setHeader(name, value);
        // The rest of a body that is too large is not read, so the connection cannot be used again.
        if (answer.status === 413 && request.httpVersionMajor === 1) response.setHeader("connection", "close");
        response.end();
    };
}

function requestOf(request: NodeRequest): Request {
    const { rawHeaders } = request;
    const headers = new Headers();
    // Not `request.headers`, which hides a second Authorization header. Names that begin with a colon are HTTP/2's own.
    for (let index = 0; index < rawHeaders.length; index += 2) {
        const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
        if (!name.startsWith(":")) headers.append(name, value);
    }
    // The receiver does not look at the URL, and some hosts that a client may send would be refused here.
    const url = "http://localhost/";
    // Nor does it tell one method from another, except for POST; and some, such as TRACE, would be refused here.
    if (request.method !== "POST") return new Request(url, { headers });
    const init: RequestInit & { duplex: "half" } = { method: "POST", headers, body: bodyOf(request), duplex: "half" };
    return new Request(url, init);
}

/** The body: as a stream if nobody has read it, else what a body parser has left. */
function bodyOf(request: NodeRequest): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | string {
    const { body, rawBody } = request;
    if (isBody(rawBody)) return rawBody;
    if (request.readableEnded !== true) return streamOf(request);
    return isBody(body) ? body : JSON.stringify(body ?? null);
}

function isBody(value: unknown): value is Uint8Array<ArrayBuffer> | string {
    return value instanceof Uint8Array || typeof value === "string";
}

function streamOf(request: NodeRequest): ReadableStream<Uint8Array> {
    const chunks = request[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>(
        {
            // Without `cancel`: it would end the iterator, which destroys the connection before the answer is sent.
            async pull(controller) {
                const { done, value } = await chunks.next();
                if (done) controller.close();
                else controller.enqueue(value instanceof Uint8Array ? value : new TextEncoder().encode(String(value)));
            },
        },
        // Nothing is read before the receiver asks for it, which it only does for a genuine delivery.
        { highWaterMark: 0 },
    );
}
