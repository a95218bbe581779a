import { OptionsCheck } from "../options.js";
import type { Receiver } from "../receiver.js";
import { answerNode, type NodeRequest, type NodeResponse, type NodeStream, unreadStream } from "./node-http.js";

/** What is used of a Fastify instance. */
export interface FastifyLike {
    removeAllContentTypeParsers(): void;
    addContentTypeParser(
        contentType: string,
        parser: (request: unknown, payload: unknown, done: (error: null, body: unknown) => void) => void,
    ): unknown;
    all(
        path: string,
        handler: (
            request: { raw: NodeRequest; body: unknown },
            reply: { raw: NodeResponse; hijack(): unknown },
        ) => Promise<void>,
    ): unknown;
}

export interface FastifyPluginOptions {
    /** The path of the webhook's URL, after the prefix if the plugin is registered with one. Default: `/`. */
    path?: string;
}

/**
 * A Fastify plugin. Within it, Fastify leaves the body alone, so that the secret is checked before anything is read;
 * the rest of the application keeps its own body parsers. A `preParsing` hook of the application may replace the body
 * (to decompress it, say).
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
    return async (instance, options) => {
        new OptionsCheck("toFastifyPlugin", options).must(
            "path",
            "a string",
            (path) => path === undefined || typeof path === "string",
        );
        instance.removeAllContentTypeParsers();
        // Not the request's own stream: a `preParsing` hook may have put another in its place.
        instance.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
        instance.all(options.path ?? "/", async (request, reply) => {
            reply.hijack();
            const stream = (request.body ?? request.raw) as NodeStream;
            await answerNode(receiver, request.raw, reply.raw, () => unreadStream(stream));
        });
    };
}
