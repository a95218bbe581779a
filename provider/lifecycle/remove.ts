import { ApiError, CallError, UnknownOutcomeError } from "../errors";
import type { Ledger } from "./ledger";
import { about, mayMeanGone } from "./outcome";
import type { WebhookOutputs } from "./state";

/** How often `/delete` is sent in all: to send it again does no harm. */
const mostAttempts = 3;

/**
 * Deletes a webhook. One that is gone already is a success, in whatever words the API says so.
 *
 * @throws ApiError where the API refuses, and `/list` still shows the webhook
 * @throws UnknownOutcomeError where neither says what became of it
 */
export function remove(
    ledger: Ledger,
    id: string,
    saved: WebhookOutputs,
    notify: (line: string) => void,
): Promise<void> {
    return about({ id, url: saved.url }, async () => {
        if (ledger.isHeldByAnother(id, saved)) {
            // A renamed resource: the new one has adopted the webhook that the old one gives up, now or in a run that failed.
            notify(`${id} is not deleted, as another resource of this program has adopted it`);
            return;
        }
        let lost: CallError | undefined;
        for (let attempt = 1; ; attempt++) {
            const failure = await tryDelete(ledger, id).catch((error: unknown) => orMayBeDeleted(lost, error));
            if (failure === undefined) break;
            const isLast = attempt === mostAttempts || failure.effect === "none";
            if (failure.effect === "unknown") lost = failure;
            // One that will be sent again anyway need not wait for a list that may lag.
            const gone = isGone(ledger, id, isLast ? undefined : 0);
            if (await gone.catch((error: unknown) => orMayBeDeleted(lost, error))) break;
            if (isLast) throw failure;
        }
        ledger.strike(id);
    });
}

/** @returns why it is not certain that the webhook is deleted; undefined when it is */
async function tryDelete(ledger: Ledger, id: string): Promise<CallError | undefined> {
    try {
        if (await ledger.client.delete(id)) return undefined;
        return new ApiError('the API answered {"success": false} to `/delete`, and still lists it.', 200, "none");
    } catch (error) {
        if (!(error instanceof CallError)) throw error;
        if (error.effect === "none" && !mayMeanGone(error)) throw error;
        return error;
    }
}

async function isGone(ledger: Ledger, id: string, within: number | undefined): Promise<boolean> {
    return (await ledger.lookFor((webhooks) => !webhooks.has(id) || undefined, within)) === true;
}

/** Throws what went wrong; after a `/delete` whose answer was lost it has to say more. */
function orMayBeDeleted(lost: CallError | undefined, error: unknown): never {
    if (lost === undefined || !(error instanceof CallError)) throw error;
    throw new UnknownOutcomeError(
        `it may be deleted or not: ${lost.message} And then: ${error.message} Run again: to delete what is gone is no error. ` +
            "If it is to stay after all, run `pulumi refresh` first, which shows whether it is there.",
    );
}
