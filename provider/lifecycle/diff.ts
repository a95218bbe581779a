import { sameKeepers } from "./same";
import { keepersFingerprint, type WebhookInputs, type WebhookOutputs } from "./state";
import { isInForce } from "./unfinished";
import { hasUnknown, isUnknown } from "./unknown";

/** What differs between the state and the program. */
export interface Difference {
    /** The inputs that an update (or a replacement) has to bring about. Each such update rotates the secret. */
    readonly changes: readonly (keyof WebhookInputs)[];
    /** Those of them for which a new webhook has to be registered in place of this one. */
    readonly replaces: readonly (keyof WebhookInputs)[];
}

/**
 * Compares what is saved with what is wanted. Only a real change of url, events, `rotateWhenChanged` or account counts.
 * What is not known yet counts as a change, as it may be one.
 */
export function diff(saved: WebhookOutputs, wanted: WebhookInputs): Difference {
    const replaces = !isUnknown(wanted.account) && saved.account !== wanted.account ? (["account"] as const) : [];
    const changed = {
        url: hasUnknown(wanted.url) || !isInForce("url", saved, wanted),
        enabledEvents: hasUnknown(wanted.enabledEvents) || !isInForce("enabledEvents", saved, wanted),
        rotateWhenChanged: asksForRotation(saved, wanted),
        account: replaces.length > 0 || isUnknown(wanted.account),
    };
    const names = Object.keys(changed) as (keyof typeof changed)[];
    return { changes: names.filter((name) => changed[name]), replaces };
}

/** Whether `rotateWhenChanged` is another than the one that the saved secret was made for. */
export function asksForRotation(saved: WebhookOutputs, wanted: WebhookInputs): boolean {
    if (hasUnknown(wanted.rotateWhenChanged)) return true;
    if (saved.unfinished === undefined) return !sameKeepers(saved.rotateWhenChanged, wanted.rotateWhenChanged);
    return keepersFingerprint(wanted.rotateWhenChanged, saved.secret) !== saved.unfinished.rotateWhenChanged;
}
