import type { HeadersLike } from "../authorization.js";
import type { Receiver } from "../receiver.js";
import { answerOf, type Body, report, requestOf } from "./request.js";

/** What is used of a stream of Node. */
export interface NodeStream {
    [Symbol.asyncIterator]?(): AsyncIterator<unknown>;
    readonly readableEnded?: boolean;
    readonly readableDidRead?: boolean;
    readonly readableFlowing?: boolean | null;
}

/**
 * What is used of Node's `IncomingMessage`, also as Express and Fastify extend it. No types of Node are needed to
 * import this.
 */
export interface NodeRequest extends NodeStream {
    method?: string | undefined;
    /**
     * Each header as it came. Wrappers that make a request of something else leave it empty: then `headers` is used.
     */
    rawHeaders?: readonly string[];
    headers?: { readonly [name: string]: string | readonly string[] | undefined };
    httpVersionMajor?: number;
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
 * If something else has read the request's body (a logger that listens to `data`) and left nothing of it, a genuine
 * delivery is answered with 500, and `onError` says so.
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
    return (request, response) => answerNode(receiver, request, response, () => bodyOf(request));
}

/** Answers a request of Node whose body is wherever the framework has put it. */
export async function answerNode(
    receiver: Receiver,
    request: NodeRequest,
    response: NodeResponse,
    body: () => Body | undefined,
): Promise<void> {
    const answer = await answerOf(receiver, () => requestOf(request.method, headersOf(request), body));
    try {
        response.statusCode = answer.status;
        for (const [name, value] of answer.headers) response.setHeader(name, value);
        // The rest of a body that is too large is not read, so the connection cannot be used again.
        if (answer.status === 413 && request.httpVersionMajor === 1) response.setHeader("connection", "close");
        response.end();
    } catch (error) {
        // Something else has answered meanwhile, such as a time limit.
        report(receiver, error);
    }
}

/** Not `headers` if it can be helped, which hides a second Authorization header. */
function headersOf({ rawHeaders, headers }: NodeRequest): HeadersLike | undefined {
    return rawHeaders && rawHeaders.length > 0 ? rawHeaders : headers;
}

/** The body: as a stream if nobody has read it, else what a body parser has left; nothing if there is neither. */
function bodyOf(request: NodeRequest): Body | undefined {
    const { body, rawBody } = request;
    if (isBytesOrText(rawBody)) return rawBody;
    const stream = unreadStream(request);
    if (stream !== undefined || body === undefined) return stream;
    return isBytesOrText(body) ? body : JSON.stringify(body);
}

function isBytesOrText(value: unknown): value is Uint8Array | string {
    return value instanceof Uint8Array || typeof value === "string";
}

/** What is in a stream of Node, unless somebody has begun to read it: what is left then is not the whole. */
export function unreadStream(stream: NodeStream): ReadableStream<Uint8Array> | undefined {
    if (stream.readableEnded || stream.readableDidRead || stream.readableFlowing) return undefined;
    const chunks = stream[Symbol.asyncIterator]?.();
    if (chunks === undefined) return undefined;
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
