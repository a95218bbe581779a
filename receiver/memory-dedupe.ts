import type { Claim, DedupeStore } from "./dedupe-store.js";
import { OptionsCheck } from "./options.js";

export interface MemoryDedupeOptions {
    /** How many handled deliveries are remembered; beyond that, the oldest is forgotten. Default: 10,000. */
    maxEntries?: number;
    /** The time in milliseconds; for tests. Default: `Date.now`. */
    now?: () => number;
}

/** A delivery that was handled. */
interface Done {
    readonly key: string;
    /** Until when it is remembered. */
    readonly until: number;
    /** The ones that were confirmed before and after it. */
    previous: Done | undefined;
    next: Done | undefined;
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
    new OptionsCheck("memoryDedupe", options).numbers("maxEntries").functions("now").only();
    const { maxEntries = 10_000, now = Date.now } = options;
    /** In the order of being claimed. Not bounded by `maxEntries`: these are being handled at the moment. */
    const claims = new Map<string, { owner: string; until: number }>();
    const done = new Map<string, Done>();
    /**
     * In the order of being confirmed. Not that of the map: to find its first, it passes the places of all that were
     * deleted before.
     */
    let oldest: Done | undefined;
    let newest: Done | undefined;

    function forget({ key, previous, next }: Done): void {
        done.delete(key);
        if (previous === undefined) oldest = next;
        else previous.next = next;
        if (next === undefined) newest = previous;
        else next.previous = previous;
    }

    return {
        claim(key, owner, leaseSeconds) {
            if ((done.get(key)?.until ?? 0) > now()) return "done";
            for (const [first, { until }] of claims) {
                if (until > now()) break;
                claims.delete(first);
            }
            if ((claims.get(key)?.until ?? 0) > now()) return "busy";
            claims.delete(key);
            claims.set(key, { owner, until: now() + leaseSeconds * 1000 });
            return "claimed";
        },
        confirm(key, _owner, keepSeconds) {
            claims.delete(key);
            const before = done.get(key);
            if (before !== undefined) forget(before);
            const entry: Done = { key, until: now() + keepSeconds * 1000, previous: newest, next: undefined };
            done.set(key, entry);
            if (newest === undefined) oldest = entry;
            else newest.next = entry;
            newest = entry;
            while (oldest !== undefined && (done.size > maxEntries || oldest.until <= now())) forget(oldest);
        },
        release(key, owner) {
            if (claims.get(key)?.owner === owner) claims.delete(key);
        },
        get size() {
            return claims.size + done.size;
        },
    };
}
