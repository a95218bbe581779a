import { isDeepStrictEqual } from "node:util";
import { closest } from "fastest-levenshtein";
import * as v from "valibot";
import { CaptionsError } from "./errors";
import {
    checkDeliveries,
    defaultSteadySeconds,
    defaultWaitSeconds,
    deliveryCheckSchema,
} from "./lifecycle/delivery-check";
import { type Proofs, versionOf } from "./lifecycle/proofs";
import { hasUnknown } from "./lifecycle/unknown";

type Properties = Readonly<Record<string, unknown>>;

/** A `DeliveryCheck` of the program. */
export interface DeliveryCheckResource {
    /** An opaque text: the same in every run, and another one for each resource of a stack. */
    readonly owner: string;
    readonly name: string;
}

/**
 * The delivery checks of one run. What a front saves of one has the secrets' versions in place of the secrets.
 */
export class DeliveryChecks {
    readonly #proofs: Proofs;
    readonly #notify: (line: string) => void;
    readonly #signal: AbortSignal | undefined;
    /** The secrets that `check` was given, by the resource's owner: what it passes on has their versions instead. */
    readonly #secrets = new Map<string, readonly string[]>();

    /** @param signal aborted where the run is cancelled */
    constructor(proofs: Proofs, notify: (line: string) => void, signal?: AbortSignal) {
        this.#proofs = proofs;
        this.#notify = notify;
        this.#signal = signal;
    }

    /**
     * @returns what to use as inputs from now on, and what is invalid, a sentence each that begins with the property's
     * name
     */
    check(
        { owner }: DeliveryCheckResource,
        wanted: Properties,
    ): { readonly inputs: Properties; readonly failures: readonly string[] } {
        const failures = failuresOf(wanted);
        const { secrets } = wanted;
        if (failures.length === 0 && isListOfTexts(secrets)) this.#secrets.set(owner, secrets);
        return { inputs: { ...wanted, secrets: versionsIn(secrets) }, failures };
    }

    /** The inputs that are a reason to check again: a secret that is no longer to be accepted is none. */
    diff(saved: Properties, wanted: Properties): readonly string[] {
        const proven = isListOfTexts(saved.secrets) ? saved.secrets : [];
        const { secrets } = wanted;
        const isNew =
            hasUnknown(secrets) || (isListOfTexts(secrets) && secrets.some((version) => !proven.includes(version)));
        const others = ["url", "instances", "triggers"].filter(
            (name) => hasUnknown(wanted[name]) || !isDeepStrictEqual(saved[name] ?? null, wanted[name] ?? null),
        );
        return isNew ? ["secrets", ...others] : others;
    }

    /**
     * @param saved undefined for the first check
     * @returns what to save
     * @throws DeliveryCheckError where the receivers do not respond as they must in time
     */
    async run(
        { owner, name }: DeliveryCheckResource,
        wanted: Properties,
        saved: Properties | undefined,
    ): Promise<Properties> {
        const secrets = this.#secrets.get(owner) ?? [];
        if (!isDeepStrictEqual(secrets.map(versionOf), wanted.secrets)) {
            throw new CaptionsError("the host has not told this run which secrets to check. Run `pulumi up` again.");
        }
        const { url, waitSeconds, steadySeconds, instances } = v.parse(deliveryCheckSchema, { ...wanted, secrets });
        // A first secret of a first deployment has no older one beside it that would be dropped too early.
        const isRotation = saved !== undefined || secrets.length > 1;
        const inputs = {
            urls: typeof url === "string" ? [url] : url,
            secrets,
            waitSeconds: waitSeconds ?? defaultWaitSeconds,
            steadySeconds: steadySeconds ?? (isRotation ? defaultSteadySeconds : 0),
            instances: instances ?? undefined,
        };
        await checkDeliveries(inputs, this.#proofs, (line) => this.#notify(`"${name}" ${line}`), this.#signal);
        return { ...wanted, provenAt: new Date().toISOString() };
    }
}

/** The same with the version in place of each secret: nothing of a secret goes on from `check`. */
function versionsIn(secrets: unknown): unknown {
    if (Array.isArray(secrets)) return secrets.map(versionsIn);
    return typeof secrets === "string" ? versionOf(secrets) : secrets;
}

const known = [...Object.keys(deliveryCheckSchema.entries), "provenAt"];

function failuresOf(wanted: Properties): string[] {
    const own = Object.entries(wanted).filter(([, value]) => value != null);
    const misspelt = own.map(([name]) => name).filter((name) => !known.includes(name));
    // What is not known yet is checked when it is.
    const open = own.filter(([, value]) => hasUnknown(value)).map(([name]) => name);
    const result = v.safeParse(deliveryCheckSchema, Object.fromEntries(own));
    const wrong = result.success ? [] : result.issues.map((issue) => String(issue.path?.[0]?.key ?? "arguments"));
    return [
        ...misspelt.map((name) => `${name}: unknown property; did you mean ${closest(name, known)}?`),
        ...[...new Set(wrong)]
            .filter((name) => !open.includes(name))
            .map((name) => `${name}: ${sentences[name] ?? "is invalid"}`),
    ];
}

const sentences: Readonly<Record<string, string>> = {
    url: "must be the https URL of a receiver (http only for localhost), or a list of them",
    secrets: "must be a list of secrets that is not empty, such as the `secrets` of a RotatingWebhook",
    waitSeconds: "must be a number of seconds from 0 to 86400",
    steadySeconds: "must be a number of seconds from 0 to 3600",
    triggers: 'must be an object, like { version: "2" }',
    instances: "must be a whole number from 1 to 10000",
};

function isListOfTexts(value: unknown): value is readonly string[] {
    return Array.isArray(value) && value.every((item) => typeof item === "string");
}
