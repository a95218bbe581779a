import { maskedSecret } from "../api/answers";
import type { Call } from "../api/calls";
import type { Delivery } from "../deliveries";
import type { Journal } from "../store/journal";
import type { WebhookStore } from "../store/webhooks";

/** How many rows of a list the page shows at once. */
export const rowsPerPage = 10;

export interface ViewOptions {
    readonly webhooks: WebhookStore;
    readonly calls: Journal<Call>;
    readonly deliveries: Journal<Delivery>;
}

/** One page of a list. */
interface Shown<Entry> {
    /** How many there are in all. */
    readonly total: number;
    /** How many of them fit the filter. */
    readonly matching: number;
    /** The page that is shown, from 1 on: the last one where a later one was asked for. */
    readonly page: number;
    readonly entries: readonly Entry[];
}

/**
 * What the page shows: of each list the page and the entries that it asks for, as `calls=2&callsFilter=register`. No
 * secret is in it.
 */
export function view({ webhooks, calls, deliveries }: ViewOptions, query: URLSearchParams): object {
    const shown = <Entry>(name: string, all: readonly Entry[], words: (entry: Entry) => unknown[]): Shown<Entry> => {
        const filter = (query.get(`${name}Filter`) ?? "").trim().toLowerCase();
        const fits = (entry: Entry): boolean => words(entry).join(" ").toLowerCase().includes(filter);
        const matching = filter === "" ? all : all.filter(fits);
        const last = Math.max(1, Math.ceil(matching.length / rowsPerPage));
        const page = Math.min(last, Math.max(1, Math.trunc(Number(query.get(name))) || 1));
        const entries = matching.slice((page - 1) * rowsPerPage, page * rowsPerPage);
        return { total: all.length, matching: matching.length, page, entries };
    };
    const known = shown("webhooks", webhooks.all, ({ id, url, enabledEvents }) => [id, url, ...enabledEvents]);
    return {
        webhooks: { ...known, entries: known.entries.map((webhook) => ({ ...webhook, secret: maskedSecret })) },
        calls: {
            ...shown("calls", calls.newestFirst(), ({ endpoint, path, webhookId, status, fault }) => [
                endpoint === "other" ? path : endpoint,
                webhookId,
                status ?? "no answer",
                fault,
            ]),
            since: calls.beginning,
        },
        deliveries: {
            ...shown("deliveries", deliveries.newestFirst(), ({ event, url, webhookId, status, error, accepted }) => [
                event,
                url,
                webhookId,
                status ?? error,
                accepted ? "accepted" : "rejected",
            ]),
            since: deliveries.beginning,
        },
        rowsPerPage,
    };
}
