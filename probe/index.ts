/**
 * Test deliveries: whether receivers accept their secrets, and how far that is proven. For the command line and for
 * resources alike; there is nothing of either in it.
 *
 * @module
 */
export type { Answer, Outcome } from "./answer";
export { type Clock, systemClock } from "./clock";
export { type DeliverOnceOptions, deliverOnce } from "./deliver-once";
export { harmlessEvent } from "./delivery";
export { adviceFor, describe, describeTarget, placeName } from "./describe";
export { type ProbeOptions, probe } from "./probe";
export { proxyOf } from "./proxy";
export type {
    CheckResult,
    ProbeEnd,
    ProbeProgress,
    ProbeResult,
    ProbeTarget,
    SecretPlace,
    TargetResult,
} from "./result";
export { isSecret } from "./secret";
export { defaultTimeoutSeconds, instanceHeader } from "./send";
export { describeUrl, isSafeForSecrets, withoutGeneration } from "./url";
