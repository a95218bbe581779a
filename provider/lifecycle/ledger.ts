import { isDeepStrictEqual } from "node:util";
import type { RegisteredWebhook } from "../api/answers";
import type { CaptionsClient } from "../api/client";
import type { Limits } from "../api/transport";
import { AdoptionError } from "../errors";
import type { WebhookOutputs } from "./state";

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
    /** Ends, never failing, when its webhook has been found, or will not be. */
    readonly settled: Promise<void>;
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
    #asking: { readonly since: number; readonly answer: Promise<Map<string, RegisteredWebhook>> } | undefined;
    /** Our own changes: an answer of `/list` may be older than they are, or lag behind them. */
    readonly #changes = new Map<string, RegisteredWebhook | undefined>();
    /** What was there before this run's first change, and what this run has made or has in its state. */
    #seen: Set<string> | undefined;
    /** The `/register` calls that are under way. */
    readonly registrations = new Set<Registration>();
    readonly #managed = new Set<string>();
    readonly #adopted = new Set<string>();
    /** What the state has of those resources of the program that had a webhook already. */
    readonly #holders = new Map<string, WebhookOutputs[]>();
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
        return await this.#askNow().answer;
    }

    #askNow() {
        if (this.#asking === undefined) {
            const answer = this.#ask().finally(() => {
                this.#asking = undefined;
            });
            this.#asking = { since: Date.now(), answer };
        }
        return this.#asking;
    }

    /**
     * Asks `/list` until it shows what is looked for, for as long as it may lag. The last call begins when that time is over,
     * however long the calls take.
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
            const { since, answer } = this.#askNow();
            const found = find(await answer);
            if (found !== undefined) return found;
            if (since >= until) return undefined;
            const left = Math.max(0, until - Date.now());
            await new Promise((resume) => setTimeout(resume, Math.min(pause, left)));
        }
    }

    /** Writes down a webhook as an answer to a change of ours has it. */
    write(webhook: RegisteredWebhook): void {
        this.#changes.set(webhook.id, webhook);
    }

    /** Writes down a webhook that this run has registered: it belongs to the resource that it was registered for. */
    own(webhook: RegisteredWebhook): void {
        this.write(webhook);
        this.#managed.add(webhook.id);
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

    /** Notes that the state has a resource with this webhook, and what it has of it. */
    manage(id: string, saved?: WebhookOutputs): void {
        if (this.#adopted.has(id)) throw claimedTwice(id);
        this.#managed.add(id);
        if (saved !== undefined) this.#holders.set(id, [...(this.#holders.get(id) ?? []), saved]);
    }

    /**
     * Whether a webhook has to stay although a resource with it is deleted: another one of the program has it. Pulumi does
     * not say which resource it is about; two that have the same webhook are told apart by what the state has of them.
     */
    isHeldByAnother(id: string, saved: WebhookOutputs): boolean {
        const holders = this.#holders.get(id);
        return this.#adopted.has(id) || (holders?.every((holder) => !isDeepStrictEqual(holder, saved)) ?? false);
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
