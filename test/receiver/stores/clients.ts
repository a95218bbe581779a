// The vendors' own clients, as a user hands them to a store.
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { Redis } from "ioredis";
import { Pool } from "pg";
import { createClient } from "redis";
import type { DedupeStore } from "../../../receiver";
import { dynamoDedupe } from "../../../receiver/stores/dynamodb";
import { postgresDedupe, postgresDedupeTable } from "../../../receiver/stores/postgres";
import { redisDedupe } from "../../../receiver/stores/redis";

interface Opened {
    store: DedupeStore;
    close(): Promise<unknown> | unknown;
}

export async function openIoredis(url: string): Promise<Opened & { client: Redis }> {
    const client = new Redis(url);
    return { client, store: redisDedupe(client), close: () => client.quit() };
}

export async function openNodeRedis(url: string): Promise<Opened> {
    const client = await createClient({ url }).connect();
    return { store: redisDedupe(client, { prefix: "node-redis:" }), close: () => client.close() };
}

export async function openPostgres(url: string): Promise<Opened & { pool: Pool }> {
    const pool = new Pool({ connectionString: url });
    // The server ends with the test, perhaps before a connection that was closed has gone.
    pool.on("connect", (client) => void client.on("error", () => undefined));
    pool.on("error", () => undefined);
    await pool.query(postgresDedupeTable);
    return { pool, store: postgresDedupe(pool), close: () => pool.end() };
}

/** @param place the server's URL, with the table's name for its path */
export async function openDynamo(place: string): Promise<Opened & { client: DynamoDB; table: string }> {
    const { origin: endpoint, pathname } = new URL(place);
    const table = pathname.slice(1);
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const client = new DynamoDB({ endpoint, region: "us-east-1", credentials });
    return { client, table, store: dynamoDedupe(client, table), close: () => client.destroy() };
}
