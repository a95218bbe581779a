import { dropsAtOnce, isRotatingWebhookType, isWebhookType, parseUrn } from "../resources";
import type { Preview, Step } from "./preview";

/** Which generation of which RotatingWebhook a webhook is, and what happens to the others in the same deployment. */
export interface Generation {
    readonly of: string;
    readonly name: string;
    /** The RotatingWebhook is new itself. */
    readonly first: boolean;
    /** The RotatingWebhook is removed as a whole. */
    readonly removedWithAll: boolean;
    /** Generations that are known to keep their webhook and its secret. */
    readonly beside: readonly string[];
    /** Generations that get a secret by this deployment, which no receiver can have yet. */
    readonly renewed: readonly string[];
    /** The RotatingWebhook is there before and after, but no secret of it is known to stay valid. */
    readonly standsAlone: boolean;
    /** The program lets generations be deleted in the run that registers their successor. */
    readonly dropAtOnce?: true;
}

/** Undefined for a webhook that is not part of a RotatingWebhook. */
export function generationOf({ urn, before, after }: Step, { steps }: Preview): Generation | undefined {
    const parent = (after ?? before)?.parent ?? "";
    const { type, name: of } = parseUrn(parent);
    if (!isRotatingWebhookType(type)) {
        return undefined;
    }
    const siblings = steps.filter((step) => (step.after ?? step.before)?.parent === parent && !isHarmless(step));
    const created = new Set(siblings.filter(({ op }) => op === "create").map((step) => step.urn));
    const deleted = new Set(siblings.filter(({ op }) => op === "delete").map((step) => step.urn));
    const touched = new Set(siblings.map((step) => step.urn));
    const renewed = [...touched].filter((other) => created.has(other) || !deleted.has(other));
    // Many previews leave out what stays the same, but a generation depends on all that are older.
    const shown = steps
        .filter((step) => (step.after ?? step.before)?.parent === parent)
        .flatMap((step) => [step.urn, ...(step.after?.dependencies ?? [])])
        .filter((other) => isWebhookType(parseUrn(other).type));
    const beside = [...new Set(shown)].filter((other) => !touched.has(other) && other !== urn);
    const ofParent = steps.filter((step) => step.urn === parent).map(({ op }) => op);
    const first = ofParent.includes("create");
    const removedWithAll = ofParent.includes("delete") && !first;
    const nameOf = (other: string): string => parseUrn(other).name.slice(of.length + 1);
    const isAtOnce = steps.some(({ after }) => after?.parent === parent && dropsAtOnce(after.inputs));
    // If names are only added, or only dropped, the others stay, whether the preview shows them or not.
    const isOneWay = renewed.length === 0 || touched.size === created.size;
    return {
        of,
        name: nameOf(urn),
        first,
        removedWithAll,
        beside: beside.map(nameOf),
        renewed: renewed.filter((other) => other !== urn).map(nameOf),
        standsAlone: !first && !removedWithAll && beside.length === 0 && !isOneWay,
        ...(isAtOnce ? { dropAtOnce: true } : {}),
    };
}

/** Whether the webhook and its secret stay valid after a step. */
function isHarmless({ op, before }: Step): boolean {
    return op === "same" || op === "refresh" || op === "read" || (op === "delete" && before?.retainOnDelete === true);
}
