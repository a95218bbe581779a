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

/** The account's webhooks, the oldest first, and what they were a while ago. */
export class WebhookStore {
    #now: readonly StoredWebhook[];
    /** Each state with the time until which it held. */
    #past: { until: number; webhooks: readonly StoredWebhook[] }[] = [];
    readonly #changed: () => void;
    readonly #time: () => number;

    /**
     * @param changed called after each change, before the call that made it is answered
     * @param now the time, in milliseconds since 1970
     */
    constructor(webhooks: readonly StoredWebhook[], changed: () => void, now: () => number) {
        this.#now = webhooks;
        this.#changed = changed;
        this.#time = now;
    }

    get all(): readonly StoredWebhook[] {
        return this.#now;
    }

    find(id: string): StoredWebhook | undefined {
        return this.#now.find((webhook) => webhook.id === id);
    }

    /** What was there at a time, in milliseconds since 1970: the source of a list that lags. */
    asOf(time: number): readonly StoredWebhook[] {
        return this.#past.find(({ until }) => until > time)?.webhooks ?? this.#now;
    }

    register(settings: WebhookSettings): StoredWebhook {
        const webhook: StoredWebhook = {
            id: `wh_${randomBytes(12).toString("base64url").replace(/[-_]/g, "0")}`,
            url: settings.url,
            secret: newSecret(),
            enabledEvents: [...settings.enabledEvents],
            secretVersion: 1,
        };
        this.#become([...this.#now, webhook]);
        return webhook;
    }

    /** Changes what is given and, as the API does at every update, the secret. Undefined if there is no such webhook. */
    update(id: string, change: Partial<WebhookSettings>): StoredWebhook | undefined {
        const before = this.find(id);
        if (before === undefined) return undefined;
        const webhook: StoredWebhook = {
            ...before,
            url: change.url ?? before.url,
            enabledEvents: [...(change.enabledEvents ?? before.enabledEvents)],
            secret: newSecret(),
            secretVersion: before.secretVersion + 1,
        };
        this.#become(this.#now.map((other) => (other.id === id ? webhook : other)));
        return webhook;
    }

    /** @returns whether it was there */
    remove(id: string): boolean {
        if (this.find(id) === undefined) return false;
        this.#become(this.#now.filter((webhook) => webhook.id !== id));
        return true;
    }

    clear(): void {
        this.#past = [];
        this.#now = [];
        this.#changed();
    }

    #become(webhooks: readonly StoredWebhook[]): void {
        const until = this.#time();
        const oldest = until - longestHistoryMs;
        this.#past = [...this.#past.filter((past) => past.until > oldest), { until, webhooks: this.#now }];
        this.#now = webhooks;
        this.#changed();
    }
}

function newSecret(): string {
    return `whsec_${randomBytes(32).toString("base64url")}`;
}
