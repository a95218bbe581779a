/**
 * Webhooks of the Captions API as Pulumi resources.
 *
 * @packageDocumentation
 */
export * from "./errors";
export { type AccountArgs, getEvents, getWebhooks, type WebhookInfo } from "./functions";
export { Webhook, type WebhookArgs, type WebhookEvent } from "./webhook";
