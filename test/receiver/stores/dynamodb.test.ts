import { expect, onTestFinished, test } from "vitest";
import { shared } from "../../support/shared";
import { openDynamo } from "./clients";
import { handsOnOnceInTwoProcesses, remembersDeliveries } from "./contract";
import { createTable, startDynamo } from "./servers";

const server = shared(startDynamo);

async function open() {
    const opened = await openDynamo(await createTable(server()));
    onTestFinished(() => void opened.close());
    return opened;
}

remembersDeliveries("dynamoDedupe with the AWS SDK", async () => (await open()).store);
handsOnOnceInTwoProcesses("DynamoDB and the AWS SDK", async () => ["dynamodb", await createTable(server())]);

test("dynamoDedupe gives every item a time to live, in seconds, and lets other errors through", async () => {
    const { client, table, store } = await open();
    await store.confirm("k", "a", 600);
    const { Item } = await client.getItem({ TableName: table, Key: { key: { S: "k" } } });
    const seconds = Number(Item?.expiresAt?.N) - Date.now() / 1000;
    expect(seconds).toBeGreaterThan(590);
    expect(seconds).toBeLessThanOrEqual(601);
    await client.deleteTable({ TableName: table });
    await expect(store.claim("k", "a", 60)).rejects.toThrow("not found");
});
