import type { Claim, DedupeStore } from "./dedupe-store.js";
import { OptionsCheck } from "./options.js";

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
    new OptionsCheck("memoryDedupe", options).numbers("maxEntries").functions("now");
    const { maxEntries = 10_000, now = Date.now } = options;
    /** In the order of being claimed. Not bounded by `maxEntries`: these are being handled at the moment. */
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
