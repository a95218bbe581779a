import { valuesOf } from "../authorization.js";
import { type Answer, type Body, coreOf, type Incoming } from "../incoming.js";
import { logError } from "../log-error.js";
import type { Receiver } from "../receiver.js";

/** All that a receiver looks at. Any other header is left out: it may be one that `Headers` refuses. */
const neededHeaders = ["authorization", "content-length"];

/** The receiver does not look at the URL, and some hosts that a client may send would be refused here. */
const url = "http://localhost/";

/** A `Request` for a function around a receiver. A body of which nothing is left becomes a request that is used. */
export async function requestOf({ method, headers, body }: Incoming): Promise<Request> {
    const kept = new Headers();
    for (const name of neededHeaders) {
        // A value that no HTTP header can have is not a secret, but it has to count as a second one.
        for (const value of valuesOf(headers, name)) kept.append(name, isHeaderValue(value) ? value : "");
    }
    // The receiver tells no method from another, except for POST; and some, such as TRACE, would be refused here.
    if (method !== "POST") return new Request(url, { headers: kept });
    const content = body();
    const init: RequestInit & { duplex: "half" } = {
        method: "POST",
        headers: kept,
        body: (typeof content === "function" ? streamOf(content) : (content ?? "used")) as RequestInit["body"],
        duplex: "half",
    };
    const request = new Request(url, init);
    if (content === undefined) await request.text();
    return request;
}

function streamOf(parts: Extract<Body, (...args: never[]) => unknown>): ReadableStream<Uint8Array> {
    let begun = false;
    /** Answers the part that was taken last, once the next one is asked for. */
    let goOn: ((wanted: boolean) => void) | undefined;
    return new ReadableStream<Uint8Array>(
        {
            pull(controller) {
                goOn?.(true);
                if (begun) return;
                begun = true;
                let wanted = true;
                parts(async (part) => {
                    const next = new Promise<boolean>((resolve) => {
                        goOn = resolve;
                    });
                    controller.enqueue(part);
                    wanted = await next;
                    return wanted;
                }).then(
                    () => wanted && controller.close(),
                    (error) => controller.error(error),
                );
            },
            cancel() {
                goOn?.(false);
            },
        },
        // Nothing is read before the receiver asks for it, which it only does for a genuine delivery.
        { highWaterMark: 0 },
    );
}

/** What the receiver answers to a request that no framework has made a `Request` of. */
export async function answerTo(receiver: Receiver, incoming: () => Incoming, runtime?: unknown): Promise<Answer> {
    const core = coreOf(receiver);
    if (core !== undefined) return await core(incoming, runtime);
    const { status, headers } = await answerOf(receiver, () => requestOf(incoming()), runtime);
    return { status, headers: Object.fromEntries(headers) };
}

/** What the receiver answers. Whatever goes wrong before that is reported to its `onError`, and answered with 500. */
export async function answerOf(
    receiver: Receiver,
    request: () => Request | Promise<Request>,
    runtime?: unknown,
): Promise<Response> {
    try {
        return await receiver(await request(), runtime);
    } catch (error) {
        report(receiver, error);
        return new Response(null, { status: 500 });
    }
}

/** Tells the receiver's `onError`. (A function of the user's around a receiver has none.) */
export function report(receiver: Receiver, error: unknown): void {
    (receiver.report ?? logError)(error, { step: "request" });
}

function isHeaderValue(value: string): boolean {
    return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
