import type { DedupeStore } from "../dedupe-store.js";

/** What is used of a client: a `Pool` or `Client` of `pg`, or what has their `query`. */
export interface PostgresClient {
    query(text: string, values: (string | number)[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** The table that the store needs. Run this once, or with every start. */
export const postgresDedupeTable = `
CREATE TABLE IF NOT EXISTS captions_deliveries (key text PRIMARY KEY, owner text NOT NULL, done boolean NOT NULL, until timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS captions_deliveries_until ON captions_deliveries (until)`;

const claim = `
INSERT INTO captions_deliveries AS d VALUES ($1, $2, false, now() + $3 * interval '1 second')
ON CONFLICT (key) DO UPDATE SET owner = $2, done = false, until = excluded.until WHERE d.until <= now() RETURNING 1`;
/** Also deletes some that have expired, so that the table does not grow. */
const confirm = `
WITH expired AS (DELETE FROM captions_deliveries WHERE until <= now() AND key IN
    (SELECT key FROM captions_deliveries WHERE until <= now() AND key <> $1 LIMIT 10 FOR UPDATE SKIP LOCKED))
INSERT INTO captions_deliveries VALUES ($1, $2, true, now() + $3 * interval '1 second')
ON CONFLICT (key) DO UPDATE SET owner = $2, done = true, until = excluded.until`;
const state = "SELECT done FROM captions_deliveries WHERE key = $1";
const release = "DELETE FROM captions_deliveries WHERE key = $1 AND owner = $2 AND NOT done";

/**
 * A store in PostgreSQL (9.5 or newer), for receivers in several processes: the table of {@link postgresDedupeTable}.
 * Times are the server's.
 *
 * If a process dies between claim and hand-on, nobody has the delivery until the lease ends (`leaseSeconds` of the
 * receiver): until then its repeats are answered with 503, afterwards the next is handed on. If it dies after the
 * hand-on, but before that is noted, the next repeat after the lease is handed on a second time.
 *
 * @example
 * ```ts
 * import { createReceiver } from "pulumi-captions/receiver";
 * import { type PostgresClient, postgresDedupe } from "pulumi-captions/receiver/stores/postgres";
 *
 * // `new Pool({ connectionString })` of pg. Before: `await pool.query(postgresDedupeTable)`.
 * export const receiverWith = (pool: PostgresClient) =>
 *     createReceiver({
 *         secrets: process.env.CAPTIONS_WEBHOOK_SECRET,
 *         dedupe: postgresDedupe(pool),
 *         onDelivery: (delivery) => console.log(delivery.event),
 *     });
 * ```
 */
export function postgresDedupe(client: PostgresClient): DedupeStore {
    return {
        async claim(key, owner, leaseSeconds) {
            if ((await client.query(claim, [key, owner, leaseSeconds])).rows.length > 0) return "claimed";
            return (await client.query(state, [key])).rows[0]?.done === true ? "done" : "busy";
        },
        async confirm(key, owner, keepSeconds) {
            await client.query(confirm, [key, owner, keepSeconds]);
        },
        async release(key, owner) {
            await client.query(release, [key, owner]);
        },
    };
}
