import type { HeadersLike } from "../authorization.js";
import type { Body } from "../incoming.js";
import type { Receiver } from "../receiver.js";
import { answerTo, report } from "./request.js";

/** What is used of a stream of Node. */
export interface NodeStream {
    on?(event: string, listener: (value: unknown) => void): unknown;
    pause?(): unknown;
    resume?(): unknown;
    read?(): unknown;
    readonly destroyed?: boolean;
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
    const { method } = request;
    const answer = await answerTo(receiver, () => {
        // At once: while the secret is looked up, something else may answer, and Node drops the body then.
        const content = method === "POST" ? body() : undefined;
        return { method, headers: headersOf(request), body: () => content };
    });
    try {
        response.statusCode = answer.status;
        for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
        // The rest of a body that is too large is not read, so the connection cannot be used again.
        if (answer.status === 413 && request.httpVersionMajor === 1) response.setHeader("connection", "close");
        response.end();
    } catch (error) {
        // Something else has answered meanwhile, such as a time limit.
        report(receiver, error);
    }
}

/** Not `headers` if it can be helped, which hides a second Authorization header. */
function headersOf({ rawHeaders, headers }: NodeRequest): HeadersLike {
    return rawHeaders && rawHeaders.length > 0 ? rawHeaders : (headers ?? {});
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
export function unreadStream(stream: NodeStream): Body | undefined {
    if (stream.readableEnded || stream.readableDidRead || stream.readableFlowing) return undefined;
    if (typeof stream.on !== "function") return undefined;
    // It may fail while nobody reads it, such as one that decompresses what anybody sends: that must not end the
    // process.
    stream.on("error", () => undefined);
    // By events: to iterate over a small body takes as long as all the rest. And without destroying the stream, which
    // would end the connection before the answer is sent.
    return (take) =>
        new Promise((resolve, reject) => {
            const broken = () => reject(new Error("The connection was closed before the body was complete."));
            if (stream.destroyed || stream.readableEnded) return broken();
            stream.on?.("end", () => resolve());
            stream.on?.("error", reject);
            stream.on?.("close", () => stream.readableEnded || broken());
            let wanted = true;
            const goOn = (more: boolean) => {
                wanted = more;
                if (more) stream.resume?.();
                else resolve();
            };
            stream.on?.("data", (value) => {
                if (!wanted) return;
                const more = take(value instanceof Uint8Array ? value : new TextEncoder().encode(String(value)));
                if (more === true) return;
                stream.pause?.();
                if (more === false) goOn(false);
                else more.then(goOn, reject);
            });
            // Somebody may have paused it until now.
            stream.resume?.();
            if (stream.readableFlowing !== false) return;
            // Somebody listens to `readable`, so that it only moves when it is read.
            const drain = () => {
                while (wanted && (stream.read?.() ?? null) !== null);
            };
            stream.on?.("readable", drain);
            drain();
        });
}
