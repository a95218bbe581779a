import type { WebhookSettings } from "../api/client";
import { alikeUrl, sameEvents, sameUrl } from "./same";
import {
    type Asked,
    declaredFingerprint,
    keepersFingerprint,
    type Setting,
    shownFingerprint,
    type Unfinished,
    type WebhookInputs,
    type WebhookOutputs,
    withoutUndefined,
} from "./state";

/**
 * What an `/update` has left open, setting by setting: one whose outcome is not known, or one that the API has done in
 * part. A setting is asked for until it is in force, and for no longer than that, as each `/update` rotates the secret.
 */

/** A webhook's settings, and what is saved of how they came about. */
export type KnownSettings = Pick<WebhookOutputs, Setting | "secret" | "unfinished">;

/** Whether a setting that is wanted is there already, as far as is known. */
export function isInForce(name: Setting, saved: KnownSettings, wanted: WebhookSettings): boolean {
    const asked = saved.unfinished?.[name];
    if (asked !== undefined) return declaredFingerprint(name, wanted, saved.secret) === asked.before;
    return isSame(name, saved, wanted);
}

/** Whether one setting is the other for a server. */
export function isSame(name: Setting, one: WebhookSettings, other: WebhookSettings): boolean {
    return name === "url" ? sameUrl(one.url, other.url) : sameEvents(one.enabledEvents, other.enabledEvents);
}

/** Whether the API may show one setting as the other. */
export function isAlike(name: Setting, one: WebhookSettings, other: WebhookSettings): boolean {
    return name === "url" ? alikeUrl(one.url, other.url) : sameEvents(one.enabledEvents, other.enabledEvents);
}

/**
 * What is open after an `/update` of which it is not known whether it was done, or which is yet to be sent.
 *
 * @param from what is in force with the saved secret
 */
export function leftUnknown(
    from: WebhookOutputs,
    wanted: WebhookInputs,
    settings: Partial<WebhookSettings>,
): Unfinished {
    const { secret, unfinished } = from;
    return {
        rotateWhenChanged: unfinished?.rotateWhenChanged ?? keepersFingerprint(from.rotateWhenChanged, secret),
        ...eachSetting((name) => {
            if (!(name in settings)) return undefined;
            const asked = declaredFingerprint(name, wanted, secret);
            const earlier = unfinished?.[name];
            return {
                before: earlier === undefined ? declaredFingerprint(name, from, secret) : earlier.before,
                asked,
                shown: earlier?.asked === asked ? earlier.shown : undefined,
            };
        }),
    };
}

/**
 * What is open after an `/update` that was done, and after which the API shows some settings otherwise.
 *
 * @param inForce what is in force in their place
 * @param secret the new one
 */
export function leftOtherwise(
    names: readonly Setting[],
    wanted: WebhookInputs,
    live: WebhookSettings,
    inForce: WebhookSettings,
    secret: string,
): Unfinished | undefined {
    return open(wanted, secret, (name) => {
        if (!names.includes(name)) return undefined;
        return {
            // Another spelling may be in force, and not shown.
            before: isAlike(name, live, wanted) ? undefined : declaredFingerprint(name, inForce, secret),
            asked: declaredFingerprint(name, wanted, secret),
            shown: shownFingerprint(live[name], secret),
        };
    });
}

/**
 * What is open after a new secret has come to light while it was not known whether an `/update` was done: what it has
 * asked for, and what is shown otherwise now.
 *
 * @param secret the new one
 */
export function stillOpen(saved: WebhookOutputs, live: WebhookSettings, secret: string): Unfinished | undefined {
    return open(saved, secret, (name) => {
        const earlier = saved.unfinished?.[name];
        const asked = declaredFingerprint(name, saved, saved.secret);
        const shown = declaredFingerprint(name, live, saved.secret);
        if (earlier?.asked !== asked || shown === asked) return undefined;
        // The new secret may be somebody else's then.
        const isAsBefore = shown === earlier.before;
        const mayBeDone = isAlike(name, live, saved);
        if (mayBeDone && !isAsBefore && earlier.before !== undefined) return undefined;
        return {
            before: mayBeDone ? undefined : declaredFingerprint(name, live, secret),
            asked: declaredFingerprint(name, saved, secret),
            shown: isAsBefore && !mayBeDone ? undefined : shownFingerprint(live[name], secret),
        };
    });
}

/**
 * Whether the same was asked for before, and the API showed then what it shows now: that is its form of it. To ask for
 * ever would rotate for ever.
 */
export function isShownAgain(
    name: Setting,
    from: KnownSettings,
    wanted: WebhookSettings,
    live: WebhookSettings,
): boolean {
    const earlier = from.unfinished?.[name];
    return (
        earlier?.asked === declaredFingerprint(name, wanted, from.secret) &&
        earlier.shown === shownFingerprint(live[name], from.secret)
    );
}

/** What an `/update` can set. */
export const settingNames = ["url", "enabledEvents"] as const satisfies readonly Setting[];

/** What is open with a secret that was made for the wanted `rotateWhenChanged`. */
function open(
    { rotateWhenChanged }: Pick<WebhookInputs, "rotateWhenChanged">,
    secret: string,
    ask: (name: Setting) => Asked | undefined,
): Unfinished | undefined {
    const settings = eachSetting(ask);
    if (Object.keys(settings).length === 0) return undefined;
    return { rotateWhenChanged: keepersFingerprint(rotateWhenChanged, secret), ...settings };
}

function eachSetting(ask: (name: Setting) => Asked | undefined): Partial<Record<Setting, Asked>> {
    const entries = settingNames.map((name) => [name, ask(name)] as const);
    return withoutUndefined(
        Object.fromEntries(entries.map(([name, asked]) => [name, asked && withoutUndefined(asked)])),
    );
}
