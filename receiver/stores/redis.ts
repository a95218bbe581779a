import type { DedupeStore } from "../dedupe-store.js";

/** What is used of a client: `call` of ioredis, or `sendCommand` of node-redis. */
export type RedisClient =
    | { call(command: string, ...args: string[]): Promise<unknown> }
    | { sendCommand(args: string[]): Promise<unknown> };

export interface RedisDedupeOptions {
    /** What each key begins with. Default: `captions:`. */
    prefix?: string;
}

const releaseOwn = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/**
 * A store in Redis (2.6.12 or newer) or Valkey, for receivers in several processes. Entries expire by themselves.
 *
 * If a process dies between claim and hand-on, nobody has the delivery until the lease ends (`leaseSeconds` of the
 * receiver): until then its repeats are answered with 503, afterwards the next is handed on. If it dies after the
 * hand-on, but before that is noted, the next repeat after the lease is handed on a second time. If Redis loses its
 * last writes, what they noted may be handed on again.
 *
 * Redis must not evict the keys: use a database with `maxmemory-policy noeviction` (the default), or of `volatile-ttl`.
 *
 * @example
 * ```ts
 * import { createReceiver } from "pulumi-captions/receiver";
 * import { type RedisClient, redisDedupe } from "pulumi-captions/receiver/stores/redis";
 *
 * // `new Redis(url)` of ioredis, or `await createClient({ url }).connect()` of redis.
 * export const receiverWith = (client: RedisClient) =>
 *     createReceiver({
 *         secrets: process.env.CAPTIONS_WEBHOOK_SECRET,
 *         dedupe: redisDedupe(client),
 *         onDelivery: (delivery) => console.log(delivery.event),
 *     });
 * ```
 */
export function redisDedupe(client: RedisClient, { prefix = "captions:" }: RedisDedupeOptions = {}): DedupeStore {
    const send = (command: string, ...args: string[]) =>
        "call" in client ? client.call(command, ...args) : client.sendCommand([command, ...args]);
    const milliseconds = (seconds: number) => String(Math.ceil(seconds * 1000));
    return {
        async claim(key, owner, leaseSeconds) {
            const name = prefix + key;
            if (await send("SET", name, owner, "PX", milliseconds(leaseSeconds), "NX")) return "claimed";
            return String(await send("GET", name)) === "done" ? "done" : "busy";
        },
        async confirm(key, _owner, keepSeconds) {
            await send("SET", prefix + key, "done", "PX", milliseconds(keepSeconds));
        },
        async release(key, owner) {
            await send("EVAL", releaseOwn, "1", prefix + key, owner);
        },
    };
}
