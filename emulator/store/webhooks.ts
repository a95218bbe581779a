import { randomBytes } from "node:crypto";

/** A webhook as it really is, whatever the answers show of it. */
export interface RegisteredWebhook {
    readonly id: string;
    readonly url: string;
    /** What deliveries carry as `Authorization: Bearer <secret>`. */
    readonly secret: string;
    readonly enabledEvents: readonly string[];
}

/** What the emulator keeps of a webhook. */
export interface StoredWebhook extends RegisteredWebhook {
    /** How many secrets it has had, this one included. */
    readonly secretVersion: number;
}

export interface WebhookSettings {
    readonly url: string;
    readonly enabledEvents: readonly string[];
}

/** How far back {@link WebhookStore.asOf} can look. */
const longestHistoryMs = 10 * 60_000;

interface Entry {
    readonly webhook: StoredWebhook;
    /** The order of registration, so that a deletion that is undone returns to its place. */
    readonly order: number;
    /** The URL in its normal form, to find its twin by. */
    readonly href: string;
}

interface Change {
    readonly at: number;
    readonly id: string;
    /** Undefined if it was registered. */
    readonly before: Entry | undefined;
}

/** The account's webhooks, the oldest first, and what they were a while ago. */
export class WebhookStore {
    readonly #entries = new Map<string, Entry>();
    /**
     * What happened in the last ten minutes, the oldest first. Changes, not copies: 10,000 registrations stay small.
     */
    #changes: Change[] = [];
    #nextOrder = 0;
    readonly #changed: () => void;
    readonly #now: () => number;

    /**
     * @param changed called after each change, before the call that made it is answered
     * @param now the time, in milliseconds since 1970
     */
    constructor(webhooks: readonly StoredWebhook[], changed: () => void, now: () => number) {
        for (const webhook of webhooks) this.#entries.set(webhook.id, this.#entry(webhook));
        this.#changed = changed;
        this.#now = now;
    }

    get all(): StoredWebhook[] {
        return Array.from(this.#entries.values(), ({ webhook }) => webhook);
    }

    find(id: string): StoredWebhook | undefined {
        return this.#entries.get(id)?.webhook;
    }

    /** The oldest webhook on a URL, however that is spelled, other than `except`. */
    findByUrl(url: string, except?: string): StoredWebhook | undefined {
        const href = normal(url);
        for (const entry of this.#entries.values()) {
            if (entry.href === href && entry.webhook.id !== except) return entry.webhook;
        }
        return undefined;
    }

    /** What was there at a time, in milliseconds since 1970: the source of a list that lags. */
    asOf(time: number): StoredWebhook[] {
        const entries = new Map(this.#entries);
        for (const { at, id, before } of this.#changes.toReversed()) {
            if (at <= time) break;
            if (before === undefined) entries.delete(id);
            else entries.set(id, before);
        }
        return [...entries.values()].sort((one, other) => one.order - other.order).map(({ webhook }) => webhook);
    }

    register({ url, enabledEvents }: WebhookSettings): StoredWebhook {
        const webhook: StoredWebhook = {
            id: `wh_${randomBytes(12).toString("base64url").replace(/[-_]/g, "0")}`,
            url,
            secret: newSecret(),
            enabledEvents: [...enabledEvents],
            secretVersion: 1,
        };
        this.#put(webhook.id, this.#entry(webhook));
        return webhook;
    }

    /**
     * Changes what is given and, as the API does at every update, the secret. Undefined if there is no such webhook.
     */
    update(id: string, change: Partial<WebhookSettings>): StoredWebhook | undefined {
        const before = this.#entries.get(id);
        if (before === undefined) return undefined;
        const { webhook: old, order } = before;
        const webhook: StoredWebhook = {
            ...old,
            url: change.url ?? old.url,
            enabledEvents: [...(change.enabledEvents ?? old.enabledEvents)],
            secret: newSecret(),
            secretVersion: old.secretVersion + 1,
        };
        this.#put(id, { webhook, order, href: normal(webhook.url) });
        return webhook;
    }

    /** @returns whether it was there */
    remove(id: string): boolean {
        if (!this.#entries.has(id)) return false;
        this.#put(id, undefined);
        return true;
    }

    clear(): void {
        this.#changes = [];
        this.#entries.clear();
        this.#changed();
    }

    #entry(webhook: StoredWebhook): Entry {
        return { webhook, order: this.#nextOrder++, href: normal(webhook.url) };
    }

    #put(id: string, entry: Entry | undefined): void {
        const at = this.#now();
        const forgotten = this.#changes.findIndex((change) => change.at > at - longestHistoryMs);
        this.#changes.splice(0, forgotten === -1 ? this.#changes.length : forgotten);
        this.#changes.push({ at, id, before: this.#entries.get(id) });
        if (entry === undefined) this.#entries.delete(id);
        else this.#entries.set(id, entry);
        this.#changed();
    }
}

/** A webhook that was registered by hand may have any text for a URL. */
function normal(url: string): string {
    return URL.canParse(url) ? new URL(url).href : url;
}

function newSecret(): string {
    return `whsec_${randomBytes(32).toString("base64url")}`;
}
