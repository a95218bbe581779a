import { describeUrl, withoutGeneration } from "../../probe";
import { type RegisteredWebhook, sameUrl } from "../provider";
import type { StackResource } from "../pulumi";
import { isWebhookType, parseUrn } from "../resources";
import { type ScheduledRotation, scheduledRotation } from "../rotations";

/**
 * Where a registered webhook belongs, as far as the named stacks tell. `looks orphaned`: none of them manages it, but
 * one of them manages another webhook with its URL.
 */
export type Standing = "in this stack" | "read by this stack" | "looks orphaned" | "not in this stack";

export interface ListedWebhook {
    readonly id: string;
    /** Host and generation only: the rest may contain a token. */
    readonly url: string;
    readonly enabledEvents: readonly string[];
    /** Only with a stack. */
    readonly standing?: Standing;
    /** The stack that has it. */
    readonly stack?: string;
    /** The resource's name in the stack. */
    readonly resource?: string;
}

/** A webhook that is in a stack, but does not exist at the API. */
export interface GoneWebhook {
    readonly id: string;
    readonly stack: string;
    readonly resource: string;
}

export interface Comparison {
    readonly webhooks: readonly ListedWebhook[];
    readonly gone: readonly GoneWebhook[];
    /** When the rotating webhooks of the stacks rotate, as far as the last deployment of each tells. */
    readonly rotations: readonly (ScheduledRotation & { readonly stack: string })[];
}

/** The resources of a stack. */
export interface Stack {
    readonly name: string;
    readonly resources: readonly StackResource[];
    /** Whether a run of it is under way, or was interrupted. */
    readonly isPending?: boolean;
}

interface Owned {
    readonly id: string;
    readonly account: unknown;
    readonly url: unknown;
    readonly stack: string;
    readonly resource: string;
    readonly isRead: boolean;
}

/**
 * Compares the webhooks of an account with those of stacks. Whatever a stack calls the account, it has a webhook that
 * has the id of one of its resources: one API key may be in `captions:accounts` under a name, and in a provider. What
 * should be there, and on which URLs, is said only by resources of this account.
 */
export function compare(
    registered: readonly RegisteredWebhook[],
    stacks: readonly Stack[],
    account: string | undefined,
): Comparison {
    const all = stacks.flatMap(ownedBy);
    const owned = all.filter((one) => one.account === account);
    const managed = owned.filter(({ isRead }) => !isRead);
    const existing = new Map(registered.map((webhook) => [webhook.id, webhook]));
    // As the state and the API show them. Of one that is gone no event arrives twice, so it makes no other an orphan.
    const urls = managed
        .flatMap(({ id, url }) => {
            const live = existing.get(id)?.url;
            return live === undefined ? [] : [url, live];
        })
        .filter((url) => typeof url === "string")
        .map(withoutGeneration);
    const standing = ({ id, url }: RegisteredWebhook): Pick<ListedWebhook, "standing" | "stack" | "resource"> => {
        const owners = all.filter((one) => one.id === id);
        const owner = owners.find(({ isRead }) => !isRead) ?? owners[0];
        if (owner === undefined) {
            // A generation that was dropped from a stack has the URL of those that are left, but for its own name.
            const isOrphan = urls.some((other) => sameUrl(withoutGeneration(url), other));
            return { standing: isOrphan ? "looks orphaned" : "not in this stack" };
        }
        const { isRead, stack, resource } = owner;
        return { standing: isRead ? "read by this stack" : "in this stack", stack, resource };
    };
    return {
        webhooks: registered.map((webhook) => ({
            id: webhook.id,
            url: describeUrl(webhook.url),
            enabledEvents: webhook.enabledEvents,
            ...(stacks.length === 0 ? {} : standing(webhook)),
        })),
        gone: owned.filter(({ id }) => !existing.has(id)).map(({ id, stack, resource }) => ({ id, stack, resource })),
        rotations: stacks.flatMap((stack) => rotationsOf(stack, account)),
    };
}

function ownedBy({ name, resources }: Stack): Owned[] {
    return resources.flatMap(({ type, id, urn, external, outputs }) => {
        if (!isWebhookType(type) || !id) {
            return [];
        }
        const { account, url } = outputs ?? {};
        const isRead = external === true;
        return [{ id, account: account ?? undefined, url, stack: name, resource: parseUrn(urn).name, isRead }];
    });
}

function webhooksOf(resources: readonly StackResource[], account: string | undefined): readonly StackResource[] {
    return resources.filter(({ type, outputs }) => isWebhookType(type) && (outputs?.account ?? undefined) === account);
}

/** A rotating webhook has the account of its generations. */
function rotationsOf({ name, resources }: Stack, account: string | undefined): Comparison["rotations"] {
    const parents = new Set(webhooksOf(resources, account).map(({ parent }) => parent));
    return resources
        .filter(({ urn }) => parents.has(urn))
        .flatMap(({ urn, outputs }) => {
            const rotation = scheduledRotation(urn, outputs);
            return rotation === undefined ? [] : [{ stack: name, ...rotation }];
        });
}
