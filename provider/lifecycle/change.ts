import type { RegisteredWebhook } from "../api/answers";
import type { WebhookSettings } from "../api/client";
import { AnswerError, CallError, UnknownOutcomeError, WebhookNotFoundError } from "../errors";
import type { Ledger } from "./ledger";
import { mayBeSentAgain, mayMeanGone } from "./outcome";
import { distinctEvents, sameEvents, sameUrl } from "./same";

/** How often `/update` is sent in all, when each time it turned out that the one before had done nothing. */
const mostAttempts = 3;

/** A change to be made of a registered webhook. Without settings it is a rotation alone. */
export interface Change {
    readonly id: string;
    readonly settings: Partial<WebhookSettings>;
    /** The secret before the change: an `/update` that was done has replaced it. */
    readonly secretBefore: string | undefined;
}

/** What of the settings differs in more than its spelling: only that is sent. */
export function changedSettings(from: WebhookSettings, wanted: WebhookSettings): Partial<WebhookSettings> {
    return {
        ...(sameUrl(from.url, wanted.url) ? {} : { url: wanted.url }),
        ...(sameEvents(from.enabledEvents, wanted.enabledEvents)
            ? {}
            : { enabledEvents: distinctEvents(wanted.enabledEvents) }),
    };
}

/**
 * Sends one `/update`. When its answer is lost the truth is read from `/list`, as a second `/update` would rotate again.
 *
 * @throws UnknownOutcomeError where `/list` does not tell what became of it
 * @throws WebhookNotFoundError where the webhook is gone
 */
export async function changeOnce(ledger: Ledger, change: Change): Promise<RegisteredWebhook & { secret: string }> {
    for (let attempt = 1; ; attempt++) {
        try {
            const { secret, ...webhook } = await ledger.client.update(change.id, change.settings);
            if (webhook.id !== change.id) throw new AnswerError(`The API answered for another webhook, ${webhook.id}.`);
            if (secret === undefined) throw new AnswerError("The API's answer holds no usable secret.");
            ledger.write({ ...webhook, secret });
            return { ...webhook, secret };
        } catch (error) {
            if (!(error instanceof CallError)) throw error;
            if (error.effect === "none") throw mayMeanGone(error) ? await orGone(ledger, change.id, error) : error;
            const { done, mayBeDone } = await lookUp(ledger, change, error).catch((failure: unknown) => {
                // Whoever does not know must not send it again, now or in the next run.
                throw failure instanceof CallError ? unknownOutcome(error, failure) : failure;
            });
            if (done !== undefined) return done;
            if (attempt === mostAttempts || mayBeDone) throw unknownOutcome(error);
        }
    }
}

/** Whether `/list` shows that the change was done, and else, whether it may have been all the same. */
async function lookUp(ledger: Ledger, change: Change, error: CallError) {
    let live: RegisteredWebhook | undefined;
    const done = await ledger.lookFor((webhooks) => {
        live = webhooks.get(change.id);
        if (live?.secret === undefined || live.secret === change.secretBefore) return undefined;
        return isAsWanted(live, change.settings) ? { ...live, secret: live.secret } : undefined;
    });
    if (done !== undefined) ledger.write(done);
    if (live === undefined) throw gone();
    const isAsBefore = live.secret !== undefined && live.secret === change.secretBefore;
    return { done, mayBeDone: isAsWanted(live, change.settings) && !(isAsBefore && mayBeSentAgain(error)) };
}

/** The webhook as the API shows it now. */
export async function liveOf(ledger: Ledger, id: string): Promise<RegisteredWebhook> {
    const live = (await ledger.listNow()).get(id);
    if (live === undefined) throw gone();
    return live;
}

function isAsWanted(live: RegisteredWebhook, wanted: Partial<WebhookSettings>): boolean {
    return Object.keys(changedSettings(live, { ...live, ...wanted })).length === 0;
}

/** A refused `/update` may be the API's way to say that the webhook is gone. */
async function orGone(ledger: Ledger, id: string, refusal: CallError): Promise<CallError | WebhookNotFoundError> {
    return (await ledger.listNow()).has(id) ? refusal : gone();
}

function gone(): WebhookNotFoundError {
    return new WebhookNotFoundError(
        "it is gone from the API: somebody has deleted it. `pulumi refresh` drops it from the state, and the next " +
            "`pulumi up` registers a new one.",
    );
}

function unknownOutcome(error: CallError, listFailure?: CallError): UnknownOutcomeError {
    const seen =
        listFailure === undefined
            ? "`/list` does not show a new secret (yet)."
            : `\`/list\` failed, too: ${listFailure.message}`;
    return new UnknownOutcomeError(
        `\`/update\` was sent, but its answer was lost: ${error.message} ${seen} ` +
            "Run `pulumi up` again: it reads back what became of it, and rotates only if this rotation was not done.",
    );
}
