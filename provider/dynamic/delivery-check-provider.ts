import { isDeepStrictEqual } from "node:util";
import type * as dynamic from "@pulumi/pulumi/dynamic";
import * as v from "valibot";
import { CaptionsError } from "../errors";
import {
    checkDeliveries,
    defaultSteadySeconds,
    defaultWaitSeconds,
    deliveryCheckSchema,
} from "../lifecycle/delivery-check";
import { type Proofs, versionOf } from "../lifecycle/proofs";
import { hasUnknown, isUnknown } from "../lifecycle/unknown";
import { unexpected } from "../session";
import { HostError } from "./host-error";
import { resourceIn } from "./host-inputs";
import { withoutMarkers } from "./markers";

type Properties = Readonly<Record<string, unknown>>;

/** What the dynamic provider host runs for a `DeliveryCheck`. A state has the secrets' versions, and no secret. */
export function deliveryCheckProvider(proofs: Proofs, notify: (line: string) => void): dynamic.ResourceProvider {
    /** The secrets that `check` was given, by the resource's owner: what it hands on has their versions instead. */
    const secretsOf = new Map<string, readonly string[]>();
    const ownerOf = (properties: Properties) => resourceIn(properties)?.owner ?? "";
    const nameOf = (properties: Properties) => resourceIn(properties)?.name ?? "";

    async function run(news: Properties, olds?: Properties): Promise<Record<string, unknown>> {
        const secrets = secretsOf.get(ownerOf(news)) ?? [];
        const { url, waitSeconds, steadySeconds, instances } = v.parse(deliveryCheckSchema, { ...news, secrets });
        // A first secret of a first deployment has no older one beside it that would be dropped too early.
        const isRotation = olds !== undefined || secrets.length > 1;
        const inputs = {
            urls: typeof url === "string" ? [url] : url,
            secrets,
            waitSeconds: waitSeconds ?? defaultWaitSeconds,
            steadySeconds: steadySeconds ?? (isRotation ? defaultSteadySeconds : 0),
            instances,
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
                const versions = isListOfTexts(secrets) ? secrets.map(versionOf) : news.secrets;
                return { inputs: { ...news, secrets: versions }, failures };
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

/** A failure that names a property makes the engine print its value. */
function failuresOf(given: Properties): dynamic.CheckFailure[] {
    const known = Object.entries(given).filter(([, value]) => value != null && !isUnknown(value) && !hasUnknown(value));
    const stand = { url: "https://unknown.example", secrets: ["unknown"] };
    const open = Object.keys(stand).filter((name) => hasUnknown(given[name]));
    const placeholders = Object.fromEntries(open.map((name) => [name, stand[name as keyof typeof stand]]));
    const result = v.safeParse(deliveryCheckSchema, { ...placeholders, ...Object.fromEntries(known) });
    if (result.success) return [];
    return result.issues.map((issue) => {
        const name = issue.path?.[0]?.key ?? "arguments";
        return { property: "", reason: `${String(name)}: ${sentences[String(name)] ?? "is invalid"}` };
    });
}

const sentences: Readonly<Record<string, string>> = {
    url: "must be the URL of a receiver, or a list of them",
    secrets: "must be a list of secrets that is not empty, such as the `secrets` of a RotatingWebhook",
    waitSeconds: "must be a number of seconds from 0 to 86400",
    steadySeconds: "must be a number of seconds from 0 to 3600",
    instances: "must be a whole number from 1 to 10000",
};

function isListOfTexts(value: unknown): value is readonly string[] {
    return Array.isArray(value) && value.every((item) => typeof item === "string");
}
