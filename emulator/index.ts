/**
 * A stand-in for the webhooks of the Captions API, which has no test environment: start it with {@link startEmulator}, or with
 * `npm run emulator` in a clone.
 */
export { type Behaviour, defaultBehaviour, type RateLimit } from "./behaviour";
export type { Call, Endpoint } from "./calls";
export { type CommandIo, runEmulatorCommand } from "./cli";
export type { Delivery } from "./deliveries";
export { type Emulator, type EmulatorOptions, startEmulator } from "./emulator";
export { EmulatorError } from "./errors";
export type { Fault } from "./faults/fault";
export type { FaultKind } from "./faults/kinds";
export type { Tls } from "./server";
export type { Outcome, VideoRequest } from "./videos";
export type { RegisteredWebhook, WebhookSettings } from "./webhooks";
