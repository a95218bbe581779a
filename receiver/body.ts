import { tooLarge } from "./delivery.js";

/**
 * Reads a request's body, up to a limit.
 *
 * The length that the request declares is only good for rejecting early: a body that is sent in chunks has none, so
 * what arrives is counted, and reading stops at the limit.
 *
 * @throws {DeliveryError} With the code `too-large`.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
    if (Number(request.headers.get("content-length")) > maxBytes) throw tooLarge(maxBytes);
    if (request.body === null) return new Uint8Array();

    const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (let part = await reader.read(); part.value !== undefined; part = await reader.read()) {
        length += part.value.byteLength;
        if (length > maxBytes) {
            // Not waited for: what the sender makes of it does not matter any more.
            reader.cancel().catch(() => undefined);
            throw tooLarge(maxBytes);
        }
        chunks.push(part.value);
    }
    return concatenated(chunks, length);
}

function concatenated(chunks: Uint8Array[], length: number): Uint8Array {
    const whole = new Uint8Array(length);
    let offset = 0;
    for (const chunk of chunks) {
        whole.set(chunk, offset);
        offset += chunk.byteLength;
    }
    return whole;
}
