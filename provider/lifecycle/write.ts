import { CallError, CaptionsError, UnknownOutcomeError } from "../errors";
import type { Account } from "./account";
import type { Listing } from "./inventory";
import type { WebhookOutputs } from "./state";

/** A call that changes something, and how to tell whether it did. */
export interface WritingCall<T> {
    readonly endpoint: "/register" | "/update" | "/delete";
    /** Sends it. The client sends it again by itself only where that is certain to do nothing twice. */
    readonly send: () => Promise<T>;
    /** What `/list` shows when it was done; undefined while it does not show that. */
    readonly shows: (listing: Listing) => T | undefined;
    /** What `/list` shows instead, a sentence. */
    readonly unseen: () => string;
    /** What to do next, a sentence or two. */
    readonly next: string;
}

/**
 * Sends a call that changes something, once: the only way in which the lifecycle does so. By the table in
 * `api/endings.ts` the call was done, or did nothing, or it is not known. What is not known is looked for in `/list`,
 * and never sent again in the same run, because it may still be done later.
 *
 * @throws CallError where it is certain that it did nothing
 * @throws UnknownOutcomeError where neither the response nor `/list` tells
 */
export async function sendOnce<T>({ inventory }: Account, call: WritingCall<T>): Promise<T> {
    try {
        return await call.send();
    } catch (error) {
        if (!(error instanceof CallError) || error.meaning === "did nothing") throw error;
        let unseen: string;
        try {
            const found = await inventory.lookFor(call.shows);
            if (found !== undefined) return found;
            unseen = call.unseen();
        } catch (failure) {
            if (!(failure instanceof CallError)) throw failure;
            unseen = `\`/list\` failed, too: ${failure.message}`;
        }
        throw new UnknownOutcomeError(
            `\`${call.endpoint}\` was sent, and it is not known whether it was done. ${error.message} ${unseen} ${call.next}`,
        );
    }
}

/**
 * Whether an error may be the API's way to say that it has no such webhook, or that a URL is taken: how it does is not
 * documented.
 */
export function isRejection(error: unknown): error is CallError {
    if (!(error instanceof CallError) || error.status === undefined) return false;
    return error.status >= 400 && error.status < 500 && ![401, 403, 408, 429, 499].includes(error.status);
}

/**
 * A step that failed half-way: the webhook exists, and what is known of it must be saved, so that the next run goes on
 * from there.
 */
export class PartialFailure extends CaptionsError {
    override readonly name = "PartialFailure";

    constructor(
        readonly id: string,
        readonly outputs: WebhookOutputs,
        message: string,
    ) {
        super(message);
    }
}
