import type { Receiver } from "../receiver.js";
import { answerOf, requestOf } from "./request.js";

/** What is used of Hono's context. */
export interface HonoContext {
    req: { raw: Request; arrayBuffer(): Promise<ArrayBuffer> };
    /** Throws where the runtime has none, as on Node. */
    readonly executionCtx?: unknown;
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
    return (context) => answerOf(receiver, () => requestIn(context), runtimeOf(context));
}

async function requestIn({ req }: HonoContext): Promise<Request> {
    const { raw } = req;
    if (!raw.bodyUsed) return raw;
    try {
        // Hono keeps what its own methods have read.
        const body = new Uint8Array(await req.arrayBuffer());
        return await requestOf({ method: raw.method, headers: raw.headers, body: () => body });
    } catch {
        // Something has read it without them: the receiver says so.
        return raw;
    }
}

function runtimeOf(context: HonoContext): unknown {
    try {
        return context.executionCtx;
    } catch {
        return undefined;
    }
}
