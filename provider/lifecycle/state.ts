import { createHmac } from "node:crypto";
import * as v from "valibot";
import { CaptionsError } from "../errors";
import { canonicalUrl, withoutNulls } from "./same";

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
    /**
     * Fingerprints of how the API shows what was sent, where that is something else: its habit must not look like
     * drift. That of the saved `url` itself says that a refresh took it from the API, in the API's spelling.
     */
    readonly shownAs?: ShownAs | undefined;
    /** Set while it is not known whether the last `/update` was done, or when the API did a part of it only. */
    readonly unfinished?: Unfinished | undefined;
}

export interface ShownAs {
    readonly url?: string | undefined;
    readonly enabledEvents?: string | undefined;
}

/**
 * What the last `/update` left open, in fingerprints. As long as the secret is the saved one, what was there before it
 * is in force, whatever the saved inputs are. The next run looks before it sends anything.
 */
export interface Unfinished {
    /** The `rotateWhenChanged` that the saved secret was made for. */
    readonly rotateWhenChanged: string;
    /** Set where a URL was asked for. */
    readonly url?: Asked | undefined;
    /** Set where events were asked for. */
    readonly enabledEvents?: Asked | undefined;
}

/** A setting that an `/update` has asked for. */
export interface Asked {
    /** What is in force with the saved secret; not set where an API that shows one spelling for several hides that. */
    readonly before?: string | undefined;
    readonly asked: string;
    /** What the API showed when it was done, where that is not what was asked for. */
    readonly shown?: string | undefined;
}

/** What an `/update` can set. */
export type Setting = "url" | "enabledEvents";

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
});
const askedSchema = v.object({ before: optional(v.string()), asked: v.string(), shown: optional(v.string()) });
const unfinishedSchema = v.object({
    rotateWhenChanged: v.string(),
    url: optional(askedSchema),
    enabledEvents: optional(askedSchema),
});
/**
 * Before 0.1.0 this was an object with what the `/update` was to reach, beside inputs as they were before it; then the
 * fingerprint alone.
 */
const formerUnfinishedSchema = v.union([v.string(), v.object({ rotateWhenChanged: optional(keepers) })]);
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
    unfinished: optional(v.union([unfinishedSchema, formerUnfinishedSchema])),
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
    const secret = saved.secret ?? undefined;
    // Where only the fingerprint was saved, this may be what the /update has left as it was, and no habit.
    const isHabit = typeof unfinished !== "string";
    return withoutUndefined({
        ...(inputsOf(saved as WebhookInputs) as WebhookInputs),
        ...withoutUndefined({ secret, secretVersion: saved.secretVersion, changedAt: saved.changedAt }),
        shownAs: shownAs == null || !isHabit ? undefined : readShownAs(shownAs, secret),
        ...readUnfinished(unfinished ?? undefined, saved.rotateWhenChanged ?? undefined, secret),
    } as WebhookOutputs);
}

function readShownAs({ url, enabledEvents }: v.InferOutput<typeof shownAsSchema>, secret: string | undefined): ShownAs {
    // Before 0.1.0 these were the values themselves.
    const print = (value: string | string[] | null | undefined): string | undefined => {
        if (value == null) return undefined;
        return typeof value === "string" && /^[0-9a-f]{16}$/.test(value) ? value : shownFingerprint(value, secret);
    };
    return withoutUndefined({ url: print(url), enabledEvents: print(enabledEvents) });
}

/** The fingerprint of a setting as a program declares it: one for all that are the same for a server. */
export function declaredFingerprint(
    name: Setting,
    { url, enabledEvents }: Pick<WebhookInputs, Setting>,
    secret: string | undefined,
): string {
    return shownFingerprint(name === "url" ? canonicalUrl(url) : enabledEvents, secret);
}

/** The fingerprint of how the API shows a URL or events: in which order is no difference. */
export function shownFingerprint(value: string | readonly string[], secret: string | undefined): string {
    return fingerprint(typeof value === "string" ? value : [...new Set(value)].sort(), secret);
}

function readUnfinished(
    unfinished: SavedUnfinished | v.InferOutput<typeof formerUnfinishedSchema> | undefined,
    saved: Keepers | undefined,
    secret: string | undefined,
): Pick<WebhookOutputs, "unfinished" | "rotateWhenChanged"> {
    if (unfinished === undefined) return {};
    if (typeof unfinished === "string") return { unfinished: { rotateWhenChanged: unfinished } };
    if (isPresentForm(unfinished)) {
        const { rotateWhenChanged, url, enabledEvents } = unfinished;
        return {
            unfinished: withoutUndefined({ rotateWhenChanged, url: asked(url), enabledEvents: asked(enabledEvents) }),
        };
    }
    return {
        unfinished: { rotateWhenChanged: keepersFingerprint(saved, secret) },
        ...("rotateWhenChanged" in unfinished ? { rotateWhenChanged: unfinished.rotateWhenChanged ?? undefined } : {}),
    };
}

type SavedUnfinished = v.InferOutput<typeof unfinishedSchema>;

function isPresentForm(unfinished: object): unfinished is SavedUnfinished {
    return "rotateWhenChanged" in unfinished && typeof unfinished.rotateWhenChanged === "string";
}

function asked(saved: SavedUnfinished["url"]): Asked | undefined {
    return saved == null ? undefined : (withoutUndefined(saved) as Asked);
}

function sortKeys(_key: string, value: unknown): unknown {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function keysOf<T>(names: Readonly<Record<keyof T, true>>): readonly (keyof T)[] {
    return Object.keys(names) as (keyof T)[];
}
