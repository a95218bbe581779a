import type { Claim, DedupeStore } from "../dedupe-store.js";

/** What is used of a Durable Object's state. */
export interface DurableObjectState {
    storage: {
        get(name: "entry"): Promise<unknown>;
        put(name: "entry", entry: Entry): Promise<void>;
        deleteAll(): Promise<void>;
        setAlarm(time: number): Promise<void>;
    };
}

/** What is used of the binding of a Durable Object: a `DurableObjectNamespace`. */
export interface DurableObjectBinding<Id = unknown> {
    idFromName(name: string): Id;
    get(id: Id): { fetch(url: string): Promise<{ ok: boolean; status: number; text(): Promise<string> }> };
}

interface Entry {
    owner: string;
    done: boolean;
    until: number;
}

/**
 * The class of the Durable Object: one object for each delivery. Export it from the Worker, and bind it (see {@link
 * durableObjectDedupe}).
 */
export class CaptionsDelivery {
    constructor(private readonly state: DurableObjectState) {}

    /**
     * Nothing comes in between its steps: Cloudflare holds an object's other requests back while one waits for its
     * storage.
     */
    async fetch({ url }: { url: string }): Promise<Response> {
        const { pathname, searchParams } = new URL(url);
        const { storage } = this.state;
        const held = (await storage.get("entry")) as Entry | undefined;
        const owner = searchParams.get("owner") ?? "";
        const until = Date.now() + Number(searchParams.get("seconds")) * 1000;
        if (pathname === "/release") {
            if (held?.owner === owner && !held.done) await storage.deleteAll();
            return new Response();
        }
        if (pathname === "/claim" && held && held.until > Date.now()) return new Response(held.done ? "done" : "busy");
        await storage.put("entry", { owner, done: pathname === "/confirm", until });
        await storage.setAlarm(until);
        return new Response("claimed");
    }

    /** Its time is over: an object without anything in its storage costs nothing. */
    async alarm(): Promise<void> {
        await this.state.storage.deleteAll();
    }
}

/**
 * A store in Durable Objects, for Workers, which run in many places at once.
 *
 * If a Worker ends between claim and hand-on, nobody has the delivery until the lease ends (`leaseSeconds` of the
 * receiver): until then its repeats are answered with 503, afterwards the next is handed on. If it ends after the
 * hand-on, but before that is noted, the next repeat after the lease is handed on a second time.
 *
 * @example
 * In `wrangler.toml`:
 * ```toml
 * durable_objects.bindings = [{ name = "DELIVERIES", class_name = "CaptionsDelivery" }]
 * migrations = [{ tag = "captions", new_sqlite_classes = ["CaptionsDelivery"] }]
 * ```
 * and in the Worker:
 * ```ts
 * import { secretsFromText, toWorker } from "pulumi-captions/receiver";
 * import { type DurableObjectBinding, durableObjectDedupe } from "pulumi-captions/receiver/stores/durable-object";
 *
 * export { CaptionsDelivery } from "pulumi-captions/receiver/stores/durable-object";
 *
 * export default toWorker<{ CAPTIONS_WEBHOOK_SECRETS: string; DELIVERIES: DurableObjectBinding }>((env) => ({
 *     secrets: secretsFromText(env.CAPTIONS_WEBHOOK_SECRETS),
 *     dedupe: durableObjectDedupe(env.DELIVERIES),
 *     onDelivery: (delivery) => console.log(delivery.event),
 * }));
 * ```
 */
export function durableObjectDedupe<Id>(binding: DurableObjectBinding<Id>): DedupeStore {
    const ask = async (key: string, step: string, owner: string, seconds = 0): Promise<string> => {
        const query = new URLSearchParams({ owner, seconds: String(seconds) });
        const answer = await binding.get(binding.idFromName(key)).fetch(`https://captions.invalid/${step}?${query}`);
        if (!answer.ok) throw new Error(`The Durable Object answered with ${answer.status}.`);
        return answer.text();
    };
    return {
        claim: async (key, owner, leaseSeconds) => (await ask(key, "claim", owner, leaseSeconds)) as Claim,
        confirm: async (key, owner, keepSeconds) => void (await ask(key, "confirm", owner, keepSeconds)),
        release: async (key, owner) => void (await ask(key, "release", owner)),
    };
}
