/**
 * The shapes that the lifecycle works on. What stands in `WebhookOutputs` is saved in its users' states for years: fields
 * may be added, never renamed, and every form that was ever saved must go on working.
 */

/** Values whose change asks for a rotation. */
export type Keepers = Readonly<Record<string, unknown>>;

/** The inputs of a webhook, as they are after `check`. */
export interface WebhookInputs {
    readonly url: string;
    readonly enabledEvents: readonly string[];
    readonly rotateWhenChanged?: Keepers | null | undefined;
    readonly adopt?: string | boolean | undefined;
    readonly allowDuplicateUrl?: boolean | undefined;
    readonly account?: string | undefined;
}

/** What is saved of a webhook. */
export interface WebhookOutputs extends WebhookInputs {
    /** Missing only where the API has not shown it yet. */
    readonly secret?: string | undefined;
    /** 1 for the first secret that was seen, and one more at each change of it. */
    readonly secretVersion: number;
    /** When this provider last changed the webhook, ISO 8601: `/list` may lag behind by some seconds. */
    readonly changedAt?: string | undefined;
    /** When it was taken over, ISO 8601, where it was not registered by this resource. */
    readonly adoptedAt?: string | undefined;
    /** How the API shows what was sent, where that is not the same: to tell drift from a habit of the API. */
    readonly shownAs?: { readonly url: string; readonly enabledEvents: readonly string[] } | undefined;
    /** An `/update` was sent and its answer was lost; holds what it was to reach. */
    readonly unfinished?: { readonly rotateWhenChanged?: Keepers | null } | undefined;
}

/** The input part of anything that holds more. */
export function inputsOf(from: WebhookInputs): WebhookInputs {
    const { url, enabledEvents, rotateWhenChanged, adopt, allowDuplicateUrl, account } = from;
    return withoutUndefined({ url, enabledEvents, rotateWhenChanged, adopt, allowDuplicateUrl, account });
}

/** What is saved, with the inputs that are wanted now in place of those before. */
export function withInputs(saved: WebhookOutputs, wanted: WebhookInputs): WebhookOutputs {
    const { url, enabledEvents, rotateWhenChanged, adopt, allowDuplicateUrl, account, ...outputs } = saved;
    return { ...outputs, ...inputsOf(wanted) };
}

/** The same object without the keys that hold undefined, as it is saved. */
export function withoutUndefined<T extends object>(from: T): T {
    return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as T;
}
