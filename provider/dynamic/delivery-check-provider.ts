import { isDeepStrictEqual } from "node:util";
import type * as dynamic from "@pulumi/pulumi/dynamic";
import { closest } from "fastest-levenshtein";
import * as v from "valibot";
import { CaptionsError } from "../errors";
import {
    checkDeliveries,
    defaultSteadySeconds,
    defaultWaitSeconds,
    deliveryCheckSchema,
} from "../lifecycle/delivery-check";
import { type Proofs, versionOf } from "../lifecycle/proofs";
import { hasUnknown } from "../lifecycle/unknown";
import { unexpected } from "../session";
import { HostError } from "./host-error";
import { isHostInput, resourceIn } from "./host-inputs";
import { isMarker, withoutMarkers } from "./markers";

type Properties = Readonly<Record<string, unknown>>;

/** What the dynamic provider host runs for a `DeliveryCheck`. A state has the secrets' versions, and no secret. */
export function deliveryCheckProvider(proofs: Proofs, notify: (line: string) => void): dynamic.ResourceProvider {
    /** The secrets that `check` was given, by the resource's owner: what it hands on has their versions instead. */
    const secretsOf = new Map<string, readonly string[]>();
    const ownerOf = (properties: Properties) => resourceIn(properties)?.owner ?? "";
    const nameOf = (properties: Properties) => resourceIn(properties)?.name ?? "";

    async function run(news: Properties, olds?: Properties): Promise<Record<string, unknown>> {
        const secrets = secretsOf.get(ownerOf(news)) ?? [];
        if (!isDeepStrictEqual(secrets.map(versionOf), news.secrets)) {
            throw new CaptionsError("the host has not told this run which secrets to check. Run `pulumi up` again.");
        }
        const { url, waitSeconds, steadySeconds, instances } = v.parse(deliveryCheckSchema, { ...news, secrets });
        // A first secret of a first deployment has no older one beside it that would be dropped too early.
        const isRotation = olds !== undefined || secrets.length > 1;
        const inputs = {
            urls: typeof url === "string" ? [url] : url,
            secrets,
            waitSeconds: waitSeconds ?? defaultWaitSeconds,
            steadySeconds: steadySeconds ?? (isRotation ? defaultSteadySeconds : 0),
            instances: instances ?? undefined,
        };
        await checkDeliveries(inputs, proofs, (line) => notify(`"${nameOf(news)}" ${line}`));
        return { ...news, provenAt: new Date().toISOString() };
    }

    return {
        check: (_olds: Properties, news: Properties) =>
            step("checking", news, async () => {
                const given = withoutMarkers(news) as Properties;
                const failures = failuresOf(given);
                const { secrets } = given;
                if (failures.length === 0 && isListOfTexts(secrets)) secretsOf.set(ownerOf(news), secrets);
                return { inputs: { ...news, secrets: versionsIn(news.secrets) }, failures };
            }),
        diff: (_id: string, olds: Properties, news: Properties) =>
            step("comparing", news, async () => ({ changes: mustRun(olds, withoutMarkers(news) as Properties) })),
        create: (news: Properties) => step("running", news, async () => ({ id: ownerOf(news), outs: await run(news) })),
        update: (_id: string, olds: Properties, news: Properties) =>
            step("running", news, async () => ({ outs: await run(news, olds) })),
        read: async (id: string, props: Properties) => ({ id, props: { ...props } }),
        delete: async () => undefined,
    };

    async function step<T>(what: string, properties: Properties, work: () => Promise<T>): Promise<T> {
        try {
            return await work();
        } catch (error) {
            const { name, message } = error instanceof CaptionsError ? error : unexpected(error);
            throw new HostError(name, `DeliveryCheck "${nameOf(properties)}": ${message}`, `${what} a DeliveryCheck`);
        }
    }
}

/** Whether something is to be proven that has not been: a secret that is no longer to be accepted is no reason. */
function mustRun(olds: Properties, news: Properties): boolean {
    if (hasUnknown(news.secrets) || hasUnknown(news.url)) return true;
    const proven = isListOfTexts(olds.secrets) ? olds.secrets : [];
    const wanted = isListOfTexts(news.secrets) ? news.secrets : [];
    return (
        wanted.some((version) => !proven.includes(version)) ||
        ["url", "instances", "triggers"].some((name) => !isDeepStrictEqual(olds[name] ?? null, news[name] ?? null))
    );
}

/** The same with the version in place of each secret: nothing of a secret goes on from `check`. */
function versionsIn(secrets: unknown): unknown {
    if (Array.isArray(secrets)) return secrets.map(versionsIn);
    return typeof secrets === "string" && !isMarker(secrets) ? versionOf(secrets) : secrets;
}

const known = [...Object.keys(deliveryCheckSchema.entries), "provenAt"];

/** A failure that names a property makes the engine print its value. */
function failuresOf(given: Properties): dynamic.CheckFailure[] {
    const own = Object.entries(given).filter(([name, value]) => !isHostInput(name) && value != null);
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
    ].map((reason) => ({ property: "", reason }));
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
