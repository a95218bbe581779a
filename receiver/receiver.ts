import { readBody } from "./body.js";
import { type DedupeStore, memoryDedupe } from "./dedupe.js";
import { type Delivery, defaultMaxBytes, parseDelivery, type TestDelivery, testEvent } from "./delivery.js";
import { DeliveryError, type DeliveryErrorCode } from "./delivery-error.js";
import { type ErrorContext, logError } from "./log-error.js";
import { DedupeFailure, once } from "./once.js";
import type { Secrets } from "./secrets.js";
import { SecretsError } from "./secrets-error.js";
import { type RefusalReason, type Verification, verifyDelivery } from "./verify.js";

/** What `onDelivery` is given: every delivery but tests. */
export type HandedDelivery = Exclude<Delivery, TestDelivery>;

export interface DeliveryContext {
    /** Which of the secrets the delivery came with: its place in the list. */
    secretIndex: number;
}

/** A request that was not taken. It holds nothing of the request itself. */
export interface Refusal {
    status: 400 | 401 | 405 | 413;
    /** `unreadable`: the connection broke before the body was there. */
    reason: RefusalReason | DeliveryErrorCode | "wrong-method" | "unreadable";
    /** The body's field that is missing or of the wrong type, with the reason `invalid-field`. */
    field?: string;
}

export interface ReceiverOptions {
    /** The webhook's secret, all that are valid now, or where to fetch them: see {@link Secrets}. */
    secrets: Secrets;
    /**
     * Called with each delivery once, and waited for. If it throws or rejects, the answer is 500, so that Captions may send the
     * delivery again, and that repeat is handed on. Put long work into a queue: how long Captions waits for an answer is not documented.
     */
    onDelivery: (delivery: HandedDelivery, context: DeliveryContext) => unknown;
    /** Where handled deliveries are remembered. Default: {@link memoryDedupe}; `false`: nowhere, every repeat is handed on. */
    dedupe?: DedupeStore | false;
    /** For how long a handled delivery is remembered, in seconds. Default: 604,800 (7 days). */
    keepSeconds?: number;
    /** Longer than `onDelivery` ever takes, in seconds: after it, a claim counts as left over from a crash. Default: 300. */
    leaseSeconds?: number;
    /** For how long a repeat waits while the same delivery is being handled, in seconds; then it is answered 503. Default: 25. */
    waitSeconds?: number;
    /** The greatest body that is read, in bytes. Default: 1 MiB. */
    maxBytes?: number;
    /** Told of every request that was not taken, for a log or for figures: the answer itself says nothing about why. */
    onRefused?: (refusal: Refusal) => void;
    /**
     * Told of what went wrong: what `onDelivery` threw (as it is, so take care what you log), secrets that could not be fetched or
     * that are missing, a dedupe store that failed. Default: a line on `console.error` that names the error's class only, because an error's
     * message may hold the video's URL.
     */
    onError?: (error: unknown, context: ErrorContext) => void;
}

/** Takes a request and answers it; never rejects. */
export type Receiver = (request: Request) => Promise<Response>;

/**
 * A receiver of deliveries, as a function from `Request` to `Response`: hand it to Deno, Bun or a framework as it is, or
 * through one of the adapters, such as {@link toNodeListener}, {@link toWorker} or {@link toLambdaHandler}.
 *
 * | answer | when |
 * | --- | --- |
 * | 200 | handed on and handled; a repeat of such a one; a test |
 * | 400 | the body is not a delivery |
 * | 401 | the secret is missing or wrong; the answer does not say which |
 * | 405 | not a POST |
 * | 413 | the body is larger than `maxBytes` |
 * | 500 | `onDelivery` failed |
 * | 503 | the secrets or the dedupe store could not be asked; the same delivery is still being handled |
 *
 * The secret is checked before the body is read. The content type is not looked at: what is JSON is taken.
 *
 * @example
 * ```ts
 * import { createReceiver } from "pulumi-captions/receiver";
 *
 * export const receiver = createReceiver({
 *     secrets: process.env.CAPTIONS_WEBHOOK_SECRET,
 *     onDelivery: async (delivery) => {
 *         if (delivery.event === "creator.success") await fetch(delivery.url);
 *     },
 * });
 * ```
 */
export function createReceiver(options: ReceiverOptions): Receiver {
    const { secrets, onDelivery, maxBytes = defaultMaxBytes, onRefused, onError = logError } = options;
    const { keepSeconds = 604_800, leaseSeconds = 300, waitSeconds = 25 } = options;
    const store = options.dedupe ?? memoryDedupe();
    if (typeof onDelivery !== "function") throw new TypeError("createReceiver needs onDelivery, a function.");

    async function receive(request: Request): Promise<Response> {
        if (request.method !== "POST") return refuse({ status: 405, reason: "wrong-method" });

        let verification: Verification;
        try {
            verification = await verifyDelivery(request.headers, secrets);
        } catch (error) {
            return fail(503, error, { step: "secrets" });
        }
        if (!verification.ok) {
            if (verification.reason === "no-secrets") report(noSecrets(), { step: "secrets" });
            return refuse({ status: 401, reason: verification.reason });
        }

        if (request.bodyUsed) {
            return fail(500, new TypeError("The request's body was read before the receiver got it."), {
                step: "body",
            });
        }
        let delivery: Delivery;
        try {
            delivery = parseDelivery(await readBody(request, maxBytes), { maxBytes });
        } catch (error) {
            if (!(error instanceof DeliveryError)) return refuse({ status: 400, reason: "unreadable" });
            const { code, field } = error;
            return refuse({ status: code === "too-large" ? 413 : 400, reason: code, ...(field && { field }) });
        }
        return delivery.event === testEvent ? answer(200) : handOn(delivery, { secretIndex: verification.secretIndex });
    }

    async function handOn(delivery: HandedDelivery, context: DeliveryContext): Promise<Response> {
        const { operationId } = delivery;
        const event = delivery.event === "unknown" ? delivery.name : delivery.event;
        const handle = async () => onDelivery(delivery, context);
        const times = { keepSeconds, leaseSeconds, waitSeconds };
        try {
            // Without an operation's id, there is nothing to tell a repeat by.
            if (store === false || operationId === undefined) await handle();
            else {
                const key = JSON.stringify([event, operationId]);
                const outcome = await once(store, key, times, handle, (error) =>
                    report(error, { step: "dedupe", event, operationId }),
                );
                if (outcome === "busy") return answer(503, { "retry-after": "5" });
            }
            return answer(200);
        } catch (error) {
            if (error instanceof DedupeFailure) return fail(503, error.error, { step: "dedupe", event, operationId });
            return fail(500, error, { step: "handler", event, operationId });
        }
    }

    function refuse(refusal: Refusal): Response {
        harmlessly(() => onRefused?.(refusal));
        if (refusal.status === 405) return answer(405, { allow: "POST" });
        return answer(refusal.status, refusal.status === 401 ? { "www-authenticate": "Bearer" } : {});
    }

    function fail(status: 500 | 503, error: unknown, context: ErrorContext): Response {
        report(error, context);
        return answer(status, status === 503 ? { "retry-after": "5" } : {});
    }

    function report(error: unknown, context: ErrorContext): void {
        harmlessly(() => onError(error, context));
    }

    return (request) => receive(request);
}

/** A mistake in how the receiver is set up, which its 401 does not show. */
function noSecrets(): SecretsError {
    return new SecretsError(
        "secrets-missing",
        "The receiver has no secret to compare with, so that it refuses every delivery. Give it the webhook's secret as `secrets`.",
    );
}

function answer(status: number, headers: Record<string, string> = {}): Response {
    return new Response(null, { status, headers });
}

/** What a hook does wrong does not change the answer. */
function harmlessly(hook: () => unknown): void {
    void (async () => hook())().catch(() => undefined);
}
