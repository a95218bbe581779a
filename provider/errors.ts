/**
 * Everything that this package throws. Each class has a stable `name`, and a message that says what happened, to which
 * webhook, and what to do next. A message never holds an API key or a webhook's secret.
 */

/** What is certain about a call that failed: it did nothing, or nobody knows. */
export type Effect = "none" | "unknown";

/**
 * The base of all errors of this package.
 *
 * @example
 * ```ts
 * import { CaptionsError } from "pulumi-captions";
 *
 * export function explain(error: unknown): string {
 *     return error instanceof CaptionsError ? error.message : "not an error of pulumi-captions";
 * }
 * ```
 */
export class CaptionsError extends Error {
    constructor(message: string) {
        super(message);
        this.name = new.target.name;
        // Pulumi's dynamic provider host prints `stack` on the user's screen beside the message.
        this.stack = "";
    }
}

/** The configuration (`captions:apiKey`, `captions:baseUrl`, `captions:accounts`, …) is missing something, or wrong. */
export class ConfigurationError extends CaptionsError {}

/** An input of a webhook is wrong. Found by `check`, so that a preview shows it. */
export class InputError extends CaptionsError {}

/** A webhook with the same URL exists already, or is declared twice, and `allowDuplicateUrl` is not set. */
export class DuplicateUrlError extends CaptionsError {}

/** `adopt` names a webhook that cannot be taken over: claimed twice, or more than one fits. */
export class AdoptionError extends CaptionsError {}

/** The API knows no webhook of this id. */
export class WebhookNotFoundError extends CaptionsError {}

/** A call that failed. `effect` says whether it is certain that it changed nothing. */
export class CallError extends CaptionsError {
    constructor(
        message: string,
        readonly effect: Effect,
    ) {
        super(message);
    }
}

/** The API could not be reached, or the connection broke before its answer was there. */
export class ConnectionError extends CallError {
    constructor(
        message: string,
        effect: Effect,
        /** A kept connection that the server had closed in the meantime: the usual reason for a reset. */
        readonly stale = false,
    ) {
        super(message, effect);
    }
}

/** The server's certificate is not trusted, or its TLS cannot be spoken. Nothing was sent. */
export class TlsError extends ConnectionError {}

/** The API took the call and refused it, or failed at it. `status` is the HTTP status. */
export class ApiError extends CallError {
    constructor(
        message: string,
        readonly status: number,
        effect: Effect,
    ) {
        super(message, effect);
    }
}

/** 401: the API key is missing, wrong or revoked. */
export class UnauthorizedError extends ApiError {}

/** 403: the key is known, but may not use webhooks. */
export class ForbiddenError extends ApiError {}

/** 429 or 503 for longer than this provider waits. */
export class RateLimitError extends ApiError {}

/** The API answered something that cannot be what it means: no JSON, another shape, a masked secret. */
export class AnswerError extends CallError {
    constructor(message: string, effect: Effect = "unknown") {
        super(message, effect);
    }
}

/** A change was sent, its answer was lost, and `/list` does not tell what became of it. */
export class UnknownOutcomeError extends CaptionsError {}

/** The message of any thrown value, for a text that goes on to say more. */
export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
