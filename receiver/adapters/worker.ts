import { createReceiver, type Receiver, type ReceiverOptions } from "../receiver.js";
import { SetupError } from "../setup-error.js";
import { answerOf } from "./request.js";

/** What Cloudflare takes as a Worker's default export. */
export interface Worker<Env> {
    fetch(request: Request, env: Env, context?: unknown): Promise<Response>;
}

/**
 * A Cloudflare Worker. The options are made from the Worker's bindings; with the secrets in one binding, as a plain
 * secret or a JSON list, a rotation is one change of that binding.
 *
 * A Worker runs in many places at once, each with its own memory: give `dedupe` a store that they share, such as
 * `durableObjectDedupe` of `pulumi-captions/receiver/stores/durable-object`.
 *
 * @example
 * ```ts
 * import { secretsFromText, toWorker } from "pulumi-captions/receiver";
 *
 * interface Env {
 *     CAPTIONS_WEBHOOK_SECRETS: string;
 *     VIDEOS: { put(key: string, body: ReadableStream | null): Promise<unknown> };
 * }
 *
 * export default toWorker<Env>((env) => ({
 *     secrets: secretsFromText(env.CAPTIONS_WEBHOOK_SECRETS),
 *     onDelivery: async (delivery) => {
 *         if (delivery.event !== "creator.success") return;
 *         const video = await fetch(delivery.url);
 *         await env.VIDEOS.put(delivery.operationId, video.body);
 *     },
 * }));
 * ```
 */
export function toWorker<Env extends object>(options: (env: Env) => ReceiverOptions): Worker<Env> {
    // The bindings are one object for as long as the Worker is in memory, and so is what the receiver remembers.
    const receivers = new WeakMap<Env, Receiver>();
    const receiverOf = (env: Env): Receiver => {
        const receiver = receivers.get(env) ?? receiverWith(options(env));
        receivers.set(env, receiver);
        return receiver;
    };
    return {
        // What is wrong with the options is answered with 500 and logged, instead of being Cloudflare's error page.
        fetch: (request, env, context) =>
            answerOf(
                async (...given) => receiverOf(env)(...given),
                () => request,
                context,
            ),
    };
}

function receiverWith(options: ReceiverOptions): Receiver {
    try {
        return createReceiver(options);
    } catch (error) {
        throw error instanceof Error ? new SetupError(`The Worker's options are wrong: ${error.message}`) : error;
    }
}
