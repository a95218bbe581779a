import type { Receiver } from "../receiver.js";
import { type NodeListener, toNodeListener } from "./node-http.js";

/**
 * For an Express application. It works without a body parser, and after `express.json()`, `express.raw()` or
 * `express.text()`. Without one is better: a parser reads, and rejects, what anybody sends, before the secret is
 * checked.
 *
 * @example
 * ```ts
 * import express from "express";
 * import { createReceiver, toExpressHandler } from "pulumi-captions/receiver";
 *
 * export const receiver = createReceiver({
 *     secrets: process.env.CAPTIONS_WEBHOOK_SECRET,
 *     onDelivery: (delivery) => console.log(delivery.event),
 * });
 *
 * const app = express();
 * app.all("/webhooks/captions", toExpressHandler(receiver));
 * app.listen(8080);
 * ```
 */
export function toExpressHandler(receiver: Receiver): NodeListener {
    return toNodeListener(receiver);
}
