/**
 * What a claim found: nobody has the delivery (it is now the caller's), another one is being handled, or it was
 * handled.
 */
export type Claim = "claimed" | "busy" | "done";

/**
 * Where a receiver remembers which deliveries were handled, so that a repeat is not handed on again.
 *
 * Several processes (or functions) need a store that they share. There is one for Redis, PostgreSQL, DynamoDB and
 * Cloudflare's Durable Objects in `pulumi-captions/receiver/stores/…`. To write another: it keeps one of two things for
 * each key,
 *
 * - *claimed* by an owner until a time: a handler is at work. After that time the claim counts for nothing, so that
 *   what a crashed process had claimed is handed on when it is sent again;
 * - *done* until a time.
 *
 * Workers KV is not suited: it cannot claim atomically.
 *
 * A method may reject. A claim that fails is answered with 503, and nothing is handed on; to prefer handing on twice to
 * not at all, return `"claimed"` instead.
 *
 * @example
 * ```ts
 * import { createReceiver, type DedupeStore } from "pulumi-captions/receiver";
 * import { redisDedupe } from "pulumi-captions/receiver/stores/redis";
 *
 * // Any store can be wrapped: here, an outage of Redis makes repeats possible instead of making deliveries wait.
 * export function lenient(store: DedupeStore): DedupeStore {
 *     const claim: DedupeStore["claim"] = async (...claim) =>
 *         await Promise.resolve(store.claim(...claim)).catch(() => "claimed");
 *     return { ...store, claim };
 * }
 *
 * export const receiverWith = (redis: { call(command: string, ...args: string[]): Promise<unknown> }) =>
 *     createReceiver({
 *         secrets: process.env.CAPTIONS_WEBHOOK_SECRET,
 *         dedupe: lenient(redisDedupe(redis)),
 *         onDelivery: (delivery) => console.log(delivery.event),
 *     });
 * ```
 */
export interface DedupeStore {
    /**
     * Takes the key for `owner`, for `leaseSeconds`, unless it is taken or done. Has to be atomic: of two claims at the
     * same time only one may get `"claimed"`.
     */
    claim(key: string, owner: string, leaseSeconds: number): Promise<Claim> | Claim;
    /** The delivery was handled: the key is done for `keepSeconds`, whoever has claimed it by now. */
    confirm(key: string, owner: string, keepSeconds: number): Promise<void> | void;
    /**
     * The delivery was not handled: forgets the key if `owner` still has it (the lease may have ended, and another
     * begun).
     */
    release(key: string, owner: string): Promise<void> | void;
}
