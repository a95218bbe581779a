import * as v from "valibot";
import { hostOf } from "../api/urls";
import { AdoptionError, ConfigurationError } from "../errors";
import {
    inputNames,
    isUnknown,
    PartialFailure,
    type Siblings,
    unknown,
    type WebhookInputs,
    type WebhookOutputs,
    withoutUndefined,
} from "../lifecycle";
import type { Resource, SavedResource, Session } from "../session";
import { differences } from "./diff";
import { type PropertyDifference, type ResourceHandler, SavedFailure } from "./handlers";
import { nameOf } from "./urn";
import { hasSecret, type Properties, plain, plainProperties, type Wire, wiredLike } from "./values";

/**
 * What a rotating webhook tells its generations of each other, as an input that users neither set nor see. In users'
 * states, so its name and form stay.
 */
export const generationInput = "__generation";

/** Marks an imported webhook until the program declares it as it is. In users' states, too. */
const importedInput = "__imported";

/** In order of age: the ids of those that are older are known, those that are newer only counted. */
export interface Generation extends Siblings {
    readonly dropAtOnce: boolean;
}

const generationSchema = v.object({
    family: v.string(),
    // In a preview some are not known yet.
    ids: v.pipe(
        v.array(v.unknown()),
        v.transform((ids) => ids.filter((id) => typeof id === "string")),
    ),
    newer: v.number(),
    isNewest: v.optional(v.boolean()),
    dropAtOnce: v.boolean(),
});

/** The outputs that are secrets by what they are. */
const secretOutputs = ["secret"];

/** What a webhook needs to know of the provider that serves it. */
interface OwnProvider {
    /** Whether it is the stack's default one. */
    readonly isDefault: boolean;
    /**
     * Whether it is of another account than a webhook that comes from the dynamic front, where that had this account.
     */
    readonly isOtherThanDynamic: (account: string | undefined) => boolean;
}

/**
 * Webhooks, by a session. An account is a provider here: one that a state of the dynamic front names is that of an
 * explicit provider.
 */
export function webhookHandler(session: Session, provider: OwnProvider): ResourceHandler {
    return {
        async check({ urn, olds, news }) {
            const failures = await session.check(resource(urn, news), declared(olds), declared(news));
            return { inputs: news, failures: [...accountFailures(news), ...failures] };
        },

        async diff({ urn, id, olds, oldInputs, news }) {
            const wanted = inputs(news);
            const account = (plain(olds.account) ?? undefined) as string | undefined;
            const isOther = provider.isDefault ? account !== undefined : provider.isOtherThanDynamic(account);
            if (isOther) throw needsProvider(urn, id, account);
            const old = saved(urn, id, olds, oldInputs);
            // The next run that has no change forgets the mark. A refresh compares what the state has with itself.
            const isImported = oldInputs[importedInput] === true && news[importedInput] !== true;
            const { changes, isRotatedElsewhere } = await session.diff(
                resource(urn, news),
                old,
                wanted,
                (difference) => (isImported && difference.changes.length > 0 ? "refused" : "updated"),
            );
            const before = plainProperties(olds);
            const found: PropertyDifference[] = changes.flatMap((name) => {
                const ways = differences(name, before[name], wanted[name]);
                // Such as a change that was asked for in a run that failed.
                return ways.length > 0 ? ways : [{ path: name, kind: "update" as const }];
            });
            if (isImported && found.length > 0) throw mismatch({ urn, id, changes, before, wanted, news });
            return isRotatedElsewhere ? [...found, { path: "secret", kind: "update" }] : found;
        },

        async create({ urn, news, isPreview }) {
            if (isPreview) return { id: "", outputs: outputsOf({ ...notKnownYet, ...inputs(news) }, news) };
            return await saving(news, async () => {
                const { id, outputs } = await session.create(resource(urn, news), inputs(news));
                return { id, outputs: outputsOf(outputs, news) };
            });
        },

        async read({ urn, id, olds, oldInputs }) {
            if (olds.url === undefined) {
                // To be imported, or read for the first time: which of both, the engine does not say.
                const outputs = { ...(await session.get(id, undefined)), secretVersion: 1 };
                const { url, enabledEvents } = outputs;
                return { outputs: outputsOf(outputs), inputs: { url, enabledEvents, [importedInput]: true } };
            }
            const old = saved(urn, id, olds, oldInputs);
            // Without inputs of its own it is one that is only read: it belongs to something else.
            const now = await session.read(oldInputs.url === undefined ? { ...old, resource: undefined } : old);
            return now === undefined ? undefined : { outputs: outputsOf(now, olds), inputs: oldInputs };
        },

        async update({ urn, id, olds, news, isPreview }) {
            const wanted = inputs(news);
            const old = saved(urn, id, olds, news);
            if (isPreview) {
                const before = plainProperties(olds) as unknown as WebhookOutputs;
                const isRotated = session.mayRotate(old, wanted);
                return outputsOf({ ...before, ...wanted, ...(isRotated ? notKnownYet : {}) }, olds, news);
            }
            return await saving(news, async () => {
                return outputsOf(await session.update(resource(urn, news), old, wanted), news);
            });
        },

        async remove({ urn, id, olds, oldInputs }) {
            await session.remove(saved(urn, id, olds, oldInputs));
        },
    };
}

const notKnownYet = { secret: unknown, secretVersion: unknown };

function resource(urn: string, wire: Wire): Resource {
    const generation = v.safeParse(generationSchema, plainProperties(wire)[generationInput]);
    const known = { owner: urn, name: nameOf(urn) };
    if (!generation.success) return known;
    const { dropAtOnce, ...siblings } = generation.output;
    return { ...known, siblings, dropsAtOnce: dropAtOnce };
}

function saved(urn: string, id: string, olds: Wire, oldInputs: Wire): SavedResource {
    const { account: _, ...properties } = plainProperties(olds);
    return { id, properties, resource: resource(urn, oldInputs) };
}

/** What users set: without what is the front's own, and without nulls. */
function declared(wire: Wire): Properties {
    const { [generationInput]: _, account: __, ...own } = plainProperties(wire);
    // What a state of the dynamic front has beside its inputs.
    const given = Object.entries(own).filter(([name, value]) => value != null && !name.startsWith("__"));
    return Object.fromEntries(given);
}

function inputs(wire: Wire): WebhookInputs {
    const all = declared(wire);
    return Object.fromEntries(
        inputNames.filter((name) => name in all).map((name) => [name, all[name]]),
    ) as unknown as WebhookInputs;
}

function accountFailures(news: Wire): string[] {
    if (news.account == null) return [];
    return [
        "account: is not an input of this resource. Declare a provider for each account, and name it in the resource's option `provider`",
    ];
}

function needsProvider(urn: string, id: string, account: string | undefined): ConfigurationError {
    const whose = account === undefined ? "of captions:apiKey" : `"${account}" of captions:accounts`;
    return new ConfigurationError(
        `Webhook "${nameOf(urn)}" (${id}): it belongs to the account ${whose}. With the plugin an account is ` +
            "a provider: declare one with that account's key, and name it in the resource's option `provider`.",
    );
}

/** @param sent what the engine has sent: what is a secret in it stays one under its name */
function outputsOf(values: object, ...sent: readonly Wire[]): Wire {
    return wiredLike(withoutUndefined(values), secretOutputs, ...sent);
}

async function saving<T>(news: Wire, run: () => Promise<T>): Promise<T> {
    try {
        return await run();
    } catch (error) {
        if (!(error instanceof PartialFailure)) throw error;
        throw new SavedFailure(error.id, outputsOf(error.outputs, news), error.message);
    }
}

/** The update that would follow rotates the secret of a webhook that is in use. */
function mismatch({
    urn,
    id,
    changes,
    before,
    wanted,
    news,
}: {
    readonly urn: string;
    readonly id: string;
    readonly changes: readonly string[];
    readonly before: Properties;
    readonly wanted: WebhookInputs;
    readonly news: Wire;
}): AdoptionError {
    const sides = changes.map((name) => {
        const now = wanted[name as keyof WebhookInputs];
        // What asks for rotations may be a secret, and nothing registered has it.
        if (hasSecret(news[name])) return `\`${name}\` is another`;
        if (name === "rotateWhenChanged") return "`rotateWhenChanged` is set in the program, which asks for a rotation";
        if (name === "url") return urls(before.url, now);
        return `\`${name}\` is ${JSON.stringify(before[name])} at the API and ${isUnknown(now) ? "not known yet" : JSON.stringify(now)} in the program`;
    });
    return new AdoptionError(
        `Webhook "${nameOf(urn)}" (${id}): it is imported and not declared as it is, and a change rotates its secret: ` +
            `${sides.join("; ")}. Declare it as it is and run \`pulumi up\`; change it afterwards, if you want to.`,
    );
}

/** Only their hosts: a path or a query may hold a token. */
function urls(before: unknown, now: unknown): string {
    const live = hostOf(String(before));
    if (isUnknown(now)) return `\`url\` is on ${live} at the API and not known yet in the program`;
    const declared = hostOf(String(now));
    return live === declared
        ? `\`url\` has another path or query at the API than in the program (both on ${live})`
        : `\`url\` is on ${live} at the API and on ${declared} in the program`;
}
