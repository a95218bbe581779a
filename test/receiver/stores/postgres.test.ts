import { Pool } from "pg";
import { expect, onTestFinished, test, vi } from "vitest";
import { startPostgres } from "../../examples/support/postgres";
import { shared } from "../../support/shared";
import { openPostgres } from "./clients";
import { handsOnOnceInTwoProcesses, remembersDeliveries } from "./contract";

const server = shared(startPostgres);
let databases = 0;

/** A database of its own. @returns its URL */
async function createDatabase(): Promise<string> {
    const url = new URL(server());
    const name = `test_${++databases}`;
    const pool = new Pool({ connectionString: url.href });
    await pool.query(`CREATE DATABASE ${name}`);
    await pool.end();
    url.pathname = name;
    return url.href;
}

async function open() {
    const opened = await openPostgres(await createDatabase());
    onTestFinished(() => opened.close() as Promise<void>);
    return opened;
}

remembersDeliveries("postgresDedupe with pg", async () => (await open()).store);
handsOnOnceInTwoProcesses("PostgreSQL and pg", async () => {
    const url = await createDatabase();
    // Its table is made before both processes start, as `IF NOT EXISTS` does not make that safe at the same moment.
    await (await openPostgres(url)).close();
    return ["postgres", url];
});

test("postgresDedupe deletes what has expired while it goes on", async () => {
    const { pool, store } = await open();
    for (let i = 0; i < 15; i++) await store.confirm(`old-${i}`, "a", 0.001);
    const count = async () => (await pool.query("SELECT FROM captions_deliveries")).rowCount;
    await vi.waitFor(async () => {
        await store.confirm("new", "a", 600);
        expect(await count()).toBe(1);
    });
});
