import { expect, onTestFinished, test } from "vitest";
import { openDynamo } from "./clients";
import { handsOnOnceInTwoProcesses, remembersDeliveries } from "./contract";
import { startDynamo } from "./servers";

async function open() {
    const opened = await openDynamo(await startDynamo());
    onTestFinished(() => void opened.close());
    return opened;
}

remembersDeliveries("dynamoDedupe with the AWS SDK", async () => (await open()).store);
handsOnOnceInTwoProcesses("DynamoDB and the AWS SDK", async () => ["dynamodb", await startDynamo()]);

test("dynamoDedupe gives every item a time to live, in seconds, and lets other errors through", async () => {
    const { client, store } = await open();
    await store.confirm("k", "a", 600);
    const { Item } = await client.getItem({ TableName: "deliveries", Key: { key: { S: "k" } } });
    const seconds = Number(Item?.expiresAt?.N) - Date.now() / 1000;
    expect(seconds).toBeGreaterThan(590);
    expect(seconds).toBeLessThanOrEqual(601);
    await client.deleteTable({ TableName: "deliveries" });
    await expect(store.claim("k", "a", 60)).rejects.toThrow("not found");
});
