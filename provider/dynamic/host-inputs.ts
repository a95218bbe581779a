import * as v from "valibot";
import type { Siblings } from "../lifecycle";
import type { Resource } from "../session";
import { isMarker, withoutMarkers } from "./markers";

/**
 * What a `Webhook`'s constructor knows and the dynamic provider host does not tell the provider: it travels as inputs that users
 * neither set nor see, and that no diff of the webhook looks at. They are in every user's state, so their names stay.
 */
export interface HostInputs {
    /** The provider's text, as the host wants it. */
    readonly __provider: string;
    /** Which resource it is, as a path of names: the same in every run. */
    readonly __owner: string;
    /** For a generation of a rotating webhook. */
    readonly __siblings?: unknown;
    /** The option `replaceOnChanges`: the host has no detailed diff, so the engine cannot carry it out. */
    readonly __replaceOnChanges?: readonly string[] | undefined;
    /** The option `replacementTrigger`: taken from the engine, which would replace without telling the provider what. */
    readonly __replacementTrigger?: unknown;
}

/** The one list of their names: the compiler compares it with {@link HostInputs}. */
const names: Readonly<Record<keyof HostInputs, true>> = {
    __provider: true,
    __owner: true,
    __siblings: true,
    __replaceOnChanges: true,
    __replacementTrigger: true,
};

export function isHostInput(name: string): boolean {
    return Object.hasOwn(names, name);
}

const separator = " > ";

/** @param parents the resources above it, from the outermost on, as type and name */
export function ownerOf(name: string, parents: readonly string[]): string {
    return [...parents, name].join(separator);
}

/** The resource that properties are about; undefined for a state that was written before owners were saved. */
export function resourceIn(properties: Readonly<Record<string, unknown>>): Resource | undefined {
    const { __owner: owner, __siblings: siblings } = properties;
    if (typeof owner !== "string") return undefined;
    return { owner, name: owner.split(separator).at(-1) ?? owner, siblings: siblingsIn(siblings) };
}

const siblingsSchema = v.object({
    family: v.string(),
    // In a preview some are not known yet.
    ids: v.pipe(
        v.array(v.unknown()),
        v.transform((ids) => ids.filter((id) => typeof id === "string" && !isMarker(id)) as string[]),
    ),
    newer: v.number(),
});

function siblingsIn(value: unknown): Siblings | undefined {
    const result = v.safeParse(siblingsSchema, value);
    return result.success ? result.output : undefined;
}

/** Whether the options ask for a replacement because of these changes. */
export function asksForReplacement(
    saved: Readonly<Record<string, unknown>>,
    wanted: Readonly<Record<string, unknown>>,
    changes: readonly string[],
): readonly string[] {
    const paths = Array.isArray(wanted.__replaceOnChanges) ? wanted.__replaceOnChanges : [];
    const covered = changes.filter((name) =>
        paths.some((path) => path === "*" || String(path).split(/[.[]/)[0] === name),
    );
    return hasNewTrigger(saved.__replacementTrigger, wanted.__replacementTrigger)
        ? [...covered, "replacementTrigger"]
        : covered;
}

/** As the engine does it: the first trigger replaces nothing, nor does one that is taken away. */
function hasNewTrigger(saved: unknown, wanted: unknown): boolean {
    if (saved == null || wanted == null) return false;
    const [before, now] = [saved, withoutMarkers(wanted)].map((value) =>
        JSON.stringify(value, (_key, item: unknown) => (typeof item === "symbol" ? { unknown: true } : item)),
    );
    return before !== now;
}
