import type { Comparison, ListedWebhook } from "../list/compare";
import type { WebhookList } from "../provider";
import { printable } from "../text";

/** What is to be done about the ids that were named. */
export interface Selection {
    /** To be deleted. */
    readonly orphans: readonly ListedWebhook[];
    /** Not registered any more. */
    readonly gone: readonly string[];
    /** Why ids must not be deleted, a sentence each. Nothing is deleted then. */
    readonly refusals: readonly string[];
}

/** The webhooks that look orphaned: each event is delivered twice because of them. */
export function orphansIn({ webhooks }: Comparison): readonly ListedWebhook[] {
    return webhooks.filter(({ standing }) => standing === "looks orphaned");
}

/** Judges the ids that the user wants to be deleted, each by what the API shows and the stacks have now. */
export function select(ids: readonly string[], comparison: Comparison, list: WebhookList): Selection {
    const wanted = [...new Set(ids)];
    const orphans = new Map(orphansIn(comparison).map((webhook) => [webhook.id, webhook]));
    const registered = new Map(comparison.webhooks.map((webhook) => [webhook.id, webhook]));
    const isUnreadable = (id: string): boolean => list.unreadableIds.includes(id);
    return {
        orphans: wanted.flatMap((id) => orphans.get(id) ?? []),
        gone: wanted.filter((id) => !registered.has(id) && !isUnreadable(id)),
        refusals: wanted.flatMap((id) => {
            if (isUnreadable(id)) return [`${printable(id)}: the API shows it in a form that is not documented.`];
            const webhook = registered.get(id);
            return webhook === undefined || orphans.has(id) ? [] : [refusal(webhook)];
        }),
    };
}

function refusal({ id, standing, stack = "", resource = "" }: ListedWebhook): string {
    const place = `${printable(resource)} of the stack ${stack}`;
    switch (standing) {
        case "in this stack":
            return `${printable(id)}: it is ${place}. Remove it from the program instead.`;
        case "read by this stack":
            return `${printable(id)}: it is read by ${place}.`;
        default:
            return `${printable(id)}: it does not look orphaned, as no named stack has a webhook for its URL. It may be another stack's.`;
    }
}
