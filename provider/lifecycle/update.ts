import type { WebhookSettings } from "../api/client";
import type { RegisteredWebhook } from "../api/responses";
import { CallError, UnknownOutcomeError, WebhookNotFoundError } from "../errors";
import type { Account } from "./account";
import { asksForRotation, diff } from "./diff";
import {
    habits,
    isAbsent,
    isShownAs,
    readable,
    refreshed,
    settledListing,
    settledSince,
    shownOtherwise,
    stillSettlingMs,
} from "./read";
import { distinctEvents } from "./same";
import {
    type Setting,
    type ShownAs,
    type WebhookInputs,
    type WebhookOutputs,
    withInputs,
    withoutUndefined,
} from "./state";
import {
    isAlike,
    isInForce,
    isSame,
    isShownAgain,
    type KnownSettings,
    leftOtherwise,
    leftUnknown,
    settingNames,
} from "./unfinished";
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
    const live = mayBeOutdated(saved, wanted) ? await settled(account, id, saved) : undefined;
    const from = live === undefined ? saved : refreshed(saved, live);
    const settings = changedSettings(from, wanted);
    if (Object.keys(settings).length === 0 && !asksForRotation(from, wanted)) {
        const shownAs = live === undefined ? from.shownAs : shownOtherwise(wanted, live, from.secret);
        return withoutUndefined({ ...withInputs(from, wanted), shownAs, unfinished: undefined });
    }
    return await bringAbout(account, id, from, wanted, settings);
}

/** Whether what is saved may not be what is live: after a run that failed half-way. */
function mayBeOutdated(saved: WebhookOutputs, wanted: WebhookInputs): boolean {
    return saved.unfinished !== undefined || saved.secret === undefined || diff(saved, wanted).changes.length === 0;
}

/** The webhook as it is once `/list` has had its time to show what the last run may have done. */
async function settled(account: Account, id: string, saved: WebhookOutputs): Promise<RegisteredWebhook> {
    const listing = await settledListing(account, id, saved);
    if (!listing.has(id)) throw gone();
    return readable(listing, id);
}

/** What of the settings differs in more than its spelling: only that is sent. */
export function changedSettings(from: KnownSettings, wanted: WebhookSettings): Partial<WebhookSettings> {
    return {
        ...(isInForce("url", from, wanted) ? {} : { url: wanted.url }),
        ...(isInForce("enabledEvents", from, wanted) ? {} : { enabledEvents: distinctEvents(wanted.enabledEvents) }),
    };
}

/** Sends one `/update` with these settings, which may be none for a rotation alone, and says what is to be saved. */
export async function bringAbout(
    account: Account,
    id: string,
    from: WebhookOutputs,
    wanted: WebhookInputs,
    settings: Partial<WebhookSettings>,
): Promise<WebhookOutputs> {
    // When the call has ended: it may have waited for its turn, and `/list` lags behind what it did.
    const outputs = () => withInputs({ ...from, changedAt: new Date().toISOString() }, wanted);
    let live: RegisteredWebhook & { readonly secret: string };
    try {
        live = await updateOnce(account, id, settings, from);
    } catch (error) {
        if (!(error instanceof UnknownOutcomeError)) throw error;
        const unfinished = leftUnknown(from, wanted, settings);
        // How the API shows what was saved before is no habit of what is saved now.
        const isKept = (name: Setting) => !(name in settings) && !isShownAs(from, name, from[name]);
        const shownAs = habits(
            isKept("url") ? from.shownAs?.url : undefined,
            isKept("enabledEvents") ? from.shownAs?.enabledEvents : undefined,
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
    const { ignored, elsewhere, shownAs, isRespelled } = compare(from, wanted, settings, live);
    if (ignored.length > 0) {
        // As it was declared, where it is what it was.
        const inForce = {
            url: (isShownAsBefore("url", from, live) ? from : live).url,
            enabledEvents: (isShownAsBefore("enabledEvents", from, live) ? from : live).enabledEvents,
        };
        const unfinished = leftOtherwise(ignored, wanted, live, inForce, secret);
        throw new PartialFailure(
            id,
            withoutUndefined({ ...done, shownAs, unfinished }),
            `the API has changed its secret, but has left its ${ignored.join(" and ")} as before. The new secret is saved. Run ` +
                "`pulumi up` again to change the rest; if this persists, contact Captions support.",
        );
    }
    const toTell = [
        ...(isRespelled ? ["url"] : []),
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
) {
    const url = field("url");
    const enabledEvents = field("enabledEvents");

    function field(
        name: Setting,
    ): "as declared" | "spelled as before" | "ignored" | "changed elsewhere" | "shown otherwise" {
        const isAsDeclared = isAlike(name, live, wanted);
        const isAsBefore = isSame(name, live, from) || (isShownAsBefore(name, from, live) && !isAsDeclared);
        const isAsked = name in asked;
        if (isAsked && isSame(name, live, wanted)) return "as declared";
        if (isAsked && isShownAgain(name, from, wanted, live)) return "shown otherwise";
        // The same in the API's own spelling, which a refresh has saved: to ask for it again would rotate again.
        const isSpelledByApi = from.unfinished?.[name] === undefined && isShownAs(from, name, from[name]);
        if (isAsked && isAsDeclared && isSpelledByApi && isAsBefore) return "spelled as before";
        if (isAsked && (isAsBefore || isIncomplete(name, wanted, live))) return "ignored";
        if (isAsDeclared) return "as declared";
        // What is in force again, as the program has gone back to it, is shown as it was.
        const isBack = from.unfinished?.[name] !== undefined && isAlike(name, live, from);
        if (isShownAs(from, name, live[name]) || isBack) return "shown otherwise";
        return isAsked ? "shown otherwise" : "changed elsewhere";
    }

    const results = { url, enabledEvents };
    const habit = shownOtherwise(wanted, live, live.secret);
    return {
        ignored: settingNames.filter((name) => results[name] === "ignored"),
        // It is saved as it is, so that the next run repairs it: to send it now would rotate a second time.
        elsewhere: {
            ...(url === "changed elsewhere" ? { url: live.url } : {}),
            ...(enabledEvents === "changed elsewhere" ? { enabledEvents: live.enabledEvents } : {}),
        },
        shownAs: habits(
            url === "shown otherwise" ? habit?.url : undefined,
            enabledEvents === "shown otherwise" ? habit?.enabledEvents : undefined,
        ),
        // In another spelling than declared, which is no habit that has to be known.
        isRespelled: url === "spelled as before" || (url === "shown otherwise" && habit?.url === undefined),
    };
}

/** Whether the API shows a setting as it has shown what was saved before. */
function isShownAsBefore(name: Setting, from: WebhookOutputs, live: WebhookSettings): boolean {
    return isAlike(name, live, from) || isShownAs(from, name, live[name]);
}

/** Whether the API's habit was told already. */
function isKnown(from: WebhookOutputs, shownAs: ShownAs): boolean {
    const names = Object.keys(shownAs) as Setting[];
    return names.every((name) => name in (from.shownAs ?? {}) && !isShownAs(from, name, from[name]));
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
    const settledAt = settledSince(account, saved);
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
            // One from before our last change has an older secret, which is another one, too.
            if (listing.askedAt < settledAt) return undefined;
            const live = shows(listing.get(id));
            return live !== undefined && isAsWanted(live, settings, saved) ? live : undefined;
        },
        unseen: () => "`/list` does not show a new secret yet.",
        next: "Run `pulumi up` again: it checks whether the update happened, and sends it again only if it did not.",
    }).catch(rejected);
    inventory.note(changed);
    return changed;
}

/** Whether a webhook is as it was asked for; in another spelling, if that is not the one before. */
function isAsWanted(live: WebhookSettings, asked: Partial<WebhookSettings>, before: WebhookSettings): boolean {
    const wanted = { ...before, ...asked };
    return settingNames.every(
        (name) =>
            !(name in asked) ||
            isSame(name, live, wanted) ||
            (isAlike(name, live, wanted) && !isSame(name, live, before)),
    );
}

function gone(): WebhookNotFoundError {
    return new WebhookNotFoundError(
        "it no longer exists: somebody deleted it. `pulumi refresh` drops it from the state, and the next `pulumi up` " +
            "registers a new one.",
    );
}
