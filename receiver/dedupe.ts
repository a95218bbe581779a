/** What a claim found: nobody has the delivery (it is now the caller's), another one is being handled, or it was handled. */
export type Claim = "claimed" | "busy" | "done";

/**
 * Where a receiver remembers which deliveries were handled, so that a repeat is not handed on again.
 *
 * With several processes (or functions), give them a store that they share: Redis, DynamoDB, a Durable Object, a database
 * table; not Workers KV, which cannot claim atomically. What it keeps for each key is one of two things:
 *
 * - *claimed* by an owner until a time: a handler is at work. After that time the claim counts for nothing, so that what a
 *   crashed process had claimed is handed on when it is sent again.
 * - *done* until a time.
 *
 * A method may reject. A claim that fails is answered with 503, and nothing is handed on; to prefer handing on twice to
 * not at all, return `"claimed"` instead.
 *
 * @example
 * With a Redis client that has `set`, `get` and `eval` (such as ioredis):
 * ```ts
 * import type { DedupeStore } from "pulumi-captions/receiver";
 *
 * interface Redis {
 *     set(key: string, value: string, ex: "EX", seconds: number, nx: "NX"): Promise<"OK" | null>;
 *     set(key: string, value: string, ex: "EX", seconds: number): Promise<"OK">;
 *     get(key: string): Promise<string | null>;
 *     eval(script: string, keys: number, ...values: string[]): Promise<unknown>;
 * }
 *
 * export function redisDedupe(redis: Redis): DedupeStore {
 *     return {
 *         async claim(key, owner, seconds) {
 *             if (await redis.set(key, owner, "EX", seconds, "NX")) return "claimed";
 *             return (await redis.get(key)) === "done" ? "done" : "busy";
 *         },
 *         async confirm(key, _owner, seconds) {
 *             await redis.set(key, "done", "EX", seconds);
 *         },
 *         async release(key, owner) {
 *             const script = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end";
 *             await redis.eval(script, 1, key, owner);
 *         },
 *     };
 * }
 * ```
 */
export interface DedupeStore {
    /**
     * Takes the key for `owner`, for `leaseSeconds`, unless it is taken or done. Has to be atomic: of two claims at the same
     * time only one may get `"claimed"`.
     */
    claim(key: string, owner: string, leaseSeconds: number): Promise<Claim> | Claim;
    /** The delivery was handled: the key is done for `keepSeconds`, whoever has claimed it by now. */
    confirm(key: string, owner: string, keepSeconds: number): Promise<void> | void;
    /** The delivery was not handled: forgets the key if `owner` still has it (the lease may have ended, and another begun). */
    release(key: string, owner: string): Promise<void> | void;
}

export interface MemoryDedupeOptions {
    /** How many handled deliveries are remembered; beyond that, the oldest is forgotten. Default: 10,000. */
    maxEntries?: number;
    /** The time in milliseconds; for tests. Default: `Date.now`. */
    now?: () => number;
}

/** A store in memory answers at once. */
export interface MemoryDedupe extends DedupeStore {
    claim(key: string, owner: string, leaseSeconds: number): Claim;
    confirm(key: string, owner: string, keepSeconds: number): void;
    release(key: string, owner: string): void;
    /** How many deliveries are in it. */
    readonly size: number;
}

/**
 * The default store: the memory of this process. Right for one process; after a restart, nothing is remembered.
 *
 * @example
 * ```ts
 * import { createReceiver, memoryDedupe } from "pulumi-captions/receiver";
 *
 * export const receiver = createReceiver({
 *     secrets: process.env.CAPTIONS_WEBHOOK_SECRET,
 *     dedupe: memoryDedupe({ maxEntries: 100_000 }),
 *     onDelivery: (delivery) => console.log(delivery.event),
 * });
 * ```
 */
export function memoryDedupe(options: MemoryDedupeOptions = {}): MemoryDedupe {
    const { maxEntries = 10_000, now = Date.now } = options;
    /** In the order of being claimed. Not bounded by `maxEntries`: it holds what is being handled at the moment. */
    const claims = new Map<string, { owner: string; until: number }>();
    /** In the order of being confirmed, so that the first is the oldest. */
    const done = new Map<string, number>();

    return {
        claim(key, owner, leaseSeconds) {
            if ((done.get(key) ?? 0) > now()) return "done";
            for (const [oldest, { until }] of claims) {
                if (until > now()) break;
                claims.delete(oldest);
            }
            if ((claims.get(key)?.until ?? 0) > now()) return "busy";
            claims.delete(key);
            claims.set(key, { owner, until: now() + leaseSeconds * 1000 });
            return "claimed";
        },
        confirm(key, _owner, keepSeconds) {
            claims.delete(key);
            done.delete(key);
            done.set(key, now() + keepSeconds * 1000);
            for (const [oldest, until] of done) {
                if (done.size <= maxEntries && until > now()) break;
                done.delete(oldest);
            }
        },
        release(key, owner) {
            if (claims.get(key)?.owner === owner) claims.delete(key);
        },
        get size() {
            return claims.size + done.size;
        },
    };
}
