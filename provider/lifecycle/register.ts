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
        const call = ledger.client.register(settings);
        const registration: Registration = { ...settings, lost: false, ended: call.catch(() => undefined) };
        ledger.registrations.add(registration);
        try {
            const webhook = await call;
            if (ledger.hasSeen(webhook.id)) throw merged(webhook.id);
            ledger.write(webhook);
            return webhook;
        } catch (error) {
            if (!(error instanceof CallError) || error.effect === "none") throw error;
            registration.lost = true;
            const found = await findLost(ledger, registration, error);
            if (found !== undefined) return found;
            if (!mayBeSentAgain(error) || attempt === mostAttempts) throw unknownOutcome(error, []);
        } finally {
            ledger.registrations.delete(registration);
        }
    }
}

async function findLost(ledger: Ledger, lost: Registration, error: CallError): Promise<RegisteredWebhook | undefined> {
    // Those with equal inputs that are still under way must tell first which webhooks are theirs.
    const others = [...ledger.registrations].filter((other) => other !== lost && isEqual(other, lost));
    await Promise.all(others.map((other) => other.ended));

    let strangers: readonly RegisteredWebhook[] = [];
    const found = await ledger.lookFor((webhooks) => {
        const unseen = [...webhooks.values()].filter(({ id }) => !ledger.hasSeen(id));
        strangers = unseen.filter((webhook) => sameUrl(webhook.url, lost.url));
        const candidates = unseen.filter((webhook) => isEqual(webhook, lost));
        const seekers = [...ledger.registrations].filter((other) => other.lost && isEqual(other, lost));
        // Equal ones can be dealt out among equals; one more than were lost is somebody else's.
        if (candidates.length > seekers.length) throw unknownOutcome(error, candidates);
        const mine = candidates[0];
        if (mine !== undefined) {
            ledger.write(mine);
            ledger.registrations.delete(lost);
        }
        return mine;
    });
    if (found === undefined && strangers.length > 0) throw unknownOutcome(error, strangers);
    return found;
}

function isEqual(one: WebhookSettings, other: WebhookSettings): boolean {
    return sameUrl(one.url, other.url) && sameEvents(one.enabledEvents, other.enabledEvents);
}

function unknownOutcome(error: CallError, candidates: readonly RegisteredWebhook[]): UnknownOutcomeError {
    const seen =
        candidates.length === 0
            ? "`/list` does not show it (yet), so it may or may not exist"
            : `\`/list\` shows ${candidates.length > 1 ? "several that" : "one that"} could be it: ` +
              candidates.map(({ id }) => id).join(", ");
    return new UnknownOutcomeError(
        `\`/register\` was sent, but its answer was lost: ${error.message} ${seen}. Nothing was registered again. ` +
            "Run again: what exists by then is named, and `adopt: true` (or `adopt` with the id) takes it over with its secret.",
    );
}

function merged(id: string): DuplicateUrlError {
    return new DuplicateUrlError(
        `The API did not register a new webhook but answered with ${id}, which exists already: it merges webhooks of one ` +
            "URL. Give this one a URL of its own (a query is enough), and run `pulumi refresh`, as the secret of " +
            `${id} may have changed.`,
    );
}
