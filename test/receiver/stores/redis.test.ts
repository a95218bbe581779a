import { expect, onTestFinished, test } from "vitest";
import { findOrInstallRedis } from "../../../scripts/parts";
import { temporaryFolder } from "../../examples/support/examples";
import { freePort, startProgram } from "../../examples/support/processes";
import { openIoredis, openNodeRedis } from "./clients.js";
import { handsOnOnceInTwoProcesses, remembersDeliveries } from "./contract.js";

/** A Redis of its own until the test ends. @returns its URL */
async function startRedis(): Promise<string> {
    const program = await findOrInstallRedis({ log: () => undefined });
    const port = await freePort();
    const settings = { port, bind: "127.0.0.1", save: "", appendonly: "no", dir: temporaryFolder("redis") };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    await startProgram(program, args, /Ready to accept connections/);
    return `redis://127.0.0.1:${port}`;
}

for (const [name, open] of [
    ["ioredis", openIoredis],
    ["redis", openNodeRedis],
] as const) {
    remembersDeliveries(`redisDedupe with ${name}`, async () => {
        const { store, close } = await open(await startRedis());
        onTestFinished(async () => void (await close()));
        return store;
    });
    handsOnOnceInTwoProcesses(`Redis and ${name}`, async () => [name, await startRedis()]);
}

test("redisDedupe leaves nothing in Redis that stays for ever, and only keys with its prefix", async () => {
    const { client, store, close } = await openIoredis(await startRedis());
    onTestFinished(async () => void (await close()));
    await store.claim("claimed", "a", 60);
    await store.confirm("done", "a", 600);
    const keys = await client.keys("*");
    expect(keys.sort()).toEqual(["captions:claimed", "captions:done"]);
    expect(await Promise.all(keys.map((key) => client.ttl(key)))).toEqual([60, 600]);
});
