import type { RegisteredWebhook } from "../api/answers";
import type { WebhookSettings } from "../api/client";
import { CallError, DuplicateUrlError, UnknownOutcomeError } from "../errors";
import type { Ledger, Registration } from "./ledger";
import { mayBeSentAgain } from "./outcome";
import { sameEvents, sameUrl } from "./same";

/** How often `/register` is sent in all, when each time it turned out that the one before had done nothing. */
const mostAttempts = 3;

/**
 * Registers a webhook, once. `/register` is not idempotent and knows no idempotency keys, so when its answer is lost the
 * webhook is looked for in `/list`, and taken over with its secret.
 *
 * @throws DuplicateUrlError where the API answers with a webhook that was there before
 * @throws UnknownOutcomeError where `/list` does not tell what became of it; nothing is registered again then
 */
export async function registerOnce(ledger: Ledger, settings: WebhookSettings): Promise<RegisteredWebhook> {
    for (let attempt = 1; ; attempt++) {
        // One that is looked for is told from what others register by not being known: no equal one may come in between.
        for (let lost = lostLike(ledger, settings); lost.length > 0; lost = lostLike(ledger, settings)) {
            await Promise.all(lost.map(({ settled }) => settled));
        }
        const call = ledger.client.register(settings);
        const ended = call.catch(() => undefined);
        let settle = (): void => undefined;
        const settled = new Promise<void>((resolve) => {
            settle = resolve;
        });
        const registration: Registration = { ...settings, lost: false, ended, settled };
        ledger.registrations.add(registration);
        try {
            const webhook = await call;
            if (ledger.hasSeen(webhook.id)) throw merged(webhook.id);
            ledger.own(webhook);
            return webhook;
        } catch (error) {
            if (!(error instanceof CallError) || error.effect === "none") throw error;
            registration.lost = true;
            const found = await findLost(ledger, registration, error);
            if (found !== undefined) return found;
            if (!mayBeSentAgain(error) || attempt === mostAttempts) throw unknownOutcome(error, []);
        } finally {
            ledger.registrations.delete(registration);
            settle();
        }
    }
}

/** Equal ones whose answer was lost, and that are being looked for. */
function lostLike(ledger: Ledger, settings: WebhookSettings): readonly Registration[] {
    return [...ledger.registrations].filter((other) => other.lost && isEqual(other, settings));
}

async function findLost(ledger: Ledger, lost: Registration, error: CallError): Promise<RegisteredWebhook | undefined> {
    // Those with equal inputs that are still under way must tell first which webhooks are theirs.
    const others = [...ledger.registrations].filter((other) => other !== lost && isEqual(other, lost));
    await Promise.all(others.map((other) => other.ended));

    let strangers: readonly RegisteredWebhook[] = [];
    const find = (webhooks: ReadonlyMap<string, RegisteredWebhook>): RegisteredWebhook | undefined => {
        const unseen = [...webhooks.values()].filter(({ id }) => !ledger.hasSeen(id));
        strangers = unseen.filter((webhook) => sameUrl(webhook.url, lost.url));
        const candidates = unseen.filter((webhook) => isEqual(webhook, lost));
        const seekers = lostLike(ledger, lost);
        // Equal ones can be dealt out among equals; one more than were lost is somebody else's.
        if (candidates.length > seekers.length) throw unknownOutcome(error, candidates);
        const mine = candidates[0];
        if (mine !== undefined) {
            ledger.own(mine);
            ledger.registrations.delete(lost);
        }
        return mine;
    };
    const found = await ledger.lookFor(find).catch((failure: unknown) => {
        throw failure instanceof CallError ? unknownOutcome(error, [], failure) : failure;
    });
    if (found === undefined && strangers.length > 0) throw unknownOutcome(error, strangers);
    return found;
}

function isEqual(one: WebhookSettings, other: WebhookSettings): boolean {
    return sameUrl(one.url, other.url) && sameEvents(one.enabledEvents, other.enabledEvents);
}

function unknownOutcome(
    error: CallError,
    candidates: readonly RegisteredWebhook[],
    listFailure?: CallError,
): UnknownOutcomeError {
    const seen =
        candidates.length === 0
            ? `${listFailure === undefined ? "`/list` does not show it (yet)" : `\`/list\` failed, too (${listFailure.message})`}, ` +
              "so it may or may not exist"
            : `\`/list\` shows ${candidates.length > 1 ? "several that" : "one that"} could be it: ` +
              candidates.map(({ id }) => id).join(", ");
    return new UnknownOutcomeError(
        `\`/register\` was sent, but its answer was lost: ${error.message} ${seen}. Nothing was registered again. ` +
            "Run again: what exists by then is named, and `adopt: true` (or `adopt` with the id) takes it over with its secret.",
    );
}

/** What to do about an API that takes only one webhook for a URL. */
export const distinctUrlsHint =
    "Give this one a URL of its own (a query is enough): for a RotatingWebhook, `distinctUrls: true` does that.";

function merged(id: string): DuplicateUrlError {
    return new DuplicateUrlError(
        `The API did not register a new webhook but answered with ${id}, which exists already: it merges webhooks of one ` +
            `URL. Run \`pulumi refresh\`, as the secret of ${id} may have changed. ${distinctUrlsHint}`,
    );
}
