import type { ComponentResource, CustomResource, Output } from "@pulumi/pulumi";
import { expectTypeOf, test } from "vitest";
import type * as native from "../../provider/native";
import type schema from "../../provider/native/schema.json";

type Resources = (typeof schema)["resources"];
type Functions = (typeof schema)["functions"];
/** The names of what is in the schema for a resource. */
type Inputs<Name extends string> = keyof Resources[`captions:index:${Name}` & keyof Resources]["inputProperties"];
type Outputs<Name extends string> = keyof Resources[`captions:index:${Name}` & keyof Resources]["properties"];
type Returned<Name extends string> = keyof Functions[`captions:index:${Name}` &
    keyof Functions]["outputs"]["properties"];
type Required<Args> = { [Name in keyof Args]-?: undefined extends Args[Name] ? never : Name }[keyof Args];
type Value<Of> = Of extends Output<infer Known> ? Known : never;

test("the inputs of each resource are those of the schema", () => {
    expectTypeOf<keyof native.WebhookArgs>().toEqualTypeOf<Inputs<"Webhook">>();
    expectTypeOf<keyof native.RotatingWebhookArgs>().toEqualTypeOf<Inputs<"RotatingWebhook">>();
    expectTypeOf<keyof native.DeliveryCheckArgs>().toEqualTypeOf<Inputs<"DeliveryCheck">>();
    expectTypeOf<keyof native.RotationSchedule>().toEqualTypeOf<
        keyof (typeof schema)["types"]["captions:index:RotationSchedule"]["properties"]
    >();
    expectTypeOf<keyof native.ProviderArgs>().toEqualTypeOf<keyof (typeof schema)["provider"]["inputProperties"]>();
});

test("an input that the schema requires is required, and no other", () => {
    expectTypeOf<Required<native.WebhookArgs>>().toEqualTypeOf<"url" | "enabledEvents">();
    expectTypeOf<Required<native.RotatingWebhookArgs>>().toEqualTypeOf<"url" | "enabledEvents">();
    expectTypeOf<Required<native.DeliveryCheckArgs>>().toEqualTypeOf<"url" | "secrets">();
    expectTypeOf<Required<native.ProviderArgs>>().toEqualTypeOf<never>();
});

test("the outputs of each resource are those of the schema", () => {
    expectTypeOf<Exclude<keyof native.Webhook, keyof CustomResource>>().toEqualTypeOf<Outputs<"Webhook">>();
    expectTypeOf<Exclude<keyof native.DeliveryCheck, keyof CustomResource>>().toEqualTypeOf<Outputs<"DeliveryCheck">>();
    expectTypeOf<Exclude<keyof native.RotatingWebhook, keyof ComponentResource>>().toEqualTypeOf<
        Outputs<"RotatingWebhook">
    >();
});

test("the functions return what the schema says", () => {
    type Listed = Value<ReturnType<typeof native.getWebhooks>>[number];
    expectTypeOf<keyof Listed>().toEqualTypeOf<
        keyof (typeof schema)["types"]["captions:index:WebhookInfo"]["properties"]
    >();
    type Found = Value<ReturnType<typeof native.getWebhook>>;
    expectTypeOf<keyof Found>().toEqualTypeOf<Returned<"getWebhook">>();
    type Asked = Parameters<typeof native.getWebhook>[0];
    expectTypeOf<keyof Asked>().toEqualTypeOf<keyof Functions["captions:index:getWebhook"]["inputs"]["properties"]>();
    type Given = native.GenerationsOptions;
    expectTypeOf<keyof Given>().toEqualTypeOf<
        keyof Functions["captions:index:getGenerations"]["inputs"]["properties"]
    >();
});
