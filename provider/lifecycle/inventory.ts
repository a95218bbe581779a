import { setTimeout } from "node:timers/promises";
import type { CaptionsClient } from "../api/client";
import type { Limits } from "../api/limits";
import type { RegisteredWebhook } from "../api/responses";
import { looseUrl } from "./same";

/** For how long one response of `/list` serves all reads of a run. */
const snapshotLifetimeMs = 120_000;

/** The webhooks of an account, as one response of `/list` shows them. */
export class Listing {
    readonly #byId = new Map<string, RegisteredWebhook>();
    readonly #idsByUrl = new Map<string, Set<string>>();
    readonly #unreadable: ReadonlySet<string>;

    constructor(
        webhooks: Iterable<RegisteredWebhook>,
        unreadableIds: Iterable<string>,
        /** When it was asked for, in milliseconds since 1970. */
        readonly askedAt: number,
    ) {
        for (const webhook of webhooks) this.set(webhook);
        this.#unreadable = new Set(unreadableIds);
    }

    get webhooks(): Iterable<RegisteredWebhook> {
        return this.#byId.values();
    }

    get ids(): readonly string[] {
        return [...this.#byId.keys(), ...this.#unreadable];
    }

    get(id: string): RegisteredWebhook | undefined {
        return this.#byId.get(id);
    }

    /** Whether a webhook is registered, in whatever form it is shown. */
    has(id: string): boolean {
        return this.#byId.has(id) || this.#unreadable.has(id);
    }

    /** Those on a URL, in whatever spelling the API shows it. */
    withUrl(url: string): readonly RegisteredWebhook[] {
        const ids = this.#idsByUrl.get(looseUrl(url)) ?? [];
        return [...ids].flatMap((id) => this.#byId.get(id) ?? []);
    }

    set(webhook: RegisteredWebhook): void {
        this.delete(webhook.id);
        this.#byId.set(webhook.id, webhook);
        const key = looseUrl(webhook.url);
        const ids = this.#idsByUrl.get(key);
        if (ids === undefined) {
            this.#idsByUrl.set(key, new Set([webhook.id]));
        } else {
            ids.add(webhook.id);
        }
    }

    delete(id: string): void {
        const url = this.#byId.get(id)?.url;
        if (url !== undefined) this.#idsByUrl.get(looseUrl(url))?.delete(id);
        this.#byId.delete(id);
    }
}

/** A change of ours; without a webhook it is deleted. */
interface Change {
    readonly at: number;
    readonly id: string;
    readonly webhook: RegisteredWebhook | undefined;
}

interface Snapshot {
    readonly takenAt: number;
    readonly listing: Promise<Listing>;
    /** How many of our changes are in it already. */
    applied: number;
}

/**
 * What the API has shown of one account in this run: one response of `/list`, kept true by what this run changes
 * itself. Pulumi starts a provider for each run, so an inventory lives as long as that.
 */
export class Inventory {
    readonly limits: Limits;
    readonly #client: CaptionsClient;
    readonly #notify: (line: string) => void;
    #snapshot: Snapshot | undefined;
    #asking: { readonly since: number; readonly listing: Promise<Listing> } | undefined;
    #events: Promise<readonly string[]> | undefined;
    /** A response of `/list` may be older than our own changes, or lag behind them. */
    readonly #changes: Change[] = [];
    readonly #knownIds = new Set<string>();
    readonly #registering = new Map<string, Promise<unknown>>();
    #toldOfUnreadable = false;
    #lastAskedAt = Number.NEGATIVE_INFINITY;

    constructor(client: CaptionsClient, limits: Limits, notify: (line: string) => void) {
        this.#client = client;
        this.limits = limits;
        this.#notify = notify;
    }

    /** The names of the events that the API knows: asked once a run. */
    events(): Promise<readonly string[]> {
        if (this.#events === undefined) {
            this.#events = this.#client.events();
            this.#events.catch(() => {
                // One failure must not be the answer to everyone who asks later.
                this.#events = undefined;
            });
        }
        return this.#events;
    }

    /** All webhooks of the account, with a call only if no response is at hand. */
    async list(): Promise<Listing> {
        if (this.#snapshot === undefined || Date.now() - this.#snapshot.takenAt > snapshotLifetimeMs) {
            const snapshot: Snapshot = { takenAt: Date.now(), listing: this.#ask(), applied: 0 };
            this.#snapshot = snapshot;
            snapshot.listing.catch(() => {
                if (this.#snapshot === snapshot) this.#snapshot = undefined;
            });
        }
        const snapshot = this.#snapshot;
        const listing = await snapshot.listing;
        for (; snapshot.applied < this.#changes.length; snapshot.applied++) {
            const change = this.#changes[snapshot.applied];
            if (change === undefined || change.at < snapshot.takenAt - this.limits.listLagMs) continue;
            if (change.webhook === undefined) {
                listing.delete(change.id);
            } else {
                listing.set(change.webhook);
            }
        }
        return listing;
    }

    /**
     * Asks `/list` until it shows what is looked for, for as long as it may lag. The last call begins when that time is
     * over, however long the calls take. Those who look at the same time share the calls.
     *
     * @returns what `find` found, or undefined when it was not there in time
     */
    async lookFor<T>(
        find: (listing: Listing) => T | undefined,
        withinMs = this.limits.listLagMs,
    ): Promise<T | undefined> {
        const until = Date.now() + withinMs;
        // Few calls, as they may be limited to five a minute.
        for (let pause = withinMs / 10; ; pause *= 2.5) {
            const { since, listing } = this.#askNow();
            const found = find(await listing);
            if (found !== undefined) return found;
            if (!(since < until)) return undefined;
            const left = Math.max(0, until - Date.now());
            // Where the run is cancelled, the next call says so.
            await setTimeout(Math.min(pause, left), undefined, { signal: this.#client.signal }).catch(() => undefined);
        }
    }

    #askNow(): { readonly since: number; readonly listing: Promise<Listing> } {
        if (this.#asking === undefined) {
            const listing = this.#ask().finally(() => {
                this.#asking = undefined;
            });
            this.#asking = { since: Date.now(), listing };
        }
        return this.#asking;
    }

    /** Whether a response of `/list` is so new that nobody is likely to have registered anything since. */
    get isFresh(): boolean {
        return Date.now() - this.#lastAskedAt < this.limits.freshListMs;
    }

    /** Every webhook that any response has shown so far, or that this run has registered. */
    get knownIds(): ReadonlySet<string> {
        return this.#knownIds;
    }

    /** Notes a webhook as a response to a change of ours shows it. */
    note(webhook: RegisteredWebhook): void {
        this.#changes.push({ at: Date.now(), id: webhook.id, webhook });
        this.#knownIds.add(webhook.id);
    }

    noteDeleted(id: string): void {
        this.#changes.push({ at: Date.now(), id, webhook: undefined });
    }

    /** Runs what registers a webhook on a URL when all that came before for this URL has ended: one at a time. */
    async oneAtATime<T>(url: string, work: () => Promise<T>): Promise<T> {
        const key = looseUrl(url);
        const before = this.#registering.get(key);
        const running = (before ?? Promise.resolve()).then(work, work);
        this.#registering.set(key, running);
        return await running;
    }

    async #ask(): Promise<Listing> {
        const askedAt = Date.now();
        const { webhooks, unreadableIds, withoutId } = await this.#client.list();
        this.#lastAskedAt = Math.max(this.#lastAskedAt, askedAt);
        const listing = new Listing(webhooks, unreadableIds, askedAt);
        for (const id of listing.ids) this.#knownIds.add(id);
        if (unreadableIds.length + withoutId > 0 && !this.#toldOfUnreadable) {
            this.#toldOfUnreadable = true;
            const ids = unreadableIds.length === 0 ? "" : ` (${unreadableIds.slice(0, 5).join(", ")})`;
            this.#notify(
                `/list shows ${unreadableIds.length + withoutId} webhooks in a form that is not documented${ids}; they are left alone`,
            );
        }
        return listing;
    }
}
