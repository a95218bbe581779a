import { describeUrl, withoutGeneration } from "../../probe";
import { compare, type ListedWebhook, type Stack } from "../list/compare";
import { check, distinctEvents, knownEvents, looseUrl, type RegisteredWebhook, type WebhookList } from "../provider";
import { parseUrn } from "../resources";
import { byKey, groupBy } from "./keys";
import { nameWebhooks } from "./names";
import { mayContainToken } from "./words";

/** A webhook that a program can take over, and how it is declared there. */
export interface Adoptable {
    readonly id: string;
    /** In full: it may contain a token. */
    readonly url: string;
    readonly enabledEvents: readonly string[];
    /** The resource's name. */
    readonly name: string;
    /** Whether another one of those to adopt has the same URL. */
    readonly sharesUrl: boolean;
    readonly mayContainToken: boolean;
    /** Whether a RotatingWebhook with `distinctUrls` has registered it. */
    readonly isGeneration: boolean;
}

/** A webhook that no named stack manages, and that is better not adopted or cannot be. */
export interface LeftOut {
    readonly id: string;
    /** Host and generation only. */
    readonly url: string;
    readonly reason: string;
}

export interface Choice {
    /** In the order of their names. */
    readonly webhooks: readonly Adoptable[];
    readonly leftOut: readonly LeftOut[];
}

/** Chooses what to adopt: what is registered and in none of the stacks, as far as a program can declare it. */
export async function choose(
    list: WebhookList,
    stacks: readonly Stack[],
    account: string | undefined,
): Promise<Choice> {
    const registered = [...new Map(list.webhooks.map((webhook) => [webhook.id, webhook])).values()];
    const free: RegisteredWebhook[] = [];
    const odd = [...list.unreadableIds, ...Array<string>(list.withoutId).fill("(no id)")];
    const leftOut: LeftOut[] = odd.map((id) => ({
        id,
        url: "(unknown)",
        reason: "the API shows it in a form that is not documented.",
    }));
    for (const [index, listed] of compare(registered, stacks, account).webhooks.entries()) {
        const webhook = registered[index];
        if (webhook === undefined || listed.standing === "in this stack") {
            continue;
        }
        const reason = objection(listed) ?? (await obstacle(webhook));
        if (reason === undefined) {
            free.push({ ...webhook, enabledEvents: inOrder(webhook.enabledEvents) });
        } else {
            leftOut.push({ id: webhook.id, url: describeUrl(webhook.url), reason });
        }
    }
    const taken = stacks.flatMap(({ resources }) => resources.map(({ urn }) => parseUrn(urn).name));
    const names = nameWebhooks(free, taken);
    const onUrl = groupBy(free, ({ url }) => looseUrl(url));
    const webhooks = free.map(({ id, url, enabledEvents }) => ({
        id,
        url,
        enabledEvents,
        name: names.get(id) ?? id,
        sharesUrl: (onUrl.get(looseUrl(url)) ?? []).length > 1,
        mayContainToken: mayContainToken(url),
        isGeneration: withoutGeneration(url) !== url,
    }));
    return { webhooks: webhooks.sort(byKey(({ name }) => name)), leftOut: leftOut.sort(byKey(({ id }) => id)) };
}

/** Why a webhook is better not adopted, as far as the stacks tell. */
function objection({ standing, stack, resource }: ListedWebhook): string | undefined {
    switch (standing) {
        case "looks orphaned":
            return (
                "a named stack has another webhook with its URL, so each event is delivered twice, and would be for as long as " +
                "both are declared. If nothing needs it, delete it."
            );
        case "read by this stack":
            return `the stack ${stack} reads it as "${resource}", because something else manages it. Name that stack, too.`;
        default:
            return undefined;
    }
}

/** Why a program that declares a webhook as it is would be rejected. */
async function obstacle({ id, url, enabledEvents, secret }: RegisteredWebhook): Promise<string | undefined> {
    if (secret === undefined) {
        return "the API returns no usable secret for it (empty or masked).";
    }
    // Whether the API still knows the names of the events, the preview asks.
    const context = { accounts: [], listEvents: async () => undefined, notify: () => undefined };
    const [failure] = await check({}, { url, enabledEvents, adopt: id }, context);
    return failure === undefined ? undefined : `a program cannot declare it as it is (${failure}).`;
}

/** Known events first: the order of the API's answer may change from call to call. */
function inOrder(events: readonly string[]): readonly string[] {
    const known = knownEvents.filter((event) => events.includes(event));
    const others = distinctEvents(events).filter((event) => !known.some((one) => one === event));
    return [...known, ...[...others].sort()];
}
