import type { Output } from "@pulumi/pulumi";
import { expectTypeOf, test } from "vitest";
import {
    getEvents,
    getWebhooks,
    type RotatingWebhook,
    type RotatingWebhookArgs,
    Webhook,
    type WebhookArgs,
    type WebhookEvent,
    type WebhookInfo,
} from "../../provider";

const required = { url: "https://api.example.com/hooks", enabledEvents: ["creator.success"] };

test("WebhookArgs takes the inputs with or without Output, and requires url and enabledEvents", () => {
    expectTypeOf(required).toExtend<WebhookArgs>();
    expectTypeOf<{ url: Output<string>; enabledEvents: Output<string[]> }>().toExtend<WebhookArgs>();
    expectTypeOf<{ url: string; enabledEvents: Output<string>[] }>().toExtend<WebhookArgs>();
    expectTypeOf<{ url: string }>().not.toExtend<WebhookArgs>();
    expectTypeOf<{ enabledEvents: string[] }>().not.toExtend<WebhookArgs>();
});

test("WebhookArgs rejects unknown inputs, outputs, and values of another type", () => {
    // @ts-expect-error misspelt
    void ({ ...required, enabledEvent: ["creator.success"] } satisfies WebhookArgs);
    // @ts-expect-error the API generates it
    void ({ ...required, secret: "s" } satisfies WebhookArgs);
    // @ts-expect-error one event is a list, too
    void ({ ...required, enabledEvents: "creator.success" } satisfies WebhookArgs);
    // @ts-expect-error values have to be comparable
    void ({ ...required, rotateWhenChanged: { nested: {} } } satisfies WebhookArgs);
    // @ts-expect-error an id or true
    void ({ ...required, adopt: 7 } satisfies WebhookArgs);
});

test("every input may be given as undefined, also with exactOptionalPropertyTypes", () => {
    expectTypeOf<WebhookArgs["adopt"]>().extract<undefined>().toEqualTypeOf<undefined>();
    expectTypeOf<WebhookArgs["rotateWhenChanged"]>().extract<undefined>().toEqualTypeOf<undefined>();
});

test("WebhookEvent offers the known names and takes others", () => {
    // A plain string would have none to offer.
    expectTypeOf<Extract<WebhookEvent, `creator.${string}`>>().toEqualTypeOf<"creator.success" | "creator.failure">();
    expectTypeOf<"creator.progress">().toExtend<WebhookEvent>();
    expectTypeOf<string>().toExtend<WebhookEvent>();
    expectTypeOf<number>().not.toExtend<WebhookEvent>();
});

test("the outputs of a webhook are Outputs of what the API answers", () => {
    expectTypeOf<Webhook["id"]>().toEqualTypeOf<Output<string>>();
    expectTypeOf<Webhook["url"]>().toEqualTypeOf<Output<string>>();
    expectTypeOf<Webhook["enabledEvents"]>().toEqualTypeOf<Output<string[]>>();
    expectTypeOf<Webhook["secret"]>().toEqualTypeOf<Output<string>>();
    expectTypeOf<Webhook["secretVersion"]>().toEqualTypeOf<Output<number>>();
    expectTypeOf(Webhook.get).returns.toEqualTypeOf<Webhook>();
});

test("a rotating webhook takes its generations as a plain list, and has one secret and all", () => {
    expectTypeOf<Output<string[]>>().not.toExtend<RotatingWebhookArgs["generations"]>();
    expectTypeOf<readonly ["2026-11", "2026-08"]>().toExtend<RotatingWebhookArgs["generations"]>();
    // @ts-expect-error it rotates by its generations
    void ({ ...required, generations: ["a"], rotateWhenChanged: {} } satisfies RotatingWebhookArgs);
    expectTypeOf<RotatingWebhook["secret"]>().toEqualTypeOf<Output<string>>();
    expectTypeOf<RotatingWebhook["secrets"]>().toEqualTypeOf<Output<string[]>>();
    expectTypeOf<RotatingWebhook["webhooks"]>().toEqualTypeOf<ReadonlyMap<string, Webhook>>();
});

test("the functions answer Outputs, the webhooks with their secrets", () => {
    expectTypeOf(getEvents).returns.toEqualTypeOf<Output<string[]>>();
    expectTypeOf(getWebhooks).returns.toEqualTypeOf<Output<WebhookInfo[]>>();
    expectTypeOf<keyof WebhookInfo>().toEqualTypeOf<"id" | "url" | "enabledEvents" | "secret">();
});
