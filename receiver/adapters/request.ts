import { type HeadersLike, valuesOf } from "../authorization.js";
import { logError } from "../log-error.js";
import type { Receiver } from "../receiver.js";

/** What a request's body may be made of. */
export type Body = ReadableStream<Uint8Array> | Uint8Array | string;

/** All that a receiver looks at. Any other header is left out: it may be one that `Headers` refuses. */
const neededHeaders = ["authorization", "content-length"];

/** The receiver does not look at the URL, and some hosts that a client may send would be refused here. */
const url = "http://localhost/";

/**
 * A `Request` for a receiver, of what a framework knows of it.
 *
 * @param body `undefined` if something else has read it, so that nothing is left: the receiver then gets a request that
 * is used.
 */
export async function requestOf(
    method: string | undefined,
    headers: HeadersLike | undefined | null,
    body: () => Body | undefined,
): Promise<Request> {
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
        body: (content ?? "used") as RequestInit["body"],
        duplex: "half",
    };
    const request = new Request(url, init);
    if (content === undefined) await request.text();
    return request;
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
