import type { IncomingMessage } from "node:http";

/** Far beyond any call of this API; a bound, so that a mistaken client cannot fill the memory. */
export const mostBodyBytes = 1024 * 1024;

/** What came as a body. `json` is undefined unless it is JSON that says so in its content type. */
export interface Body {
    readonly json?: unknown;
    /** Why it can't be used. */
    readonly problem?: "too-large" | "not-json" | "wrong-content-type" | "aborted";
}

export async function readBody(request: IncomingMessage): Promise<Body> {
    const parts: Buffer[] = [];
    let bytes = 0;
    try {
        for await (const part of request as AsyncIterable<Buffer>) {
            bytes += part.length;
            // Read on to the end, so that the client gets an answer instead of a reset, but keep nothing.
            if (bytes <= mostBodyBytes) parts.push(part);
        }
    } catch {
        return { problem: "aborted" };
    }
    if (bytes > mostBodyBytes) return { problem: "too-large" };
    const text = Buffer.concat(parts).toString("utf8");
    if (text === "") return {};
    if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) return { problem: "wrong-content-type" };
    try {
        return { json: JSON.parse(text) };
    } catch {
        return { problem: "not-json" };
    }
}
