/**
 * Webhooks of the Captions API as Pulumi resources.
 *
 * @packageDocumentation
 */
export * from "./errors";
export { type AccountArgs, getEvents, getWebhooks, type WebhookInfo } from "./functions";
export { type GenerationsOptions, generations } from "./generations";
export { RotatingWebhook, type RotatingWebhookArgs } from "./rotating-webhook";
export { Webhook, type WebhookArgs, type WebhookEvent } from "./webhook";
