import type { RegisteredWebhook } from "../api/answers";
import type { CaptionsClient } from "../api/client";
import type { Limits } from "../api/transport";
import { AdoptionError } from "../errors";

/** For how long one answer of `/list` serves all that read. No refresh of many webhooks takes longer. */
const snapshotLifetime = 120_000;

/** A `/register` that was sent. */
export interface Registration {
    readonly url: string;
    readonly enabledEvents: readonly string[];
    /** Its answer was lost: what it made, if anything, is to be found. */
    lost: boolean;
    /** Ends, never failing, when the call has ended in whatever way. */
    readonly ended: Promise<unknown>;
}

/**
 * What this run knows of one account: one answer of `/list`, kept true by what this run changes itself, and which
 * webhooks belong to which of its resources. Pulumi starts a provider for each run, so a ledger lives as long as that.
 */
export class Ledger {
    readonly client: CaptionsClient;
    readonly limits: Limits;
    #snapshot: Promise<Map<string, RegisteredWebhook>> | undefined;
    #takenAt = 0;
    #events: Promise<readonly string[]> | undefined;
    #asking: Promise<Map<string, RegisteredWebhook>> | undefined;
    /** Our own changes: an answer of `/list` may be older than they are, or lag behind them. */
    readonly #changes = new Map<string, RegisteredWebhook | undefined>();
    /** What was there before this run's first change, and what this run has made or has in its state. */
    #seen: Set<string> | undefined;
    /** The `/register` calls that are under way. */
    readonly registrations = new Set<Registration>();
    readonly #managed = new Set<string>();
    readonly #adopted = new Set<string>();
    readonly #driftedSecrets = new Set<string>();

    constructor(client: CaptionsClient, limits: Limits) {
        this.client = client;
        this.limits = limits;
    }

    /** The names of the events that the API knows: asked once a run. */
    async events(): Promise<readonly string[]> {
        this.#events ??= this.client.events();
        return await this.#events;
    }

    /** All webhooks of the account by id, with a call only if no answer is at hand. */
    async list(): Promise<ReadonlyMap<string, RegisteredWebhook>> {
        if (this.#snapshot === undefined || Date.now() - this.#takenAt > snapshotLifetime) {
            this.#snapshot = this.#ask();
            this.#takenAt = Date.now();
            // One failure must not be the answer to everyone who asks later.
            this.#snapshot.catch(() => {
                this.#snapshot = undefined;
            });
        }
        const webhooks = await this.#snapshot;
        this.#seen ??= new Set(webhooks.keys());
        for (const [id, webhook] of this.#changes) {
            if (webhook === undefined) webhooks.delete(id);
            else webhooks.set(id, webhook);
        }
        return webhooks;
    }

    /** All webhooks by id, as the API shows them now. Those who ask at the same time share a call. */
    async listNow(): Promise<ReadonlyMap<string, RegisteredWebhook>> {
        if (this.#asking === undefined) {
            this.#asking = this.#ask().finally(() => {
                this.#asking = undefined;
            });
        }
        return await this.#asking;
    }

    /**
     * Asks `/list` until it shows what is looked for, for as long as it may lag.
     *
     * @returns what `find` found, or undefined when it was not there in time
     */
    async lookFor<T>(
        find: (webhooks: ReadonlyMap<string, RegisteredWebhook>) => T | undefined,
        within = this.limits.listLag,
    ): Promise<T | undefined> {
        const until = Date.now() + within;
        // Few calls, as they may be limited to five a minute.
        for (let pause = within / 10; ; pause *= 2.5) {
            const found = find(await this.listNow());
            if (found !== undefined) return found;
            const left = until - Date.now();
            if (left <= 0) return undefined;
            await new Promise((resume) => setTimeout(resume, Math.min(pause, left)));
        }
    }

    /** Writes down a webhook as an answer to a change of ours has it. */
    write(webhook: RegisteredWebhook): void {
        this.#changes.set(webhook.id, webhook);
    }

    /** Writes down that a webhook is deleted. */
    strike(id: string): void {
        this.#changes.set(id, undefined);
    }

    /** Whether this run has known a webhook before: then it is not the one that a lost answer told of. */
    hasSeen(id: string): boolean {
        return this.#seen?.has(id) === true || this.#changes.has(id) || this.isTaken(id);
    }

    /** Whether a resource of this run has the webhook already. */
    isTaken(id: string): boolean {
        return this.#managed.has(id) || this.#adopted.has(id);
    }

    /** Whether a new resource of this run has taken over the webhook. */
    isAdopted(id: string): boolean {
        return this.#adopted.has(id);
    }

    /** Notes that the state has a resource with this webhook. */
    manage(id: string): void {
        if (this.#adopted.has(id)) throw claimedTwice(id);
        this.#managed.add(id);
    }

    /** Claims a webhook for a new resource. */
    adopt(id: string): void {
        if (this.isTaken(id)) throw claimedTwice(id);
        this.#adopted.add(id);
    }

    /** Takes back a claim of a resource that did not come to be. */
    release(id: string): void {
        this.#adopted.delete(id);
    }

    /** Notes that a secret turned out to have been rotated elsewhere. */
    noteDrift(id: string): void {
        this.#driftedSecrets.add(id);
    }

    /** Whether a secret turned out to have been rotated elsewhere: told once. */
    tellDrift(id: string): boolean {
        return this.#driftedSecrets.delete(id);
    }

    async #ask(): Promise<Map<string, RegisteredWebhook>> {
        const webhooks = await this.client.list();
        return new Map(webhooks.map((webhook) => [webhook.id, webhook]));
    }
}

function claimedTwice(id: string): AdoptionError {
    return new AdoptionError(
        `Webhook ${id} belongs to two resources of this program. A webhook can have only one: change \`adopt\` of one of ` +
            "the two, or, if it was saved with both already, take one out of the state with `pulumi state delete <urn>` " +
            "(that does not touch the webhook).",
    );
}
