import { type HeadersLike, valuesOf } from "./authorization.js";
import { tooLarge } from "./delivery.js";
import type { Body } from "./incoming.js";

/**
 * Reads a request's body, up to a limit.
 *
 * The length that the request declares is only good for rejecting early: a body that is sent in chunks has none, so
 * what arrives is counted, and reading stops at the limit.
 *
 * @throws {DeliveryError} With the code `too-large`.
 */
export async function readBody(headers: HeadersLike, body: Body, maxBytes: number): Promise<Uint8Array | string> {
    for (const declared of valuesOf(headers, "content-length")) {
        if (Number(declared) > maxBytes) throw tooLarge(maxBytes);
    }
    if (typeof body !== "function") return body;

    const parts: Uint8Array[] = [];
    let length = 0;
    await body((part) => {
        length += part.byteLength;
        if (length <= maxBytes) parts.push(part);
        return length <= maxBytes;
    });
    if (length > maxBytes) throw tooLarge(maxBytes);
    return concatenated(parts, length);
}

function concatenated(parts: Uint8Array[], length: number): Uint8Array {
    const [first] = parts;
    if (first?.byteLength === length) return first;
    const whole = new Uint8Array(length);
    let offset = 0;
    for (const part of parts) {
        whole.set(part, offset);
        offset += part.byteLength;
    }
    return whole;
}
