import { describeUrl } from "../api/redact";
import { ApiError, type CallError, CaptionsError, ConnectionError, ForbiddenError, UnauthorizedError } from "../errors";
import type { WebhookOutputs } from "./state";

/**
 * A lifecycle step that failed half-way: the webhook exists, and what is known of it must be saved, so that the next run
 * goes on from there.
 */
export class PartialFailure extends CaptionsError {
    constructor(
        readonly id: string,
        readonly outputs: WebhookOutputs,
        message: string,
    ) {
        super(message);
    }
}

/**
 * Whether a call may be sent again once `/list` has not shown its effect for as long as it may lag: a 503 is the server's
 * word that it did nothing, and a kept connection that breaks at once was closed before the call came. Anything else may
 * still be worked on.
 */
export function mayBeSentAgain(error: CallError): boolean {
    return (error instanceof ApiError && error.status === 503) || (error instanceof ConnectionError && error.stale);
}

/** Whether an error may be the API's way to say that it knows no such webhook: how it does is not documented. */
export function mayMeanGone(error: unknown): boolean {
    return (
        error instanceof ApiError &&
        error.status >= 400 &&
        error.status < 500 &&
        error.status !== 429 &&
        !(error instanceof UnauthorizedError || error instanceof ForbiddenError)
    );
}

/** Runs a step of the lifecycle, and has the errors say which webhook they are about. */
export async function about<T>(webhook: { id?: string; url?: string }, step: () => Promise<T>): Promise<T> {
    try {
        return await step();
    } catch (error) {
        if (error instanceof CaptionsError) {
            const url = webhook.url === undefined ? "" : describeUrl(webhook.url);
            const name = webhook.id === undefined ? `for ${url}` : url === "" ? webhook.id : `${webhook.id} (${url})`;
            error.message = `Webhook ${name}: ${error.message}`;
        }
        throw error;
    }
}
