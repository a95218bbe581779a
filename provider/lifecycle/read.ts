import type { RegisteredWebhook } from "../api/responses";
import { UnusableWebhookError, WebhookNotFoundError } from "../errors";
import type { Account } from "./account";
import type { Listing } from "./inventory";
import { alikeUrl, sameEvents } from "./same";
import { type Setting, type ShownAs, shownFingerprint, type WebhookOutputs, withoutUndefined } from "./state";
import { stillOpen } from "./unfinished";

/**
 * What the API has of a webhook that the state knows. One `/list` serves all that are read in a run.
 *
 * @returns undefined where the webhook is gone
 * @throws UnusableWebhookError where the API shows no usable secret: that must never replace a good one
 */
export async function read(account: Account, id: string, saved: WebhookOutputs): Promise<WebhookOutputs | undefined> {
    const listing = await settledListing(account, id, saved, await account.inventory.list());
    return listing.has(id) ? refreshed(saved, readable(listing, id)) : undefined;
}

/**
 * A webhook that somebody else manages, as it is. Its secret's changes cannot be counted, so its version is 0.
 *
 * @throws WebhookNotFoundError where the account has none with this id
 */
export async function get({ inventory }: Account, id: string): Promise<WebhookOutputs> {
    const listing = await inventory.list();
    if (!listing.has(id)) {
        throw new WebhookNotFoundError("there is no webhook with this id. Check the id and the account.");
    }
    const live = readable(listing, id);
    return { url: live.url, enabledEvents: [...live.enabledEvents], secret: usableSecret(live), secretVersion: 0 };
}

/** A webhook that is registered, in the documented form. */
export function readable(listing: Listing, id: string): RegisteredWebhook {
    const live = listing.get(id);
    if (live !== undefined) return live;
    throw new UnusableWebhookError(
        `the API shows it in a form that is not documented. The state is left as it is. ${persists}`,
    );
}

/** What is saved, brought up to date with what is live. The spelling that is saved stays where it means the same. */
export function refreshed(saved: WebhookOutputs, live: RegisteredWebhook): WebhookOutputs {
    const secret = usableSecret(live);
    const isRotated = secret !== saved.secret;
    const { unfinished, ...rest } = saved;
    // As long as the secret is the saved one, an unfinished /update has not been done.
    const open = isRotated ? stillOpen(saved, live, secret) : unfinished;
    const urlHabit = isShownAs(saved, "url", live.url);
    const eventsHabit = isShownAs(saved, "enabledEvents", live.enabledEvents);
    // What is open is saved as it is shown.
    const showsUrl = open?.url === undefined && (urlHabit || alikeUrl(live.url, saved.url));
    const showsEvents =
        open?.enabledEvents === undefined && (eventsHabit || sameEvents(live.enabledEvents, saved.enabledEvents));
    return withoutUndefined({
        ...rest,
        url: showsUrl ? saved.url : live.url,
        enabledEvents: showsEvents ? saved.enabledEvents : [...live.enabledEvents],
        secret,
        // The first secret of a webhook that was saved without one is its first version; 0 is not counted at all.
        secretVersion:
            saved.secretVersion + (isRotated && saved.secret !== undefined && saved.secretVersion > 0 ? 1 : 0),
        shownAs: habits(
            // Where the URL is the API's from now on, so is its spelling.
            urlHabit || !showsUrl ? shownFingerprint(live.url, secret) : undefined,
            eventsHabit ? shownFingerprint(live.enabledEvents, secret) : undefined,
        ),
        unfinished: open,
    });
}

/**
 * Fingerprints of what the API shows in another form than it is declared; undefined where there is nothing of that
 * kind.
 */
export function shownOtherwise(
    declared: Pick<WebhookOutputs, "url" | "enabledEvents">,
    shown: RegisteredWebhook,
    secret: string | undefined,
): ShownAs | undefined {
    const { url, enabledEvents } = shown;
    return habits(
        alikeUrl(url, declared.url) ? undefined : shownFingerprint(url, secret),
        sameEvents(enabledEvents, declared.enabledEvents) ? undefined : shownFingerprint(enabledEvents, secret),
    );
}

export function habits(url: string | undefined, enabledEvents: string | undefined): ShownAs | undefined {
    return url === undefined && enabledEvents === undefined ? undefined : withoutUndefined({ url, enabledEvents });
}

/** Whether the API has shown this value from the start for what is saved. */
export function isShownAs(saved: WebhookOutputs, name: Setting, value: string | readonly string[]): boolean {
    const shown = saved.shownAs?.[name];
    return shown !== undefined && shown === shownFingerprint(value, saved.secret);
}

/** @throws UnusableWebhookError where the API shows none */
function usableSecret(live: RegisteredWebhook): string {
    if (live.secret !== undefined) return live.secret;
    throw new UnusableWebhookError(
        `the API returns no usable secret for it (empty or masked). The secret in the state is left as it is. ${persists}`,
    );
}

/** What to do about something that the API may get right the next time. */
export const persists = "Run it again; if this persists, contact Captions support.";

/** Whether a webhook is not registered. One that we have registered a moment ago may only not be shown yet. */
export function isAbsent(account: Account, saved: WebhookOutputs, listing: Listing, id: string): boolean {
    return !listing.has(id) && stillSettlingMs(account, saved) === 0;
}

/**
 * A response of `/list` that can be believed about a webhook: it shows our last change, or was asked for when it no
 * longer lags behind that. Any other may show a secret that is older than the saved one.
 *
 * @param first a response that is at hand
 */
export async function settledListing(
    account: Account,
    id: string,
    saved: WebhookOutputs,
    first?: Listing,
): Promise<Listing> {
    const settledAt = settledSince(account, saved);
    const isSettled = (listing: Listing) => {
        const live = listing.get(id)?.secret;
        const showsChange = saved.secret === undefined ? live !== undefined : live === saved.secret;
        // What may have changed it once more is not shown by that.
        return listing.askedAt >= settledAt || (showsChange && saved.unfinished === undefined);
    };
    let listing = first;
    if (listing === undefined || !isSettled(listing)) {
        await account.inventory.lookFor(
            (now) => {
                listing = now;
                return isSettled(now) ? now : undefined;
            },
            Math.max(0, settledAt - Date.now()),
        );
    }
    return listing as Listing;
}

/** The time since which `/list` shows our last change for sure. */
export function settledSince({ limits }: Account, { changedAt }: Pick<WebhookOutputs, "changedAt">): number {
    if (changedAt === undefined) return Number.NEGATIVE_INFINITY;
    // Another machine's clock may be ahead of ours.
    return Math.min(Date.parse(changedAt), Date.now()) + limits.listLagMs;
}

/** For how long `/list` may still lag behind our last change. */
export function stillSettlingMs(account: Account, saved: WebhookOutputs): number {
    return Math.max(0, settledSince(account, saved) - Date.now());
}
