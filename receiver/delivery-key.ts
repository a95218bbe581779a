import { sha256 } from "./compare.js";
import type { HandedDelivery } from "./delivery.js";

/** Stores limit a key's length (DynamoDB to 2,048 bytes), and an id may have any. */
const MAX_CHARACTERS = 200;

/**
 * What two deliveries have in common if one is a repeat of the other: event and operation's id. Of an event that is not
 * known here, one operation may have several that differ (its progress, say), so there the whole body counts.
 *
 * @returns Nothing if there is no operation's id to tell a repeat by.
 */
export async function deliveryKey(delivery: HandedDelivery): Promise<string | undefined> {
    const { operationId } = delivery;
    if (operationId === undefined) return undefined;
    const key =
        delivery.event === "unknown"
            ? JSON.stringify([delivery.name, operationId, await hexHash(canonical(delivery.raw))])
            : JSON.stringify([delivery.event, operationId]);
    return key.length <= MAX_CHARACTERS ? key : await hexHash(key);
}

/** The same text for the same content, in whatever order its fields come. */
function canonical(value: unknown): string {
    return JSON.stringify(value, (_name, each: unknown) =>
        typeof each === "object" && each !== null && !Array.isArray(each)
            ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
            : each,
    );
}

async function hexHash(text: string): Promise<string> {
    return Array.from(await sha256(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
