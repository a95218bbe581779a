import type { Receiver } from "../receiver.js";

/** What is used of Hono's context. */
export interface HonoContext {
    req: { raw: Request; arrayBuffer(): Promise<ArrayBuffer> };
}

/**
 * For a Hono application, on whatever it runs. It works after middleware that has read the body, too.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { createReceiver, toHonoHandler } from "pulumi-captions/receiver";
 *
 * export const receiver = createReceiver({
 *     secrets: process.env.CAPTIONS_WEBHOOK_SECRET,
 *     onDelivery: (delivery) => console.log(delivery.event),
 * });
 *
 * const app = new Hono();
 * app.all("/webhooks/captions", toHonoHandler(receiver));
 * export default app;
 * ```
 */
export function toHonoHandler(receiver: Receiver): (context: HonoContext) => Promise<Response> {
    return async ({ req }) => {
        const { raw } = req;
        if (!raw.bodyUsed) return receiver(raw);
        // Hono keeps what its own methods have read.
        const { url, method, headers } = raw;
        return receiver(new Request(url, { method, headers, body: await req.arrayBuffer() }));
    };
}
