/**
 * A stand-in for the webhooks of the Captions API, which has no test environment: start it with {@link startEmulator},
 * or with `pulumi-captions emulator` (in a clone: `npm run emulator`).
 */

export type { Call, Endpoint } from "./api/calls";
export { type Behaviour, defaultBehaviour, type RateLimit } from "./behaviour/behaviour";
export { type CommandIo, runEmulatorCommand } from "./cli/command";
export type { Delivery } from "./deliveries";
export { type Emulator, startEmulator } from "./emulator";
export { EmulatorError } from "./errors";
export type { Fault } from "./faults/fault";
export type { FaultKind } from "./faults/kinds";
export type { EmulatorOptions } from "./options";
export type { Tls } from "./server/listener";
export type { Outcome, VideoRequest } from "./store/videos";
export type { RegisteredWebhook, WebhookSettings } from "./store/webhooks";
