/**
 * Webhooks of the Captions API as resources of the native provider plugin: with import, a detailed diff and explicit
 * providers. `Pulumi.yaml` says where the plugin is, see docs/installation-configuration.md.
 *
 * @packageDocumentation
 */
import * as pulumi from "@pulumi/pulumi";
import type { DeliveryCheckArgs as DynamicDeliveryCheckArgs } from "../dynamic/delivery-check";
import type { RotatingWebhookArgs as DynamicRotatingWebhookArgs } from "../dynamic/rotating-webhook";
import type { WebhookArgs as DynamicWebhookArgs } from "../dynamic/webhook";
import { type RotationSchedule, rotatingType, scheduleOf } from "../generations";

export type { WebhookEvent } from "../dynamic/webhook";
export { InputError } from "../errors";
export { type GenerationsOptions, generations, type RotationSchedule } from "../generations";

/** The inputs of a {@link Webhook}. */
export type WebhookArgs = Omit<DynamicWebhookArgs, "account">;

/** The inputs of a {@link RotatingWebhook}. */
export interface RotatingWebhookArgs
    extends Omit<DynamicRotatingWebhookArgs, "account" | "generations" | "schedule" | "distinctUrls" | "dropAtOnce"> {
    /**
     * The names of the generations that are registered at once, newest first; each is one webhook with its own secret.
     * They must be known in a preview. Default: those that {@link generations} gives for `schedule` at this moment; one
     * of the two is required.
     */
    generations?: pulumi.Input<pulumi.Input<string>[]> | undefined;
    /**
     * How often the secret is rotated, and for how long the one before stays valid: like `{ every: "90d", overlap: "7d"
     * }`. A nightly `pulumi up` then rotates by itself. It must be known in a preview. Together with `generations` it
     * only tells when the next one begins; a list from {@link generations} brings its schedule along.
     */
    schedule?: pulumi.Input<{ [Name in keyof RotationSchedule]: pulumi.Input<string> }> | undefined;
    /**
     * Gives each generation a URL of its own by adding `generation=<name>` to the query, for an API that rejects or
     * merges two webhooks on one URL. Default: `false`.
     */
    distinctUrls?: pulumi.Input<boolean> | undefined;
    /**
     * Deletes generations that are no longer named also in the run in which their successor is registered: for a secret
     * that has leaked. Default: `false`.
     */
    dropAtOnce?: pulumi.Input<boolean> | undefined;
}

/** The inputs of a {@link DeliveryCheck}. */
export type DeliveryCheckArgs = DynamicDeliveryCheckArgs;

/** The settings of a {@link Provider}. What is missing is taken from the environment, such as `CAPTIONS_API_KEY`. */
export interface ProviderArgs {
    /** The API key. */
    apiKey?: pulumi.Input<string> | undefined;
    /** The API's address. Default: `https://api.captions.ai/api/webhooks`. */
    baseUrl?: pulumi.Input<string> | undefined;
    /** How long a connection may take, in seconds. Default: 10. */
    connectTimeoutSeconds?: pulumi.Input<number> | undefined;
    /** How long a call may take in all, in seconds. Default: 60. */
    callTimeoutSeconds?: pulumi.Input<number> | undefined;
    /** For how long `/list` may lag behind a change, in seconds. Default: 10. */
    listLagSeconds?: pulumi.Input<number> | undefined;
    /** How long to wait at most when the API asks to wait, in seconds. Default: 900. */
    waitAtMostSeconds?: pulumi.Input<number> | undefined;
}

/**
 * An account of the Captions API, for stacks with several.
 *
 * @example
 * ```ts
 * import * as pulumi from "@pulumi/pulumi";
 * import * as captions from "pulumi-captions/native";
 *
 * const eu = new captions.Provider("eu", { apiKey: new pulumi.Config().requireSecret("euKey") });
 * new captions.Webhook(
 *     "renders",
 *     { url: "https://eu.example.com/hooks/captions", enabledEvents: ["creator.success"] },
 *     { provider: eu },
 * );
 * ```
 */
export class Provider extends pulumi.ProviderResource {
    constructor(name: string, args: ProviderArgs = {}, opts?: pulumi.ResourceOptions) {
        const { apiKey, ...others } = args;
        const texts = Object.entries(others).map(([key, value]) => [key, asText(value)]);
        const secret = apiKey === undefined ? {} : { apiKey: pulumi.secret(apiKey) };
        super("captions", name, { ...Object.fromEntries(texts), ...secret }, opts);
    }
}

/** A provider's settings travel as JSON texts. */
function asText(value: pulumi.Input<string | number> | undefined): pulumi.Output<string> | undefined {
    return value === undefined
        ? undefined
        : pulumi.output(value).apply((known) => (typeof known === "string" ? known : JSON.stringify(known)));
}

/**
 * A webhook of the Captions API.
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions/native";
 *
 * const webhook = new captions.Webhook("renders", {
 *     url: "https://api.example.com/hooks/captions",
 *     enabledEvents: ["creator.success", "creator.failure"],
 * });
 * export const secret = webhook.secret;
 * ```
 *
 * @example Import one that was registered by hand: its secret is not rotated.
 * ```ts
 * import * as captions from "pulumi-captions/native";
 *
 * new captions.Webhook(
 *     "legacy",
 *     { url: "https://api.example.com/hooks/legacy", enabledEvents: ["creator.success"] },
 *     { import: "wh_123" },
 * );
 * ```
 */
export class Webhook extends pulumi.CustomResource {
    /** Where deliveries are sent. */
    declare readonly url: pulumi.Output<string>;
    /** The events that are delivered. */
    declare readonly enabledEvents: pulumi.Output<string[]>;
    /** The secret that deliveries carry in `Authorization: Bearer <secret>`. Always a Pulumi secret. */
    declare readonly secret: pulumi.Output<string>;
    /**
     * 1 at first, and one more whenever the secret changes, so that others can follow it without knowing it. A
     * replacement by `replacementTrigger` makes it the time in seconds, which is larger than any count. Safe to show.
     */
    declare readonly secretVersion: pulumi.Output<number>;

    constructor(name: string, args: WebhookArgs, opts?: pulumi.CustomResourceOptions) {
        const inputs = { secret: undefined, secretVersion: undefined, ...args };
        super("captions:index:Webhook", name, inputs, moved(opts, "Webhook"));
    }

    /**
     * Reads a webhook that something else manages. It is never changed or deleted.
     *
     * @param id the webhook's id
     */
    static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Webhook {
        const args = { url: undefined, enabledEvents: undefined } as unknown as WebhookArgs;
        return new Webhook(name, args, { ...opts, id });
    }

    /** Whether a value is a {@link Webhook}, also one of another copy of this package. */
    static override isInstance(value: unknown): value is Webhook {
        return hasType(value, "captions:index:Webhook");
    }
}

/**
 * A webhook whose secret is rotated without losing a delivery: several generations of it are registered at once, each
 * with its own secret. To rotate, prepend a name (`pulumi up`), let every receiver take {@link secrets}, drop the old
 * name (`pulumi up`).
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions/native";
 *
 * const webhook = new captions.RotatingWebhook("renders", {
 *     url: "https://api.example.com/hooks/captions",
 *     enabledEvents: ["creator.success", "creator.failure"],
 *     schedule: { every: "90d", overlap: "7d" },
 * });
 * export const secrets = webhook.secrets;
 * ```
 */
export class RotatingWebhook extends pulumi.ComponentResource {
    /** The newest generation's secret. */
    declare readonly secret: pulumi.Output<string>;
    /** All secrets that are valid now, newest first: what receivers accept. */
    declare readonly secrets: pulumi.Output<string[]>;
    /** The webhooks' ids, newest first. */
    declare readonly ids: pulumi.Output<string[]>;
    /**
     * When the newest generation began, ISO 8601 in UTC. Known where there is a schedule and the newest name is one of
     * it.
     */
    declare readonly lastRotation: pulumi.Output<string | undefined>;
    /**
     * When the next generation begins, ISO 8601 in UTC: the first `pulumi up` after it rotates. Known where there is a
     * schedule.
     */
    declare readonly nextRotation: pulumi.Output<string | undefined>;
    /**
     * When the generation before the newest is to be dropped, ISO 8601 in UTC: the first `pulumi up` after it does so.
     * Known where {@link lastRotation} is and that generation is registered.
     */
    declare readonly overlapEnds: pulumi.Output<string | undefined>;

    constructor(name: string, args: RotatingWebhookArgs, opts?: pulumi.ComponentResourceOptions) {
        const outputs = {
            secret: undefined,
            secrets: undefined,
            ids: undefined,
            lastRotation: undefined,
            nextRotation: undefined,
            overlapEnds: undefined,
        };
        const schedule = args?.schedule ?? scheduleOf(args?.generations);
        super(rotatingType, name, { ...outputs, ...args, schedule }, opts, true);
        // What is not known comes as null.
        this.lastRotation = this.lastRotation.apply((known) => known ?? undefined);
        this.nextRotation = this.nextRotation.apply((known) => known ?? undefined);
        this.overlapEnds = this.overlapEnds.apply((known) => known ?? undefined);
    }
}

/**
 * Proves inside of `pulumi up` that receivers accept their secrets, and reject a wrong one. Put it after the receivers'
 * deployment by `dependsOn`. It takes the same provider as the webhook: only so does it let an older generation go.
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions/native";
 *
 * const url = "https://api.example.com/hooks/captions";
 * const webhook = new captions.Webhook("renders", { url, enabledEvents: ["creator.success"] });
 * new captions.DeliveryCheck("renders", { url, secrets: [webhook.secret] });
 * ```
 */
export class DeliveryCheck extends pulumi.CustomResource {
    /** When the receivers were last seen to accept each secret, ISO 8601. */
    declare readonly provenAt: pulumi.Output<string>;

    constructor(name: string, args: DeliveryCheckArgs, opts?: pulumi.CustomResourceOptions) {
        const inputs = { provenAt: undefined, ...args, secrets: pulumi.secret(args?.secrets) };
        super("captions:index:DeliveryCheck", name, inputs, moved(opts, "DeliveryCheck"));
    }

    /** Whether a value is a {@link DeliveryCheck}, also one of another copy of this package. */
    static override isInstance(value: unknown): value is DeliveryCheck {
        return hasType(value, "captions:index:DeliveryCheck");
    }
}

/** A webhook as the API lists it, without its secret. */
export interface WebhookInfo {
    readonly id: string;
    readonly url: string;
    readonly enabledEvents: readonly string[];
}

/** The names of the events that a webhook can be notified of. One call, at every preview and update. */
export function getEvents(opts?: pulumi.InvokeOptions): pulumi.Output<string[]> {
    return ask<{ events: string[] }>("getEvents", {}, opts).events;
}

/** All webhooks of the account, without their secrets. One call, at every preview and update. */
export function getWebhooks(opts?: pulumi.InvokeOptions): pulumi.Output<WebhookInfo[]> {
    return ask<{ webhooks: WebhookInfo[] }>("getWebhooks", {}, opts).webhooks;
}

/**
 * A webhook that something else manages, by its id or by its URL. Its secret is a Pulumi secret.
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions/native";
 *
 * export const secret = captions.getWebhook({ url: "https://api.example.com/hooks/legacy" }).secret;
 * ```
 */
export function getWebhook(
    args: { id?: pulumi.Input<string>; url?: pulumi.Input<string> },
    opts?: pulumi.InvokeOptions,
): pulumi.Output<{ id: string; url: string; enabledEvents: string[]; secret: string }> {
    return ask("getWebhook", args, opts);
}

function ask<T>(name: string, args: pulumi.Inputs, opts: pulumi.InvokeOptions | undefined): pulumi.Output<T> {
    return pulumi.runtime.invokeOutput<T>(`captions:index:${name}`, args, opts);
}

/**
 * By the alias, a state of the dynamic front goes on here without a change at the API. Nothing here names a version, as
 * the engine starts a process for each: what is new after an upgrade and what is dropped in the same run belong in one.
 */
function moved(opts: pulumi.CustomResourceOptions | undefined, type: string): pulumi.CustomResourceOptions {
    const alias = { type: `pulumi-nodejs:dynamic/captions:${type}` };
    return pulumi.mergeOptions({ aliases: [alias] }, opts);
}

function hasType(value: unknown, type: string): boolean {
    return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === type;
}
