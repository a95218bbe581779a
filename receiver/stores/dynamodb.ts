import type { DedupeStore } from "../dedupe-store.js";

type Attributes = Record<string, { S: string } | { N: string } | { BOOL: boolean }>;
interface Condition {
    TableName: string;
    ConditionExpression?: string;
    ExpressionAttributeValues?: Attributes;
}

interface PutItem extends Condition {
    Item: Attributes;
    ReturnValuesOnConditionCheckFailure?: "ALL_OLD";
}

/** What is used of a client: `new DynamoDB({})` of `@aws-sdk/client-dynamodb`. */
export interface DynamoClient {
    putItem(input: PutItem): Promise<unknown>;
    deleteItem(input: Condition & { Key: Attributes }): Promise<unknown>;
}

/**
 * A store in DynamoDB, for receivers in several processes, such as AWS Lambda. The table has one key, `key`, a string;
 * switch on its time to live for the attribute `expiresAt`, so that it does not grow. Needs `dynamodb:PutItem` and
 * `dynamodb:DeleteItem`.
 *
 * Times are those of the processes: `leaseSeconds` has to be longer than their clocks differ.
 *
 * If a process dies between claim and hand-on, nobody has the delivery until the lease ends (`leaseSeconds` of the
 * receiver): until then its repeats are answered with 503, afterwards the next is handed on. If it dies after the
 * hand-on, but before that is noted, the next repeat after the lease is handed on a second time.
 *
 * @example
 * ```ts
 * import { createReceiver } from "pulumi-captions/receiver";
 * import { type DynamoClient, dynamoDedupe } from "pulumi-captions/receiver/stores/dynamodb";
 *
 * // `new DynamoDB({})` of @aws-sdk/client-dynamodb.
 * export const receiverWith = (client: DynamoClient) =>
 *     createReceiver({
 *         secrets: process.env.CAPTIONS_WEBHOOK_SECRET,
 *         dedupe: dynamoDedupe(client, "captions-deliveries"),
 *         onDelivery: (delivery) => console.log(delivery.event),
 *     });
 * ```
 */
export function dynamoDedupe(client: DynamoClient, table: string): DedupeStore {
    const put = (key: string, owner: string, done: boolean, seconds: number, condition: Partial<PutItem> = {}) => {
        const expiresAt = { N: String(Math.ceil(now() + seconds)) };
        const Item = { key: { S: key }, claimedBy: { S: owner }, done: { BOOL: done }, expiresAt };
        return client.putItem({ TableName: table, Item, ...condition });
    };
    return {
        async claim(key, owner, leaseSeconds) {
            const call = put(key, owner, false, leaseSeconds, {
                ConditionExpression: "attribute_not_exists(expiresAt) OR expiresAt <= :now",
                ExpressionAttributeValues: { ":now": { N: String(Math.floor(now())) } },
                ReturnValuesOnConditionCheckFailure: "ALL_OLD",
            });
            const failed = await failedCondition(call);
            return (failed && (failed.Item?.done?.BOOL ? "done" : "busy")) ?? "claimed";
        },
        confirm: async (key, owner, keepSeconds) => void (await put(key, owner, true, keepSeconds)),
        async release(key, owner) {
            const call = client.deleteItem({
                TableName: table,
                Key: { key: { S: key } },
                ConditionExpression: "claimedBy = :owner AND done = :false",
                ExpressionAttributeValues: { ":owner": { S: owner }, ":false": { BOOL: false } },
            });
            await failedCondition(call);
        },
    };
}

/** In seconds, as DynamoDB's time to live wants it. */
const now = (): number => Date.now() / 1000;

/** The error with what is in the table instead, if a condition was not met. */
async function failedCondition(call: Promise<unknown>): Promise<{ Item?: { done?: { BOOL?: boolean } } } | undefined> {
    try {
        await call;
    } catch (error) {
        if (!(error instanceof Error) || error.name !== "ConditionalCheckFailedException") throw error;
        return error as { Item?: { done?: { BOOL?: boolean } } };
    }
    return undefined;
}
