import type { Receiver } from "../receiver.js";
import { type NodeRequest, type NodeResponse, toNodeListener } from "./node-http.js";

/** What is used of a Fastify instance. */
export interface FastifyLike {
    removeAllContentTypeParsers(): void;
    addContentTypeParser(
        contentType: string,
        parser: (request: unknown, payload: unknown, done: (error: null) => void) => void,
    ): unknown;
    all(
        path: string,
        handler: (request: { raw: NodeRequest }, reply: { raw: NodeResponse; hijack(): unknown }) => Promise<void>,
    ): unknown;
}

export interface FastifyPluginOptions {
    /** The path of the webhook's URL, after the prefix if the plugin is registered with one. Default: `/`. */
    path?: string;
}

/**
 * A Fastify plugin. Within it, Fastify leaves the body alone, so that the secret is checked before anything is read; the rest
 * of the application keeps its own body parsers.
 *
 * @example
 * ```ts
 * import fastify from "fastify";
 * import { createReceiver, toFastifyPlugin } from "pulumi-captions/receiver";
 *
 * export const receiver = createReceiver({
 *     secrets: process.env.CAPTIONS_WEBHOOK_SECRET,
 *     onDelivery: (delivery) => console.log(delivery.event),
 * });
 *
 * const app = fastify();
 * app.register(toFastifyPlugin(receiver), { path: "/webhooks/captions" });
 * app.listen({ port: 8080 });
 * ```
 */
export function toFastifyPlugin(
    receiver: Receiver,
): (instance: FastifyLike, options: FastifyPluginOptions) => Promise<void> {
    const listener = toNodeListener(receiver);
    return async (instance, { path = "/" }) => {
        instance.removeAllContentTypeParsers();
        instance.addContentTypeParser("*", (_request, _payload, done) => done(null));
        instance.all(path, async (request, reply) => {
            reply.hijack();
            await listener(request.raw, reply.raw);
        });
    };
}
