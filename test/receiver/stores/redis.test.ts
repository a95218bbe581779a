import { expect, onTestFinished, test } from "vitest";
import { openIoredis, openNodeRedis } from "./clients";
import { handsOnOnceInTwoProcesses, remembersDeliveries } from "./contract";
import { startRedis } from "./servers";

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
