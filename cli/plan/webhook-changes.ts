import { isDeepStrictEqual } from "node:util";
import { describeUrl } from "../provider/api/redact";
import { sameEvents, sameKeepers, sameUrl } from "../provider/lifecycle/same";
import type { Keepers } from "../provider/lifecycle/state";
import type { Preview, State, Step, Values } from "./preview";
import { isWebhookType, parseUrn, rotatingWebhookType } from "./resources";
import { hasSecret, hasUnknown, isUnknown, mayHoldNewSecret } from "./values";

/**
 * - `register`: a new webhook. `adopt`: one that is registered already is taken over.
 * - `update`: changed in place. `replace`: another one is registered, then this one deleted.
 * - `delete`. `release`: no longer managed, and stays registered. `read`: looked at only.
 * - `drift`: its secret was changed elsewhere, and the stack takes that one over.
 */
export type Action = "register" | "adopt" | "update" | "replace" | "delete" | "release" | "read" | "drift";

/** What a deployment will do to one webhook. Nothing of it is a secret. */
export interface Foreseen {
    readonly urn: string;
    readonly name: string;
    readonly id?: string;
    /** Without the query, which may hold a token. */
    readonly url?: string;
    readonly action: Action;
    readonly newSecret: "yes" | "maybe" | "no";
    /** Whether the secret that is valid now stops being valid before anybody can know the new one. */
    readonly inPlace: boolean;
    readonly changes: readonly Change[];
    /** A run before did not finish, so that what is live has to be looked at first. */
    readonly unfinished?: true;
    readonly adopts?: string | true;
    readonly generation?: Generation;
    /** Undefined where the preview does not say what depends on what. */
    readonly receivers?: readonly Receiver[];
}

export interface Change {
    readonly property: "url" | "enabledEvents" | "rotateWhenChanged" | "account";
    readonly from?: string;
    readonly to?: string;
    /** False where the new value is not known before the deployment. */
    readonly certain: boolean;
}

/** Which generation of which RotatingWebhook it is, and how the others fare in this deployment. */
export interface Generation {
    readonly of: string;
    readonly name: string;
    /** The RotatingWebhook is new itself. */
    readonly first: boolean;
    /** For a new one: the generations that stay registered beside it. */
    readonly beside: readonly string[];
}

/** A resource that takes a webhook's secret. */
export interface Receiver {
    readonly urn: string;
    readonly name: string;
    readonly type: string;
    /** What this deployment does with it. */
    readonly op: string;
}

export interface Forecast {
    readonly complete: boolean;
    readonly webhooks: readonly Foreseen[];
    /** Outputs of the stack that carry a secret that changes. `certain` is false where only some secret is known to be in them. */
    readonly outputs: readonly { readonly name: string; readonly certain: boolean }[];
    /** It was made with `--refresh`, and does not show whether a secret was changed elsewhere: `--show-sames` would. */
    readonly hidesDrift: boolean;
}

/** Tells from a preview what becomes of each webhook and its secret. */
export function foresee(preview: Preview): Forecast {
    const steps = preview.steps.filter(({ before, after }) => isWebhookType((after ?? before)?.type ?? ""));
    const webhooks = [...new Set(steps.map(({ urn }) => urn))]
        .map((urn) =>
            ofWebhook(
                steps.filter((step) => step.urn === urn),
                preview,
            ),
        )
        .filter((webhook) => webhook !== undefined);
    const changing = webhooks.some(({ newSecret }) => newSecret !== "no");
    return {
        complete: preview.complete,
        webhooks,
        outputs: changing ? outputsWith(preview) : [],
        hidesDrift: hidesDrift(preview),
    };
}

function ofWebhook(steps: readonly Step[], preview: Preview): Foreseen | undefined {
    const found = actionOf(steps);
    if (found === undefined) return undefined;
    const { action, step } = found;
    const { urn, before, after } = step;
    const live = settings(before);
    const wanted = after?.inputs ?? {};
    const changes = action === "update" || action === "replace" ? changesBetween(live, wanted) : [];
    const unfinished = action === "update" && ((before?.initErrors.length ?? 0) > 0 || "unfinished" in live);
    const url = "url" in wanted ? wanted.url : live.url;
    const id = before?.id ?? after?.id;
    const isNew = action === "register" || action === "adopt";
    const newSecret = {
        register: "yes",
        replace: "yes",
        drift: "yes",
        adopt: "maybe",
        update: changes.some(({ certain }) => certain) && !unfinished ? "yes" : "maybe",
        delete: "no",
        release: "no",
        read: "no",
    } as const;
    const generation = generationOf(step, isNew, preview);
    return {
        urn,
        name: parseUrn(urn).name,
        ...(id ? { id } : {}),
        ...(url === undefined ? {} : { url: describe(url) }),
        action,
        newSecret: newSecret[action],
        inPlace: action === "update" || action === "drift",
        changes,
        ...(unfinished ? { unfinished } : {}),
        ...(action === "adopt" ? { adopts: wanted.adopt === true ? true : text(wanted.adopt) } : {}),
        ...(generation === undefined ? {} : { generation }),
        ...(preview.hasDependencies ? { receivers: receiversOf(urn, action, preview) } : {}),
    };
}

/** The step that counts, of those that there are for one resource: a replacement has up to three, a refresh one before. */
function actionOf(steps: readonly Step[]): { readonly action: Action; readonly step: Step } | undefined {
    const find = (...ops: readonly string[]) => steps.find(({ op }) => ops.includes(op));
    const replaced = find("replace", "create-replacement");
    // A create after a delete of the same name is what `--refresh` leads to where the webhook was deleted elsewhere.
    const created = find("create", "import", "import-replacement");
    const updated = find("update");
    const deleted = find("delete", "delete-replaced");
    const read = find("read", "read-replacement");
    // What a refresh found shows, in the form of one object, only in a step that comes after it.
    const refreshed = find("refresh");
    const drifted = steps.findLast(({ before, after }) =>
        [before, after].some((state) => version(state) > version(refreshed?.before)),
    );
    const { adopt } = created?.after?.inputs ?? {};
    const adopts = adopt === true || typeof adopt === "string";
    if (replaced) return { action: "replace", step: replaced };
    if (created) return { action: adopts ? "adopt" : "register", step: created };
    if (updated) return { action: "update", step: updated };
    if (deleted) return { action: deleted.before?.retainOnDelete === true ? "release" : "delete", step: deleted };
    if (read) return { action: "read", step: read };
    if (drifted) return { action: "drift", step: drifted };
    return undefined;
}

/** Whether webhooks were refreshed without a word about what was found. */
function hidesDrift({ steps }: Preview): boolean {
    const ofWebhooks = steps.filter(({ before }) => isWebhookType(before?.type ?? ""));
    const told = new Set(ofWebhooks.filter(({ op }) => op !== "refresh").map(({ urn }) => urn));
    return ofWebhooks.some(({ op, urn, before, after }) => {
        return op === "refresh" && !told.has(urn) && after !== undefined && version(after) === version(before);
    });
}

function version(state: State | undefined): number {
    const { secretVersion } = state?.outputs ?? {};
    return typeof secretVersion === "number" ? secretVersion : Number.NaN;
}

/** What is saved of a webhook: outputs, which a refresh brings up to date, over inputs. */
function settings(state: State | undefined): Values {
    return { ...state?.inputs, ...state?.outputs };
}

/** By the provider's own rules for what counts as a change. */
function changesBetween(live: Values, wanted: Values): Change[] {
    const changes: Change[] = [];
    const { url, enabledEvents, rotateWhenChanged, account } = wanted;
    if (isUnknown(account) || !isDeepStrictEqual(live.account ?? undefined, account ?? undefined)) {
        changes.push({
            property: "account",
            ...ends(live.account, account, (name) => text(name ?? "the default one")),
        });
    }
    if (hasUnknown(url) || typeof url !== "string" || typeof live.url !== "string" || !sameUrl(live.url, url)) {
        if (!(hasSecret(url) && hasSecret(live.url)))
            changes.push({ property: "url", ...ends(live.url, url, describe) });
    }
    const events = [live.enabledEvents, enabledEvents] as const;
    if (hasUnknown(enabledEvents) || !isTexts(events[0]) || !isTexts(events[1]) || !sameEvents(events[0], events[1])) {
        changes.push({ property: "enabledEvents", ...ends(live.enabledEvents, enabledEvents, describeEvents) });
    }
    if (
        hasUnknown(rotateWhenChanged) ||
        !sameKeepers(live.rotateWhenChanged as Keepers, rotateWhenChanged as Keepers)
    ) {
        // Its values may be anything, so only the names of what differs are told.
        const keys = keysThatDiffer(live.rotateWhenChanged, rotateWhenChanged).join(", ");
        changes.push({ property: "rotateWhenChanged", to: keys, certain: !hasUnknown(rotateWhenChanged) });
    }
    return changes;
}

function ends(from: unknown, to: unknown, describe: (value: unknown) => string): Omit<Change, "property"> {
    const certain = !hasUnknown(to);
    return { from: describe(from), ...(certain ? { to: describe(to) } : {}), certain };
}

function describe(url: unknown): string {
    const known = text(url);
    return known === url ? describeUrl(known) : known;
}

/** A value that may be shown as it is, unless it is hidden or not there yet. */
function text(value: unknown): string {
    if (hasUnknown(value)) return "(not known yet)";
    if (hasSecret(value)) return "(secret)";
    return String(value);
}

function describeEvents(events: unknown): string {
    return isTexts(events) && !hasSecret(events) ? events.join(", ") : text(events);
}

function isTexts(value: unknown): value is string[] {
    return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function keysThatDiffer(one: unknown, other: unknown): string[] {
    const from = isRecord(one) ? one : {};
    const to = isRecord(other) ? other : {};
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return keys.filter((key) => JSON.stringify(from[key]) !== JSON.stringify(to[key]));
}

function isRecord(value: unknown): value is Values {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function generationOf({ urn, before, after }: Step, isNew: boolean, { steps }: Preview): Generation | undefined {
    const parent = (after ?? before)?.parent ?? "";
    const { type, name: of } = parseUrn(parent);
    if (type !== rotatingWebhookType) return undefined;
    const generationName = (other: string): string => parseUrn(other).name.slice(of.length + 1);
    const siblings = steps.filter((step) => (step.after ?? step.before)?.parent === parent);
    const created = new Set(siblings.filter(({ op }) => op === "create").map((step) => step.urn));
    // A generation waits for all that are older: those that are not new themselves stay.
    const older = isNew ? (after?.dependencies ?? []).filter((other) => isWebhookType(parseUrn(other).type)) : [];
    const same = isNew ? siblings.filter(({ op }) => op === "same" || op === "update").map((step) => step.urn) : [];
    const beside = [...new Set([...older, ...same])].filter((other) => !created.has(other)).map(generationName);
    const first = steps.some((step) => step.urn === parent && step.op === "create");
    return { of, name: generationName(urn), first, beside };
}

/** The resources that take a webhook's secret: those with a property that depends on it, and whose value may hold it. */
function receiversOf(urn: string, action: Action, { steps }: Preview): Receiver[] {
    const takes = ({ op, before, after }: Step): boolean => {
        if (op === "refresh" || (action !== "delete" && op === "delete")) return false;
        const state = action === "delete" || action === "release" ? before : after;
        if (state === undefined) return false;
        if (state.propertyDependencies == null) return state.dependencies.includes(urn);
        return Object.entries(state.propertyDependencies).some(
            // In a state the secret is a secret, and in a preview in which it changes, it is not known.
            ([property, urns]) => urns.includes(urn) && mayHoldNewSecret(state.inputs[property]),
        );
    };
    const found = steps.filter((step) => step.urn !== urn && takes(step));
    const byUrn = new Map(found.map(({ urn, op }) => [urn, { urn, ...parseUrn(urn), op }]));
    // Generations depend on one another only for their order.
    return [...byUrn.values()].filter(({ type }) => !isWebhookType(type));
}

function outputsWith({ outputs: { before, after } }: Preview): Forecast["outputs"] {
    if (after === undefined) {
        const secret = Object.keys(before).filter((name) => hasSecret(before[name]));
        return secret.map((name) => ({ name, certain: false }));
    }
    const changing = Object.keys(after).filter((name) => hasUnknown(after[name]));
    // What was no secret before, such as an id of something new, carries none now.
    return changing
        .filter((name) => !(name in before) || hasSecret(before[name]))
        .map((name) => ({ name, certain: hasSecret(before[name]) }));
}
