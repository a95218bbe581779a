import type { WebhookSettings } from "../api/client";
import type { RegisteredWebhook } from "../api/responses";
import { CallError, UnknownOutcomeError, WebhookNotFoundError } from "../errors";
import type { Account } from "./account";
import { asksForRotation, diff } from "./diff";
import {
    habits,
    isAbsent,
    isSettled,
    isShownAs,
    readable,
    refreshed,
    type Setting,
    shownOtherwise,
    stillSettlingMs,
} from "./read";
import { alikeUrl, distinctEvents, sameEvents, sameUrl } from "./same";
import {
    keepersFingerprint,
    type ShownAs,
    type WebhookInputs,
    type WebhookOutputs,
    withInputs,
    withoutUndefined,
} from "./state";
import { isRejection, PartialFailure, sendOnce } from "./write";

/**
 * Brings a webhook from what is saved to what is wanted with one `/update`, and with none where nothing is to be
 * changed: the engine also calls this after a run that failed half-way.
 *
 * @throws PartialFailure where it is not known whether the `/update` was done, or where the API did only a part of it;
 * the next run looks before it sends anything
 * @throws WebhookNotFoundError where the webhook is gone
 */
export async function update(
    account: Account,
    id: string,
    saved: WebhookOutputs,
    wanted: WebhookInputs,
): Promise<WebhookOutputs> {
    const from = mayBeOutdated(saved, wanted) ? refreshed(saved, await settled(account, id, saved)) : saved;
    const settings = changedSettings(from, wanted);
    if (Object.keys(settings).length === 0 && !asksForRotation(from, wanted)) {
        return withoutUndefined({ ...withInputs(from, wanted), unfinished: undefined });
    }
    return await bringAbout(account, id, from, wanted, settings, saved);
}

/** Whether what is saved may not be what is live: after a run that failed half-way. */
function mayBeOutdated(saved: WebhookOutputs, wanted: WebhookInputs): boolean {
    return saved.unfinished !== undefined || saved.secret === undefined || diff(saved, wanted).changes.length === 0;
}

/** The webhook as it is once `/list` has had its time to show what the last run may have done. */
async function settled(account: Account, id: string, saved: WebhookOutputs): Promise<RegisteredWebhook> {
    const mayShowMore = saved.unfinished !== undefined || saved.secret === undefined;
    let isThere = false;
    let live: RegisteredWebhook | undefined;
    await account.inventory.lookFor(
        (listing) => {
            isThere = listing.has(id);
            live = isThere ? readable(listing, id) : undefined;
            return live?.secret === saved.secret ? undefined : live;
        },
        mayShowMore ? stillSettlingMs(account, saved) : 0,
    );
    if (live === undefined) throw gone();
    return live;
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

/** Sends one `/update` with these settings, which may be none for a rotation alone, and says what is to be saved. */
export async function bringAbout(
    account: Account,
    id: string,
    from: WebhookOutputs,
    wanted: WebhookInputs,
    settings: Partial<WebhookSettings>,
    saved: WebhookOutputs = from,
): Promise<WebhookOutputs> {
    // When the call has ended: it may have waited for its turn, and `/list` lags behind what it did.
    const outputs = () => withInputs({ ...from, changedAt: new Date().toISOString() }, wanted);
    let live: RegisteredWebhook & { readonly secret: string };
    try {
        live = await updateOnce(account, id, settings, from);
    } catch (error) {
        if (!(error instanceof UnknownOutcomeError)) throw error;
        const unfinished = from.unfinished ?? keepersFingerprint(from.rotateWhenChanged, from.secret);
        // How the API shows what was saved before is no habit of what is saved now.
        const isKept = (name: Setting) => !(name in settings) && !isShownAs(from, name, from[name]);
        const shownAs = habits(
            isKept("url") ? from.shownAs?.url : undefined,
            isKept("enabledEvents") ? from.shownAs?.enabledEvents : undefined,
            true,
        );
        throw new PartialFailure(id, withoutUndefined({ ...outputs(), shownAs, unfinished }), error.message);
    }
    const { secret } = live;
    const done: WebhookOutputs = {
        ...outputs(),
        secret,
        secretVersion: secret === from.secret ? from.secretVersion : from.secretVersion + 1,
        unfinished: undefined,
    };
    const { ignored, elsewhere, shownAs, isSpelledAsBefore } = compare(from, wanted, settings, live, saved);
    if (ignored.length > 0) {
        const unfinished = keepersFingerprint(wanted.rotateWhenChanged, secret);
        throw new PartialFailure(
            id,
            withoutUndefined({ ...done, shownAs, unfinished }),
            `the API has changed its secret, but has left its ${ignored.join(" and ")} as before. The new secret is saved. Run ` +
                "`pulumi up` again to change the rest; if this persists, contact Captions support.",
        );
    }
    const toTell = [
        ...(isSpelledAsBefore ? ["url"] : []),
        ...(shownAs === undefined || isKnown(from, shownAs) ? [] : Object.keys(shownAs)),
    ];
    if (toTell.length > 0) tellOtherForm(account, id, toTell);
    return withoutUndefined({ ...done, ...elsewhere, shownAs });
}

/** How the response to an `/update` compares with what was asked for. */
function compare(
    from: WebhookOutputs,
    wanted: WebhookInputs,
    asked: Partial<WebhookSettings>,
    live: RegisteredWebhook & { readonly secret: string },
    saved: WebhookOutputs,
) {
    const url = field("url", sameUrl, alikeUrl);
    const enabledEvents = field("enabledEvents", sameEvents, sameEvents);

    function field<N extends Setting>(
        name: N,
        isSame: (one: WebhookSettings[N], other: WebhookSettings[N]) => boolean,
        isAlike: (one: WebhookSettings[N], other: WebhookSettings[N]) => boolean,
    ): "as declared" | "spelled as before" | "ignored" | "changed elsewhere" | "shown otherwise" {
        const shown = live[name];
        const isAsDeclared = isAlike(shown, wanted[name]);
        const wasShown = isAlike(shown, from[name]) || isShownAs(from, name, shown);
        const isAsBefore = isSame(shown, from[name]) || (wasShown && !isAsDeclared);
        // The same was asked for in a run before, and the same was shown: to ask for ever would rotate for ever.
        const isSecondTime =
            saved.unfinished !== undefined && isSame(saved[name], wanted[name]) && isShownAs(saved, name, shown);
        if (name in asked && isSecondTime) return "shown otherwise";
        // The same in the API's own spelling, which a refresh has saved: to ask for it again would rotate again.
        const isSpelledByApi = isShownAs(from, name, from[name]);
        if (name in asked && isAsDeclared && isSpelledByApi && isAsBefore) return "spelled as before";
        if (name in asked && (isAsBefore || isIncomplete(name, wanted, live))) return "ignored";
        if (isAsDeclared) return "as declared";
        if (isShownAs(from, name, shown)) return "shown otherwise";
        return name in asked ? "shown otherwise" : "changed elsewhere";
    }

    const results = { url, enabledEvents };
    const isOther = (result: string) => result === "shown otherwise" || result === "ignored";
    const habit = shownOtherwise(wanted, live, live.secret);
    const shownAs = withoutUndefined({
        url: isOther(url) ? habit?.url : undefined,
        enabledEvents: isOther(enabledEvents) ? habit?.enabledEvents : undefined,
    });
    return {
        ignored: (["url", "enabledEvents"] as const).filter((name) => results[name] === "ignored"),
        // It is saved as it is, so that the next run repairs it: to send it now would rotate a second time.
        elsewhere: {
            ...(url === "changed elsewhere" ? { url: live.url } : {}),
            ...(enabledEvents === "changed elsewhere" ? { enabledEvents: live.enabledEvents } : {}),
        },
        shownAs: Object.keys(shownAs).length === 0 ? undefined : shownAs,
        isSpelledAsBefore: url === "spelled as before",
    };
}

/** Whether the API's habit was told already. */
function isKnown(from: WebhookOutputs, shownAs: ShownAs): boolean {
    const isNew = from.shownAs === undefined || !isSettled(from);
    const names = Object.keys(shownAs) as Setting[];
    return !isNew && names.every((name) => name in (from.shownAs ?? {}) && !isShownAs(from, name, from[name]));
}

function isIncomplete(name: Setting, wanted: WebhookSettings, live: WebhookSettings): boolean {
    return name === "enabledEvents" && missingEvents(wanted, live).length > 0;
}

/** The events that were asked for and that the API does not show: their deliveries would never come. */
export function missingEvents(wanted: WebhookSettings, live: WebhookSettings): readonly string[] {
    return wanted.enabledEvents.filter((event) => !live.enabledEvents.includes(event));
}

/**
 * Tells that the API shows something else than was declared, and that it is believed to be the same.
 */
export function tellOtherForm({ notify }: Account, id: string, names: readonly string[]): void {
    notify(
        `the API shows the ${names.join(" and ")} of ${id} in another form than declared; from now on that ` +
            "form is not taken for drift. Check it with `pulumi-captions list`",
    );
}

async function updateOnce(
    account: Account,
    id: string,
    settings: Partial<WebhookSettings>,
    saved: WebhookOutputs,
): Promise<RegisteredWebhook & { readonly secret: string }> {
    const { client, inventory } = account;
    const shows = (live: RegisteredWebhook | undefined) => {
        if (live?.secret === undefined || live.secret === saved.secret) return undefined;
        return { ...live, secret: live.secret };
    };
    const rejected = async (error: unknown): Promise<never> => {
        // The API may say so that the webhook is gone. Where `/list` fails, its rejection is what there is to tell.
        if (isRejection(error)) {
            const looking = inventory.lookFor(
                (listing) => listing.has(id) || (isAbsent(account, saved, listing, id) ? false : undefined),
                stillSettlingMs(account, saved),
            );
            if ((await looking.catch(() => true)) === false) throw gone();
        }
        throw error;
    };
    const changed = await sendOnce(account, {
        endpoint: "/update",
        send: async () => {
            const { secret, ...webhook } = await client.update(id, settings);
            if (webhook.id === id && secret !== undefined) return { ...webhook, secret };
            const problem =
                webhook.id === id ? "the response has no usable secret." : `the response is about ${webhook.id}.`;
            throw new CallError(problem, "not known");
        },
        shows: (listing) => {
            const live = shows(listing.get(id));
            return live !== undefined && isAsWanted(live, settings) ? live : undefined;
        },
        unseen: () => "`/list` does not show a new secret yet.",
        next: "Run `pulumi up` again: it checks whether the update happened, and sends it again only if it did not.",
    }).catch(rejected);
    inventory.note(changed);
    return changed;
}

function isAsWanted(live: WebhookSettings, wanted: Partial<WebhookSettings>): boolean {
    return (
        (wanted.url === undefined || alikeUrl(live.url, wanted.url)) &&
        (wanted.enabledEvents === undefined || sameEvents(live.enabledEvents, wanted.enabledEvents))
    );
}

function gone(): WebhookNotFoundError {
    return new WebhookNotFoundError(
        "it no longer exists: somebody deleted it. `pulumi refresh` drops it from the state, and the next `pulumi up` " +
            "registers a new one.",
    );
}
