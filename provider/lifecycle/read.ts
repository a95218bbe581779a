import type { RegisteredWebhook } from "../api/answers";
import { AnswerError, WebhookNotFoundError } from "../errors";
import type { Ledger } from "./ledger";
import { about } from "./outcome";
import { sameEvents, sameUrl } from "./same";
import type { WebhookOutputs } from "./state";

/**
 * What the API has of a webhook that the state knows. One `/list` serves all that are read in a run.
 *
 * @returns undefined where the webhook is gone
 * @throws AnswerError where the API shows no usable secret: that must never replace a good one
 */
export function read(ledger: Ledger, id: string, saved: WebhookOutputs): Promise<WebhookOutputs | undefined> {
    return about({ id, url: saved.url }, async () => {
        let live = (await ledger.list()).get(id);
        const settling = stillSettling(ledger, saved);
        if (settling > 0 && (live === undefined || live.secret !== saved.secret)) {
            // `/list` may show what was before our last change: wait for what is saved, and believe it after a while.
            const settled = await ledger.lookFor((webhooks) => {
                const now = webhooks.get(id);
                live = now;
                return now !== undefined && now.secret === saved.secret ? now : undefined;
            }, settling);
            live = settled ?? live;
        }
        if (live === undefined) return undefined;
        const now = withLive(saved, live);
        if (now.secretVersion !== saved.secretVersion) ledger.noteDrift(id);
        return now;
    });
}

/** A webhook that somebody else manages, as it is. Its secret's changes cannot be counted, so its version is 0. */
export function get(ledger: Ledger, id: string): Promise<WebhookOutputs> {
    return about({ id }, async () => {
        const live = (await ledger.list()).get(id);
        if (live === undefined) {
            throw new WebhookNotFoundError("there is no webhook of this id. Is the id right, and the account?");
        }
        const { url, enabledEvents } = live;
        return { url, enabledEvents: [...enabledEvents], secret: usableSecret(live), secretVersion: 0 };
    });
}

/** What is saved, brought up to date with what is live. The spelling that is saved stays where it means the same. */
export function withLive(saved: WebhookOutputs, live: RegisteredWebhook): WebhookOutputs {
    const secret = usableSecret(live);
    const rotated = secret !== saved.secret;
    const { unfinished, ...rest } = saved;
    // As it was sent, or as the API has shown that from the start.
    const expected = [saved, ...(saved.shownAs === undefined ? [] : [saved.shownAs])];
    return {
        ...rest,
        url: expected.some(({ url }) => sameUrl(url, live.url)) ? saved.url : live.url,
        enabledEvents: expected.some(({ enabledEvents }) => sameEvents(enabledEvents, live.enabledEvents))
            ? saved.enabledEvents
            : [...live.enabledEvents],
        secret,
        // The first secret of a webhook that was saved without one is its first version; 0 is not counted at all.
        secretVersion: saved.secretVersion + (rotated && saved.secret !== undefined && saved.secretVersion > 0 ? 1 : 0),
        ...(unfinished === undefined ? {} : rotated ? unfinished : { unfinished }),
    };
}

function usableSecret(live: RegisteredWebhook): string {
    if (live.secret !== undefined) return live.secret;
    throw new AnswerError(
        "the API shows no usable secret of it (empty or masked). The secret in the state is left as it is. Run again; if " +
            "it stays so, ask the API's support.",
    );
}

/** Milliseconds for which `/list` may still lag behind our last change. */
export function stillSettling(ledger: Ledger, saved: WebhookOutputs): number {
    if (saved.changedAt === undefined) return 0;
    const left = Date.parse(saved.changedAt) + ledger.limits.listLag - Date.now();
    return Math.min(Math.max(0, left), ledger.limits.listLag);
}
