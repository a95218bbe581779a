import { isDeepStrictEqual } from "node:util";
import { describeUrl, withoutGeneration } from "../../probe";
import { type Keepers, sameEvents, sameKeepers, sameUrl } from "../provider";
import { isDeliveryCheckType, isWebhookType, parseUrn } from "../resources";
import { type ScheduledRotation, scheduledRotation } from "../rotations";
import { hasSecret, hasUnknown, isUnknown, mayContainNewSecret } from "./engine-values";
import { type Generation, generationOf } from "./generation";
import type { Preview, State, Step, Values } from "./preview";

/**
 * - `register`: a new webhook. `adopt`: one that is already registered is adopted.
 * - `update`: changed in place. `replace`: another one is registered, and this one deleted.
 * - `delete`. `release`: no longer managed, and stays registered. `read`: only read.
 * - `drift`: its secret was changed elsewhere, and the stack takes over the new one.
 */
export type Action = "register" | "adopt" | "update" | "replace" | "delete" | "release" | "read" | "drift";

/** What a deployment will do to one webhook. There is no secret in it. */
export interface WebhookChange {
    readonly urn: string;
    readonly name: string;
    readonly id?: string;
    /** Host and generation only: the rest may contain a token. */
    readonly url?: string;
    readonly action: Action;
    readonly newSecret: "yes" | "maybe" | "no";
    /** Whether the secret that is valid now becomes invalid before anybody can know the new one. */
    readonly inPlace: boolean;
    /** Whether deliveries will, or may, be rejected until receivers have a secret that this deployment makes. */
    readonly losesDeliveries: boolean;
    readonly changes: readonly Change[];
    /** The last deployment did not finish, so what is live is looked at first. */
    readonly unfinished?: true;
    readonly adopts?: string | true;
    readonly generation?: Generation;
    /**
     * For `replace`: whether this one is deleted before the other one is registered (`deleteBeforeReplace`). Undefined
     * if the preview does not show the order.
     */
    readonly deletedFirst?: boolean;
    /** For `delete`: the resource that adopts this webhook, so that it stays registered after all. */
    readonly adoptedBy?: string;
    /** For `delete`: the resource that registers another webhook for the same URL. */
    readonly succeededBy?: string;
    /** Where that is a generation: of which RotatingWebhook, and its name there. */
    readonly succeededByGeneration?: Pick<Generation, "of" | "name">;
    /** Undefined if the preview does not show what depends on what. */
    readonly receivers?: readonly Receiver[];
}

export interface Change {
    readonly property: "url" | "enabledEvents" | "rotateWhenChanged" | "account";
    readonly from?: string;
    readonly to?: string;
    /** False where the new value is not known before the deployment. */
    readonly certain: boolean;
}

/** A resource that takes a webhook's secret. */
export interface Receiver {
    readonly urn: string;
    readonly name: string;
    readonly type: string;
    /** What this deployment does with it. */
    readonly op: string;
}

/** What a deployment will do to the webhooks of a stack. */
export interface WebhookChanges {
    readonly complete: boolean;
    readonly webhooks: readonly WebhookChange[];
    /** Outputs of the stack that contain a new secret; with `certain` false, those that contain any secret. */
    readonly outputs: readonly { readonly name: string; readonly certain: boolean }[];
    /**
     * The preview was made with `--refresh`, but does not show secrets that were changed elsewhere: `--show-sames`
     * does.
     */
    readonly hidesDrift: boolean;
    /** Of each RotatingWebhook with a schedule that the preview shows. */
    readonly rotations: readonly ScheduledRotation[];
    /** Whether the rotations are those after the deployment, or as they were before it. */
    readonly rotationsAsOf: "this deployment" | "the last deployment";
}

/** Finds out from a preview what happens to each webhook and its secret. */
export function webhookChanges(preview: Preview): WebhookChanges {
    const steps = preview.steps.filter(({ before, after }) => isWebhookType((after ?? before)?.type ?? ""));
    const found = [...new Set(steps.map(({ urn }) => urn))].flatMap((urn) => {
        const own = steps.filter((step) => step.urn === urn);
        const action = actionOf(own);
        return action === undefined ? [] : [{ ...action, own }];
    });
    const webhooks = found.map(({ action, step, own }) => {
        const others = action === "delete" ? found : [];
        const adopting = others.find((other) => other.action === "adopt" && mayAdopt(other.step, step));
        const successor = others.find((other) => other.action === "register" && haveSameUrl(step, other.step));
        return changeOf({ action, step, own, adopting: adopting?.step, successor: successor?.step }, preview);
    });
    const changing = webhooks.some(({ newSecret }) => newSecret !== "no");
    return {
        complete: preview.complete,
        webhooks,
        outputs: changing ? outputsWithSecrets(preview) : [],
        hidesDrift: hidesDrift(preview),
        rotations: [...preview.rotating].flatMap(([urn, values]) => scheduledRotation(urn, values) ?? []),
        rotationsAsOf: preview.outputs.after === undefined ? "the last deployment" : "this deployment",
    };
}

interface Found {
    readonly action: Action;
    readonly step: Step;
    /** All steps of the same resource. */
    readonly own: readonly Step[];
    readonly adopting: Step | undefined;
    readonly successor: Step | undefined;
}

function changeOf({ action, step, own, adopting, successor }: Found, preview: Preview): WebhookChange {
    const { urn, before, after } = step;
    const live = settings(before);
    const wanted = after?.inputs ?? {};
    const changes = action === "update" || action === "replace" ? changesBetween(live, wanted) : [];
    const unfinished = action === "update" && ((before?.initErrors.length ?? 0) > 0 || "unfinished" in live);
    const url = "url" in wanted ? wanted.url : live.url;
    const id = before?.id ?? after?.id;
    const generation = generationOf(step, preview);
    // A generation that is deleted while others stay is a step of a rotation, whatever else has its URL.
    const isLast = generation === undefined || generation.removedWithAll;
    const succeeded = isLast && adopting === undefined ? successor : undefined;
    return {
        urn,
        name: parseUrn(urn).name,
        ...(id ? { id } : {}),
        ...(url === undefined ? {} : { url: describe(url) }),
        action,
        newSecret: newSecretBy(action, changes.some(({ certain }) => certain) && !unfinished),
        inPlace: action === "update" || action === "drift",
        losesDeliveries:
            action === "update" ||
            action === "drift" ||
            action === "replace" ||
            (action === "register" && generation?.standsAlone === true) ||
            (action === "delete" &&
                adopting === undefined &&
                (generation?.standsAlone === true || succeeded !== undefined)),
        changes,
        ...(unfinished ? { unfinished } : {}),
        ...(action === "adopt" ? { adopts: wanted.adopt === true ? true : text(wanted.adopt) } : {}),
        ...(generation === undefined ? {} : { generation }),
        ...(action === "replace" ? orderOf(own) : {}),
        ...(adopting === undefined ? {} : { adoptedBy: parseUrn(adopting.urn).name }),
        ...(succeeded === undefined ? {} : succession(succeeded, preview)),
        ...(preview.hasDependencies ? { receivers: receiversOf(urn, action, preview) } : {}),
    };
}

function succession(successor: Step, preview: Preview): Pick<WebhookChange, "succeededBy" | "succeededByGeneration"> {
    const generation = generationOf(successor, preview);
    return {
        succeededBy: parseUrn(successor.urn).name,
        ...(generation === undefined ? {} : { succeededByGeneration: { of: generation.of, name: generation.name } }),
    };
}

function newSecretBy(action: Action, isCertain: boolean): WebhookChange["newSecret"] {
    switch (action) {
        case "register":
        case "replace":
        case "drift":
            return "yes";
        case "update":
            return isCertain ? "yes" : "maybe";
        case "adopt":
            return "maybe";
        default:
            return "no";
    }
}

/** Of a replacement, the form of one object shows only a single step. */
function orderOf(own: readonly Step[]): Pick<WebhookChange, "deletedFirst"> {
    const deleted = own.findIndex(({ op }) => op === "delete-replaced");
    const created = own.findIndex(({ op }) => op === "create-replacement");
    return deleted < 0 || created < 0 ? {} : { deletedFirst: deleted < created };
}

function mayAdopt(adopting: Step, deleted: Step): boolean {
    const { adopt } = adopting.after?.inputs ?? {};
    return adopt === true ? haveSameUrl(deleted, adopting) : adopt === deleted.before?.id;
}

/** Whether one webhook takes the place of another, in the same account. */
function haveSameUrl(deleted: Step, registered: Step): boolean {
    const [one, other] = [settings(deleted.before), settings(registered.after)];
    return (
        typeof one.url === "string" &&
        typeof other.url === "string" &&
        !hasSecret(one.url) &&
        !hasUnknown(other.url) &&
        sameUrl(withoutGeneration(one.url), withoutGeneration(other.url)) &&
        isDeepStrictEqual(one.account ?? undefined, other.account ?? undefined)
    );
}

/** The step that counts: a replacement consists of up to three, and a refresh is one before the others. */
function actionOf(steps: readonly Step[]): { readonly action: Action; readonly step: Step } | undefined {
    const find = (...ops: readonly string[]) => steps.find(({ op }) => ops.includes(op));
    const replaced = find("replace", "create-replacement");
    // If the webhook was deleted elsewhere, `--refresh` leads to a delete and a create of the same name.
    const created = find("create", "import", "import-replacement");
    const updated = find("update");
    const deleted = find("delete", "delete-replaced");
    const read = find("read", "read-replacement");
    // In the form of one object, only a later step shows what a refresh found.
    const refreshed = find("refresh");
    const drifted = steps.findLast(({ before, after }) =>
        [before, after].some((state) => version(state) > version(refreshed?.before)),
    );
    const { adopt } = created?.after?.inputs ?? {};
    const adopts = adopt === true || typeof adopt === "string";
    if (replaced) {
        return { action: "replace", step: replaced };
    }
    if (created) {
        return { action: adopts ? "adopt" : "register", step: created };
    }
    if (updated) {
        return { action: "update", step: updated };
    }
    if (deleted) {
        return { action: deleted.before?.retainOnDelete === true ? "release" : "delete", step: deleted };
    }
    if (read) {
        return { action: "read", step: read };
    }
    return drifted ? { action: "drift", step: drifted } : undefined;
}

/** Whether webhooks were refreshed, but the preview does not show what was found. */
function hidesDrift({ steps }: Preview): boolean {
    const ofWebhooks = steps.filter(({ before }) => isWebhookType(before?.type ?? ""));
    const shown = new Set(ofWebhooks.filter(({ op }) => op !== "refresh").map(({ urn }) => urn));
    return ofWebhooks.some(({ op, urn, before, after }) => {
        return op === "refresh" && !shown.has(urn) && after !== undefined && version(after) === version(before);
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
            ...ends(live.account, account, (name) => text(name ?? "(default)")),
        });
    }
    if (hasUnknown(url) || typeof url !== "string" || typeof live.url !== "string" || !sameUrl(live.url, url)) {
        if (!(hasSecret(url) && hasSecret(live.url))) {
            changes.push({ property: "url", ...ends(live.url, url, describe) });
        }
    }
    const events = [live.enabledEvents, enabledEvents] as const;
    if (hasUnknown(enabledEvents) || !isTexts(events[0]) || !isTexts(events[1]) || !sameEvents(events[0], events[1])) {
        changes.push({ property: "enabledEvents", ...ends(live.enabledEvents, enabledEvents, describeEvents) });
    }
    if (
        hasUnknown(rotateWhenChanged) ||
        !sameKeepers(live.rotateWhenChanged as Keepers, rotateWhenChanged as Keepers)
    ) {
        // Its values may be anything, so only the names of those that differ are shown.
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

/** A value to show, unless it is a secret or not known before the deployment. */
function text(value: unknown): string {
    if (hasUnknown(value)) {
        return "(not known yet)";
    }
    if (hasSecret(value)) {
        return "(secret)";
    }
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

/**
 * The resources that take a webhook's secret: those with a property that depends on it, and whose value may contain it.
 */
function receiversOf(urn: string, action: Action, { steps }: Preview): Receiver[] {
    const takes = ({ op, before, after }: Step): boolean => {
        if (op === "refresh" || (action !== "delete" && op === "delete")) {
            return false;
        }
        const state = action === "delete" || action === "release" ? before : after;
        if (state === undefined) {
            return false;
        }
        if (state.propertyDependencies == null) {
            return state.dependencies.includes(urn);
        }
        return Object.entries(state.propertyDependencies).some(
            // In a state it is marked as a secret; in a preview in which it changes, it is unknown.
            ([property, urns]) => urns.includes(urn) && mayContainNewSecret(state.inputs[property]),
        );
    };
    const found = steps.filter((step) => step.urn !== urn && takes(step));
    const byUrn = new Map(found.map(({ urn, op }) => [urn, { urn, ...parseUrn(urn), op }]));
    // Generations depend on each other only for their order, and a delivery check only asks receivers.
    return [...byUrn.values()].filter(({ type }) => !isWebhookType(type) && !isDeliveryCheckType(type));
}

function outputsWithSecrets({ outputs: { before, after } }: Preview): WebhookChanges["outputs"] {
    if (after === undefined) {
        const secret = Object.keys(before).filter((name) => hasSecret(before[name]));
        return secret.map((name) => ({ name, certain: false }));
    }
    const changing = Object.keys(after).filter((name) => hasUnknown(after[name]));
    // What was not a secret before, such as the id of a new resource, is not one now.
    return changing
        .filter((name) => !(name in before) || hasSecret(before[name]))
        .map((name) => ({ name, certain: hasSecret(before[name]) }));
}
