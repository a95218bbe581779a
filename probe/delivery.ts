import { randomBytes } from "node:crypto";
import { testEvent } from "../receiver";

/** The event that `createReceiver` answers with 200 and passes to nobody. */
export const harmlessEvent = testEvent;

/** A delivery without consequences, in the shape of real ones. Its `operationId` says that it is a test. */
export function testDelivery(event: string): Readonly<Record<string, unknown>> {
    return {
        // A success without a URL would be malformed; example.com is reserved for such uses (RFC 2606).
        url: event === "creator.success" ? "https://example.com/pulumi-captions-test.mp4" : "",
        event,
        // A fresh one each time, so that none is taken for a repeat.
        operationId: `pulumi-captions-test-${randomBytes(8).toString("hex")}`,
        creditsSpent: 0,
    };
}
