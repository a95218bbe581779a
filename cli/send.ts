import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import axios, { type AxiosError } from "axios";
import { isLoopback } from "../provider/api/urls";
import { testEvent } from "../receiver";

/** What became of a delivery: the receiver's answer, or why there is none. */
export type Sent =
    | { readonly kind: "answer"; readonly status: number; readonly milliseconds: number }
    | { readonly kind: "timeout"; readonly milliseconds: number }
    | { readonly kind: "unreachable" | "untrusted" | "broken"; readonly code: string };

/** A delivery that means nothing, in the shape that real ones have. Its `operationId` says that it is a test. */
export function testDelivery(event: string): Readonly<Record<string, unknown>> {
    return {
        // A success without a URL would be refused as malformed; example.com is reserved for such uses (RFC 2606).
        url: event === "creator.success" ? "https://example.com/pulumi-captions-test.mp4" : "",
        event,
        // A fresh one each time, so that none is taken for a repeat.
        operationId: `pulumi-captions-test-${randomBytes(8).toString("hex")}`,
        creditsSpent: 0,
    };
}

/** The event that `createReceiver` answers 200 and hands to nobody. */
export const harmlessEvent = testEvent;

/** Delivers once, as Captions does. Redirects are not followed, as the secret would go along. Nothing is tried again. */
export async function send(
    url: string,
    secret: string,
    delivery: Readonly<Record<string, unknown>>,
    limits: { readonly timeoutSeconds: number; readonly signal: AbortSignal },
): Promise<Sent> {
    const timeout = AbortSignal.timeout(limits.timeoutSeconds * 1000);
    const startedAt = Date.now();
    try {
        const answer = await axios.post<Readable>(url, delivery, {
            headers: { Authorization: `Bearer ${secret}`, "User-Agent": "pulumi-captions deliver" },
            maxRedirects: 0,
            validateStatus: () => true,
            // Only the status counts; the body is not read.
            responseType: "stream",
            signal: AbortSignal.any([timeout, limits.signal]),
            ...(isLoopback(new URL(url).hostname) ? { proxy: false as const } : {}),
        });
        answer.data.on("error", () => undefined).destroy();
        return { kind: "answer", status: answer.status, milliseconds: Date.now() - startedAt };
    } catch (error) {
        limits.signal.throwIfAborted();
        if (timeout.aborted) return { kind: "timeout", milliseconds: Date.now() - startedAt };
        // An AxiosError carries the request with the secret: nothing of it but its code goes on from here.
        return failure((error as AxiosError).code ?? "unknown");
    }
}

function failure(code: string): Sent {
    if (/CERT|^ERR_TLS|^ERR_SSL|UNABLE_TO_|^EPROTO/.test(code)) return { kind: "untrusted", code };
    if (/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/.test(code)) {
        return { kind: "unreachable", code };
    }
    return { kind: "broken", code };
}
