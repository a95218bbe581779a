import * as v from "valibot";
import { rotatingType } from "../generations";
import { isMarker, withoutMarkers } from "../markers";
import type { Resource } from "../session";

/**
 * What a `Webhook`'s constructor knows and the dynamic provider host does not tell the provider: it travels as inputs
 * that users neither set nor see, and that no diff of the webhook looks at. They are in every user's state, so their
 * names stay.
 */
export interface HostInputs {
    /** The provider's text, as the host wants it. */
    readonly __provider: string;
    /** Which resource it is, as a path of names: the same in every run. */
    readonly __owner: readonly string[];
    /** For a generation of a rotating webhook: `{ ids, newer, isNewest }`. */
    readonly __siblings?: unknown;
    /** For a generation: whether older ones may be deleted in the run in which it is registered. */
    readonly __dropAtOnce?: boolean | undefined;
    /** The option `replaceOnChanges`: the host has no detailed diff, so the engine cannot carry it out. */
    readonly __replaceOnChanges?: readonly string[] | undefined;
    /**
     * The option `replacementTrigger`: taken from the engine, which would replace without telling the provider what.
     */
    readonly __replacementTrigger?: unknown;
}

/** The one list of their names: the compiler compares it with {@link HostInputs}. */
const names: Readonly<Record<keyof HostInputs, true>> = {
    __provider: true,
    __owner: true,
    __siblings: true,
    __dropAtOnce: true,
    __replaceOnChanges: true,
    __replacementTrigger: true,
};

export function isHostInput(name: string): boolean {
    return Object.hasOwn(names, name);
}

/** Without those that are not set: Pulumi's SDK takes four stack traces for each property, even if it is undefined. */
export function onlySet(inputs: HostInputs): Partial<HostInputs> {
    return Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== undefined));
}

/** Those that a step without the program's inputs needs: they are saved with the outputs, too. */
export function isHostOutput(name: string): boolean {
    return name === "__provider" || name === "__owner";
}

/** @param parents the resources above it, from the outermost on, as type and name */
export function ownerOf(name: string, parents: readonly string[]): readonly string[] {
    return [...parents, name];
}

const ownerSchema = v.pipe(v.array(v.string()), v.minLength(1));
const siblingsSchema = v.object({
    // In a preview some are not known yet.
    ids: v.pipe(
        v.array(v.unknown()),
        v.transform((ids) => ids.filter((id): id is string => typeof id === "string" && !isMarker(id))),
    ),
    newer: v.number(),
    isNewest: v.optional(v.boolean()),
});

/** The resource that properties are about; undefined for a state that was written before owners were saved. */
export function resourceIn(properties: Readonly<Record<string, unknown>>): Resource | undefined {
    const owner = v.safeParse(ownerSchema, properties.__owner);
    if (!owner.success) return undefined;
    const parents = owner.output.slice(0, -1);
    const name = owner.output.at(-1) ?? "";
    const siblings = v.safeParse(siblingsSchema, properties.__siblings);
    const others = siblings.success ? siblings.output : { ids: [], newer: 0 };
    const isGeneration = parents.at(-1)?.startsWith(`${rotatingType} `) === true;
    return {
        owner: JSON.stringify(owner.output),
        name,
        dropsAtOnce: properties.__dropAtOnce === true,
        siblings: isGeneration ? { family: JSON.stringify(parents), ...others } : undefined,
    };
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
