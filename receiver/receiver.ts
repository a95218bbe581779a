import { readBody } from "./body.js";
import { type ClaimedDelivery, claimDelivery, unremembered } from "./claim-delivery.js";
import type { DedupeStore } from "./dedupe-store.js";
import { type Delivery, defaultMaxBytes, type HandedDelivery, parseDelivery, testEvent } from "./delivery.js";
import { DeliveryError, type DeliveryErrorCode } from "./delivery-error.js";
import { deliveryKey } from "./delivery-key.js";
import { type Answer, type Core, type Incoming, incomingOf, keepCore } from "./incoming.js";
import { type ErrorContext, logError } from "./log-error.js";
import { memoryDedupe } from "./memory-dedupe.js";
import { OptionsCheck } from "./options.js";
import { sourceOf } from "./secret-source.js";
import type { Secrets } from "./secrets.js";
import { SetupError } from "./setup-error.js";
import { type RefusalReason, type Verification, verifyDelivery } from "./verify.js";

/** The header that `instance` is sent in. */
const instanceHeader = "captions-receiver-instance";

export interface DeliveryContext {
    /**
     * Which of the secrets the delivery came with: its place in the list, 0 is the newest. Never the secret itself, so
     * fit for logs and metrics: during a rotation it shows whether the old webhook is still in use.
     */
    secretIndex: number;
    /**
     * Lets `onDelivery` return, and the delivery be answered with 200, while work goes on. The delivery counts as
     * handled once all such work has succeeded: until then its repeats wait, and if it fails, `onError` is called and
     * the next repeat is handed on.
     *
     * On Cloudflare Workers, this is the `waitUntil` of the request's `ctx`. On AWS Lambda, which stops a function that
     * has answered, the answer waits for the work. In a server, the work goes on in the process.
     *
     * It cannot promise that there is a repeat: Captions has been told 200, and has no reason to send the delivery
     * again if the work fails or the process ends. (Cloudflare ends such work 30 seconds after the answer.) What must
     * not be lost belongs in a queue or a database before `onDelivery` returns.
     *
     * @throws {TypeError} When it is not given a promise.
     */
    waitUntil(work: PromiseLike<unknown>): void;
}

/** A request that was not taken. It contains nothing of the request itself. */
export interface Refusal {
    status: 400 | 401 | 405 | 413;
    /** `unreadable`: the connection broke before the body was there, or its base64 is none. */
    reason: RefusalReason | DeliveryErrorCode | "wrong-method" | "unreadable";
    /** The body's field that is missing or of the wrong type, with the reason `invalid-field`. */
    field?: string;
}

export interface ReceiverOptions {
    /** The webhook's secret, all that are valid now, or where to fetch them: see {@link Secrets}. */
    secrets: Secrets;
    /**
     * Called with each delivery once, and waited for. If it throws or rejects, the answer is 500, so that Captions may
     * send the delivery again, and that repeat is handed on. Put long work into a queue: how long Captions waits for an
     * answer is not documented.
     */
    onDelivery: (delivery: HandedDelivery, context: DeliveryContext) => unknown;
    /**
     * Where handled deliveries are remembered. Default: {@link memoryDedupe}, which is right for one process; for
     * several, see {@link DedupeStore}. `false`: nowhere, every repeat is handed on.
     */
    dedupe?: DedupeStore | false;
    /** For how long a handled delivery is remembered, in seconds, at least 1. Default: 604,800 (7 days). */
    keepSeconds?: number;
    /**
     * Longer than `onDelivery` ever takes, in seconds, at least 1: after it, a claim counts as left over from a crash.
     * Default: 300.
     */
    leaseSeconds?: number;
    /**
     * For how long a repeat waits while the same delivery is being handled, in seconds, 0 to 86,400; then it is
     * answered 503. Default: 25.
     */
    waitSeconds?: number;
    /** The greatest body that is read, in bytes. Default: 1 MiB. */
    maxBytes?: number;
    /**
     * A name for this process, such as the pod's. Every answer to a genuine delivery or test then carries it in the
     * header `Captions-Receiver-Instance`, so that a check can count how many instances it has reached. Printable
     * ASCII, at most 200 characters. Default: no such header.
     */
    instance?: string | undefined;
    /** Told of every request that was not taken, for a log or for figures: the answer itself says nothing about why. */
    onRefused?: (refusal: Refusal) => void;
    /**
     * Told of what went wrong: what `onDelivery` threw (as it is, so take care what you log), secrets that could not be
     * fetched or that are missing, a dedupe store that failed, a framework that has read the body before. Default: a
     * line on `console.error` that names the error's class only, because an error's message may contain the video's
     * URL.
     */
    onError?: (error: unknown, context: ErrorContext) => void;
}

/** Takes a request and answers it. What {@link createReceiver} makes never rejects. */
export interface Receiver {
    /** @param runtime What the runtime gives along with a request. Its `waitUntil` is used if it has one. */
    (request: Request, runtime?: unknown): Promise<Response>;
    /** Tells `onError`. For adapters, if they have no request to hand over. */
    readonly report?: (error: unknown, context: ErrorContext) => void;
}

/**
 * A receiver of deliveries, as a function from `Request` to `Response`: hand it to Deno, Bun or a framework as it is,
 * or through one of the adapters, such as {@link toNodeListener}, {@link toWorker} or {@link toLambdaHandler}.
 *
 * | answer | when |
 * | --- | --- |
 * | 200 | handed on and handled; a repeat of such a one; a test |
 * | 400 | the body is not a delivery |
 * | 401 | the secret is missing or wrong; the answer does not say which |
 * | 405 | not a POST |
 * | 413 | the body is larger than `maxBytes` |
 * | 500 | `onDelivery` failed; something else has read the body before |
 * | 503 | there is no secret yet, or the secrets or the dedupe store could not be asked; the same delivery is still being handled |
 *
 * A 503 carries `Retry-After`. The secret is checked before the body is read. The content type is not looked at: what
 * is JSON is taken.
 *
 * A repeat has the same event and `operationId`. An event that this package does not know is a repeat only if its whole
 * body is the same: one operation may have several, such as its progress.
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
 *
 * @throws {TypeError} When an option is not of its type, or there is none of its name.
 * @throws {RangeError} When a number is out of its range.
 * @throws {SecretsError} When `secrets` are given as they are, and cannot be secrets. (None at all is no error: the
 * webhook may not be there yet.)
 */
export function createReceiver(options: ReceiverOptions): Receiver {
    checkOptions(options);
    const { onDelivery, maxBytes = defaultMaxBytes, instance, onRefused, onError = logError } = options;
    const { keepSeconds = 604_800, leaseSeconds = 300, waitSeconds = 25 } = options;
    const secrets = sourceOf(options.secrets);
    const store = options.dedupe ?? memoryDedupe();

    async function receive(incoming: Incoming, runtime: unknown): Promise<Answer> {
        if (incoming.method !== "POST") return refuse({ status: 405, reason: "wrong-method" });

        let verification: Verification;
        try {
            verification = await verifyDelivery(incoming.headers, secrets);
        } catch (error) {
            return fail(503, error, { step: "secrets" });
        }
        if (!verification.ok) return refuse({ status: 401, reason: verification.reason });

        const { status, headers } = await receiveGenuine(incoming, verification.secretIndex, runtime);
        return { status, headers: instance === undefined ? headers : { ...headers, [instanceHeader]: instance } };
    }

    async function receiveGenuine(incoming: Incoming, secretIndex: number, runtime: unknown): Promise<Answer> {
        const body = incoming.body();
        if (body === undefined) return fail(500, bodyWasRead(), { step: "body" });
        let delivery: Delivery;
        try {
            delivery = parseDelivery(await readBody(incoming.headers, body, maxBytes), { maxBytes });
        } catch (error) {
            if (!(error instanceof DeliveryError)) return refuse({ status: 400, reason: "unreadable" });
            const { code, field } = error;
            return refuse({ status: code === "too-large" ? 413 : 400, reason: code, ...(field && { field }) });
        }
        return delivery.event === testEvent ? answer(200) : handOn(delivery, secretIndex, runtime);
    }

    async function handOn(delivery: HandedDelivery, secretIndex: number, runtime: unknown): Promise<Answer> {
        const { operationId } = delivery;
        const event = delivery.event === "unknown" ? delivery.name : delivery.event;
        const failure = (step: ErrorContext["step"]): ErrorContext => ({ step, event, operationId });

        let claim: ClaimedDelivery | "done" | "busy";
        try {
            const key = await deliveryKey(delivery);
            const times = { keepSeconds, leaseSeconds, waitSeconds };
            claim =
                store === false || key === undefined
                    ? unremembered
                    : await claimDelivery(store, key, times, (error) => report(error, failure("dedupe")));
        } catch (error) {
            return fail(503, error, failure("dedupe"));
        }
        if (typeof claim === "string") return claim === "done" ? answer(200) : answer(503);

        const { confirm, release } = claim;
        const work: Promise<unknown>[] = [];
        const waitUntil = (promise: PromiseLike<unknown>) => void work.push(started(promise));
        try {
            await onDelivery(delivery, { secretIndex, waitUntil });
        } catch (error) {
            await release();
            return fail(500, error, failure("handler"));
        }
        if (work.length === 0) await confirm();
        else {
            const failed = (error: unknown) => release().then(() => report(error, failure("handler")));
            keepAlive(allOf(work).then(confirm, failed), runtime);
        }
        return answer(200);
    }

    function refuse(refusal: Refusal): Answer {
        harmlessly(() => onRefused?.(refusal));
        if (refusal.status === 405) return answer(405, { allow: "POST" });
        return answer(refusal.status, refusal.status === 401 ? { "www-authenticate": "Bearer" } : {});
    }

    function fail(status: 500 | 503, error: unknown, context: ErrorContext): Answer {
        report(error, context);
        return answer(status);
    }

    function report(error: unknown, context: ErrorContext): void {
        harmlessly(() => onError(error, context));
    }

    const core: Core = async (incoming, runtime) => {
        try {
            return await receive(incoming(), runtime);
        } catch (error) {
            return fail(500, error, { step: "request" });
        }
    };
    const receiver = Object.assign(
        async (request: Request, runtime?: unknown) => {
            const { status, headers } = await core(() => incomingOf(request), runtime);
            return new Response(null, { status, headers });
        },
        { report },
    );
    keepCore(receiver, core);
    return receiver;
}

function checkOptions(options: ReceiverOptions): void {
    const isFunction = (value: unknown) => typeof value === "function";
    const hasMethods = (value: unknown, ...names: string[]) =>
        typeof value === "object" && value !== null && names.every((name) => isFunction(Reflect.get(value, name)));
    new OptionsCheck("createReceiver", options)
        .must("onDelivery", "a function", isFunction)
        .must(
            "secrets",
            "a secret, a list of secrets, a function, or what cachedSecrets or secretsFromFile returns",
            (value) =>
                (value ?? undefined) === undefined ||
                ["string", "function"].includes(typeof value) ||
                Array.isArray(value) ||
                hasMethods(value, "lists"),
        )
        .must(
            "dedupe",
            "false, or a store with claim, confirm and release",
            (value) => value === undefined || value === false || hasMethods(value, "claim", "confirm", "release"),
        )
        .must(
            "instance",
            "1 to 200 printable ASCII characters",
            (value) => value === undefined || (typeof value === "string" && /^[\x21-\x7e]{1,200}$/.test(value)),
        )
        .numbers("keepSeconds", "leaseSeconds", "waitSeconds", "maxBytes")
        .functions("onRefused", "onError")
        .only();
}

function bodyWasRead(): SetupError {
    return new SetupError(
        "Something else has read the request's body before the receiver got it, so the delivery is lost unless it is sent again. " +
            "Put the receiver before whatever reads it, such as a logger or a hook.",
    );
}

function answer(status: number, headers: Answer["headers"] = {}): Answer {
    return { status, headers: status === 503 ? { "retry-after": "5" } : headers };
}

/** Work that goes on. If it fails before anybody waits for it, that is not an unhandled rejection. */
function started(work: PromiseLike<unknown>): Promise<unknown> {
    if (typeof work?.then !== "function") throw new TypeError("waitUntil must be given a promise.");
    const promise = Promise.resolve(work);
    promise.catch(() => undefined);
    return promise;
}

/**
 * Settles when all of the work has, also what is added to the list meanwhile. @throws What the first that failed has
 * thrown.
 */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
    for (const one of work) await one.catch(() => undefined);
    await Promise.all(work);
}

/** Without a runtime that ends when it has answered, there is nothing to do: the process goes on. */
function keepAlive(work: Promise<void>, runtime: unknown): void {
    if (typeof runtime !== "object" || runtime === null) return;
    if ("waitUntil" in runtime && typeof runtime.waitUntil === "function") {
        const { waitUntil } = runtime;
        harmlessly(() => waitUntil.call(runtime, work));
    }
}

/** What a hook does wrong does not change the answer. */
function harmlessly(hook: () => unknown): void {
    void (async () => hook())().catch(() => undefined);
}
