import { createHmac } from "node:crypto";
import * as v from "valibot";
import { CaptionsError } from "../errors";
import { withoutNulls } from "./same";

/**
 * The shapes that the lifecycle works on. What is in `WebhookOutputs` is saved in its users' states for years: fields
 * may be added, and every form that was ever saved must go on working.
 */

/** Values whose change asks for a rotation. */
export type Keepers = Readonly<Record<string, unknown>>;

/** The inputs of a webhook, as they are after `check`: what is not set is left out. */
export interface WebhookInputs {
    readonly url: string;
    readonly enabledEvents: readonly string[];
    readonly rotateWhenChanged?: Keepers | undefined;
    readonly adopt?: string | boolean | undefined;
    readonly allowDuplicateUrl?: boolean | undefined;
    readonly account?: string | undefined;
}

/** The one list of their names: the compiler compares it with {@link WebhookInputs}. */
export const inputNames = keysOf<WebhookInputs>({
    url: true,
    enabledEvents: true,
    rotateWhenChanged: true,
    adopt: true,
    allowDuplicateUrl: true,
    account: true,
});

/**
 * What is saved of a webhook besides its inputs. No input is saved a second time, as it may be a secret under its own
 * name only.
 */
export interface WebhookOutputs extends WebhookInputs {
    /** Missing only where the API has not shown it yet. */
    readonly secret?: string | undefined;
    /**
     * 1 for the first secret that was seen, and one more at each change of it: others follow it without knowing the
     * secret.
     */
    readonly secretVersion: number;
    /** When this provider last changed the webhook, ISO 8601: `/list` may lag behind that, and is then not believed. */
    readonly changedAt?: string | undefined;
    readonly shownAs?: ShownAs | undefined;
    /**
     * Set while it is not known whether the last `/update` was done, or when it was done in part: the fingerprint of
     * the `rotateWhenChanged` that the saved secret was made for. The next run looks before it sends anything.
     */
    readonly unfinished?: string | undefined;
}

/**
 * Fingerprints of how the API shows what was sent, where that is something else: its habit must not look like drift.
 * That of the saved `url` itself says that a refresh took it from the API, in the API's spelling.
 */
export interface ShownAs {
    readonly url?: string | undefined;
    readonly enabledEvents?: string | undefined;
    /**
     * Set where an `/update` is unfinished that asked for neither: these are the API's habits all the same. Without
     * it, they may be what that `/update` has left as it was.
     */
    readonly isSettled?: true | undefined;
}

/** Tells values apart without showing them: nobody who lacks the webhook's secret can find the value by trying. */
export function fingerprint(value: unknown, secret: string | undefined): string {
    return createHmac("sha256", secret ?? "")
        .update(JSON.stringify(value, sortKeys) ?? "")
        .digest("hex")
        .slice(0, 16);
}

/** The fingerprint of what asks for rotations. */
export function keepersFingerprint(keepers: Keepers | undefined, secret: string | undefined): string {
    return fingerprint(withoutNulls(keepers), secret);
}

/** The input part of anything that has more. */
export function inputsOf(from: WebhookInputs): WebhookInputs {
    return withoutUndefined(
        Object.fromEntries(inputNames.map((name) => [name, from[name]])),
    ) as unknown as WebhookInputs;
}

/** What is saved, with the inputs that are wanted now in place of those before. */
export function withInputs(saved: WebhookOutputs, wanted: WebhookInputs): WebhookOutputs {
    const outputs = Object.entries(saved).filter(([name]) => !(inputNames as readonly string[]).includes(name));
    return { ...(Object.fromEntries(outputs) as unknown as WebhookOutputs), ...inputsOf(wanted) };
}

/** The same object without the keys that are undefined or null, as it is saved. */
export function withoutUndefined<T extends object>(from: T): T {
    return Object.fromEntries(Object.entries(from).filter(([, value]) => value != null)) as T;
}

const optional = <const S extends v.GenericSchema>(schema: S) => v.optional(v.nullish(schema));

const keepers = v.record(v.string(), v.unknown());
const shownAsSchema = v.object({
    url: optional(v.string()),
    enabledEvents: optional(v.union([v.string(), v.array(v.string())])),
    isSettled: v.fallback(optional(v.literal(true)), undefined),
});
const savedSchema = v.looseObject({
    url: v.string(),
    enabledEvents: v.array(v.string()),
    rotateWhenChanged: optional(keepers),
    adopt: optional(v.union([v.string(), v.boolean()])),
    allowDuplicateUrl: optional(v.boolean()),
    account: optional(v.string()),
    secret: optional(v.string()),
    secretVersion: v.optional(v.nullish(v.number(), 1), 1),
    changedAt: v.fallback(optional(v.pipe(v.string(), v.isoTimestamp())), undefined),
    shownAs: optional(shownAsSchema),
    // Before 0.1.0 this was an object with what the /update was to reach, beside inputs as they were before it.
    unfinished: optional(v.union([v.string(), v.object({ rotateWhenChanged: optional(keepers) })])),
});

/**
 * What a state has of a webhook, in any form that was ever saved.
 *
 * @throws CaptionsError where it cannot be read, after an edit by hand
 */
export function parseSaved(properties: unknown): WebhookOutputs {
    const result = v.safeParse(savedSchema, properties);
    if (!result.success) {
        const path = v.getDotPath(result.issues[0]) ?? "it";
        throw new CaptionsError(
            `the state cannot be read: ${path} is missing or invalid. If it was edited by hand, restore it; ` +
                "or take the resource out of the state with `pulumi state delete <urn>` (this does not delete the webhook), " +
                "and adopt the webhook again with `adopt`.",
        );
    }
    const { shownAs, unfinished, ...saved } = result.output;
    const { secret } = saved;
    return withoutUndefined({
        ...(inputsOf(saved as WebhookInputs) as WebhookInputs),
        ...withoutUndefined({ secret, secretVersion: saved.secretVersion, changedAt: saved.changedAt }),
        shownAs: shownAs == null ? undefined : readShownAs(shownAs, secret ?? undefined),
        ...readUnfinished(unfinished ?? undefined, saved.rotateWhenChanged ?? undefined, secret ?? undefined),
    } as WebhookOutputs);
}

function readShownAs(
    { url, enabledEvents, isSettled }: v.InferOutput<typeof shownAsSchema>,
    secret: string | undefined,
): ShownAs {
    // Before 0.1.0 these were the values themselves.
    const print = (value: string | string[] | null | undefined): string | undefined => {
        if (value == null) return undefined;
        return typeof value === "string" && /^[0-9a-f]{16}$/.test(value) ? value : shownFingerprint(value, secret);
    };
    return withoutUndefined({
        url: print(url),
        enabledEvents: print(enabledEvents),
        isSettled: isSettled ?? undefined,
    });
}

/** The fingerprint of how the API shows a URL or events: in which order is no difference. */
export function shownFingerprint(value: string | readonly string[], secret: string | undefined): string {
    return fingerprint(typeof value === "string" ? value : [...new Set(value)].sort(), secret);
}

function readUnfinished(
    unfinished: string | { readonly rotateWhenChanged?: Keepers | null | undefined } | undefined,
    saved: Keepers | undefined,
    secret: string | undefined,
): Pick<WebhookOutputs, "unfinished" | "rotateWhenChanged"> {
    if (unfinished === undefined || typeof unfinished === "string") return { unfinished };
    return {
        unfinished: keepersFingerprint(saved, secret),
        ...("rotateWhenChanged" in unfinished ? { rotateWhenChanged: unfinished.rotateWhenChanged ?? undefined } : {}),
    };
}

function sortKeys(_key: string, value: unknown): unknown {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function keysOf<T>(names: Readonly<Record<keyof T, true>>): readonly (keyof T)[] {
    return Object.keys(names) as (keyof T)[];
}
