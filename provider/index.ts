/**
 * Webhooks of the Captions API as Pulumi resources.
 *
 * @packageDocumentation
 */
export { DeliveryCheck, type DeliveryCheckArgs } from "./dynamic/delivery-check";
export { type AccountArgs, getEvents, getWebhooks, type WebhookInfo } from "./dynamic/functions";
export { RotatingWebhook, type RotatingWebhookArgs } from "./dynamic/rotating-webhook";
export { Webhook, type WebhookArgs, type WebhookEvent } from "./dynamic/webhook";
export { CaptionsError, InputError } from "./errors";
export { type GenerationsOptions, generations, type RotationSchedule } from "./generations";
