/**
 * Everything that this package throws. Each class has a literal `name` (it stays the same in minified code), and a
 * message that says what happened and what to do next. A message never has an API key, a webhook's secret or the path
 * of its URL in it.
 *
 * An error may reach all who waited for one call, so none is ever changed after it was thrown.
 */

import type { Meaning } from "./api/endings";

/** The base of all errors of this package. */
export class CaptionsError extends Error {
    override readonly name: string = "CaptionsError";

    constructor(message: string) {
        super(message);
        // Pulumi's dynamic provider host prints `stack` on the user's screen beside the message.
        this.stack = "";
    }
}

/**
 * An argument of {@link generations} is invalid. The only error that a program can catch: what is wrong with a resource
 * is found by Pulumi's engine, which ends the run with a message.
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions";
 *
 * export function generationsOr(otherwise: string[], every: string): string[] {
 *     try {
 *         return captions.generations({ every, overlap: "7d" });
 *     } catch (error) {
 *         if (error instanceof captions.InputError) return otherwise;
 *         throw error;
 *     }
 * }
 * ```
 */
export class InputError extends CaptionsError {
    override readonly name = "InputError";
}

/** The configuration (`captions:apiKey`, `captions:baseUrl`, `captions:accounts`, …) is incomplete or invalid. */
export class ConfigurationError extends CaptionsError {
    override readonly name = "ConfigurationError";
}

/** A webhook with the same URL exists already, or is declared twice, and `allowDuplicateUrl` is not set. */
export class DuplicateUrlError extends CaptionsError {
    override readonly name = "DuplicateUrlError";
}

/** `adopt` names a webhook that cannot be adopted: another resource has it, or more than one fits. */
export class AdoptionError extends CaptionsError {
    override readonly name = "AdoptionError";
}

/** The account has no webhook with this id. */
export class WebhookNotFoundError extends CaptionsError {
    override readonly name = "WebhookNotFoundError";
}

/**
 * The API shows no usable secret of a webhook (empty or masked), or shows the webhook in a form that cannot be read.
 */
export class UnusableWebhookError extends CaptionsError {
    override readonly name = "UnusableWebhookError";
}

/** A generation of a rotating webhook is not deleted, because receivers may still need it. */
export class OverlapError extends CaptionsError {
    override readonly name = "OverlapError";
}

/** Receivers do not accept the secrets that they are to accept, or accept a wrong one. */
export class DeliveryCheckError extends CaptionsError {
    override readonly name = "DeliveryCheckError";
}

/** A call failed. */
export class CallError extends CaptionsError {
    override readonly name = "CallError";

    /**
     * @param meaning what is certain about it
     * @param status the HTTP status, where there was one
     */
    constructor(
        message: string,
        readonly meaning: Meaning,
        readonly status?: number,
    ) {
        super(message);
    }
}

/** A change was sent, and neither its response nor `/list` tells whether it was done. */
export class UnknownOutcomeError extends CaptionsError {
    override readonly name = "UnknownOutcomeError";
}
