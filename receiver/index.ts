/**
 * The receiver's side: what a service needs to take the deliveries of a webhook of the Captions API. It has no
 * dependencies, uses web standards only, and runs on Node, Cloudflare Workers, Deno and Bun.
 *
 * @module
 */

export { toExpressHandler } from "./adapters/express.js";
export { type FastifyLike, type FastifyPluginOptions, toFastifyPlugin } from "./adapters/fastify.js";
export { type HonoContext, toHonoHandler } from "./adapters/hono.js";
export { type LambdaAnswer, type LambdaEvent, toLambdaHandler } from "./adapters/lambda.js";
export {
    type NodeListener,
    type NodeRequest,
    type NodeResponse,
    type NodeStream,
    toNodeListener,
} from "./adapters/node-http.js";
export { toWorker, type Worker } from "./adapters/worker.js";
export type { HeadersLike } from "./authorization.js";
export { type CachedSecretsOptions, cachedSecrets } from "./cached-secrets.js";
export type { Claim, DedupeStore } from "./dedupe-store.js";
export {
    type CreatorFailure,
    type CreatorSuccess,
    type Delivery,
    type HandedDelivery,
    type ParseOptions,
    parseDelivery,
    type TestDelivery,
    testEvent,
    type UnknownDelivery,
} from "./delivery.js";
export { DeliveryError, type DeliveryErrorCode } from "./delivery-error.js";
export type { ErrorContext } from "./log-error.js";
export { type MemoryDedupe, type MemoryDedupeOptions, memoryDedupe } from "./memory-dedupe.js";
export {
    createReceiver,
    type DeliveryContext,
    type Receiver,
    type ReceiverOptions,
    type Refusal,
} from "./receiver.js";
export type { FetchSecrets, SecretSource, Secrets, SecretValues } from "./secrets.js";
export { SecretsError } from "./secrets-error.js";
export { secretsFromText } from "./secrets-from-text.js";
export { SetupError } from "./setup-error.js";
export { type RefusalReason, type Verification, verifyDelivery } from "./verify.js";
