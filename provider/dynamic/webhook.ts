import * as pulumi from "@pulumi/pulumi";
import type { knownEvents, WebhookInputs } from "../lifecycle";
import { onlySet, ownerOf } from "./host-inputs";

/** The name of an event: the known ones are offered, and any other that the API knows is allowed. */
export type WebhookEvent = (typeof knownEvents)[number] | (string & Record<never, never>);

/** The inputs of a {@link Webhook}. */
export interface WebhookArgs {
    /**
     * Where deliveries are sent: an absolute https URL without user name or fragment (http only for this machine).
     * Another spelling of the same URL is no change.
     */
    url: pulumi.Input<string>;
    /** The events to be notified of. Neither their order nor a doubled one matters. */
    enabledEvents: pulumi.Input<pulumi.Input<WebhookEvent>[]>;
    /**
     * Any change of these values rotates the secret, in place and at once, also when they are first set. Every delivery
     * between that moment and the moment when the receiver knows the new secret is rejected.
     */
    rotateWhenChanged?: pulumi.Input<Record<string, pulumi.Input<string | number | boolean>>> | undefined;
    /**
     * Takes over a webhook that is registered already, with its secret and without rotating it: its id, or `true` for
     * the one that has this URL (and where there is none, a new one is registered). It matters only when the resource
     * is created; removing it later has no effect.
     */
    adopt?: pulumi.Input<string | boolean> | undefined;
    /** Allows a second webhook on a URL, which delivers every event twice. Default: `false`. */
    allowDuplicateUrl?: pulumi.Input<boolean> | undefined;
    /**
     * Which of `captions:accounts` the webhook belongs to. Default: the account of `captions:apiKey`. Another account
     * is another webhook: the new one is registered before the old one is deleted.
     */
    account?: pulumi.Input<string> | undefined;
}

type Subset<A extends B, B> = A;
/** The name of an input. It fails to compile unless users can set exactly what the lifecycle knows. */
export type InputName = Subset<keyof WebhookArgs, keyof WebhookInputs> & Subset<keyof WebhookInputs, keyof WebhookArgs>;

/** How a rotating webhook tells each of its generations what it needs to know of the others. */
export const generationOf: unique symbol = Symbol("generation");

/** What a rotating webhook knows of one of its generations. */
export interface Generation {
    readonly siblings: pulumi.Input<unknown>;
    readonly dropAtOnce: boolean;
}

/**
 * A webhook of the Captions API.
 *
 * @example The simplest use: register one, and hand out its secret.
 * ```ts
 * import * as captions from "pulumi-captions";
 *
 * const webhook = new captions.Webhook("renders", {
 *     url: "https://api.example.com/hooks/captions",
 *     enabledEvents: ["creator.success", "creator.failure"],
 * });
 * export const secret = webhook.secret;
 * ```
 *
 * @example Rotate the secret once a quarter, in place.
 * ```ts
 * import * as captions from "pulumi-captions";
 *
 * new captions.Webhook("renders", {
 *     url: "https://api.example.com/hooks/captions",
 *     enabledEvents: ["creator.success"],
 *     rotateWhenChanged: { quarter: "2026-Q4" },
 * });
 * ```
 *
 * @example Take over a webhook that was registered by hand.
 * ```ts
 * import * as captions from "pulumi-captions";
 *
 * new captions.Webhook("renders", {
 *     url: "https://api.example.com/hooks/captions",
 *     enabledEvents: ["creator.success"],
 *     adopt: "wh_123",
 * });
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
     * 1 at first, and one more whenever the secret changes, so that others can follow it without knowing it. Safe to
     * show. 0 for a webhook read with {@link Webhook.get}, whose changes cannot be counted.
     */
    declare readonly secretVersion: pulumi.Output<number>;

    /**
     * @param name the resource's name in the program
     * @throws Error where `opts.import` is set: dynamic providers cannot import, `adopt` does it
     */
    constructor(
        name: string,
        args: WebhookArgs & { readonly [generationOf]?: Generation },
        opts?: pulumi.CustomResourceOptions,
    ) {
        if (opts?.import !== undefined) {
            throw new pulumi.RunError(
                `Webhook "${name}": the option \`import\` cannot work for this resource (pulumi/pulumi#3550). ` +
                    `Set \`adopt: "<id>"\` in its arguments instead: it takes the webhook over without rotating its secret.`,
            );
        }
        const { replacementTrigger, ...others } = opts ?? {};
        const host = onlySet({
            __provider: providerText,
            __owner: ownerOf(name, parentsOf(opts?.parent)),
            __siblings: args?.[generationOf]?.siblings,
            __dropAtOnce: args?.[generationOf]?.dropAtOnce || undefined,
            __replaceOnChanges: opts?.replaceOnChanges,
            __replacementTrigger: replacementTrigger,
        });
        super(
            typeToken,
            name,
            { secret: undefined, secretVersion: undefined, ...args, ...host },
            pulumi.mergeOptions(others, { additionalSecretOutputs: ["secret"] }),
        );
    }

    /**
     * Reads a webhook that something else manages. It is never changed or deleted.
     *
     * @param id the webhook's id
     * @param state which account it belongs to, if not the default one
     *
     * @example
     * ```ts
     * import * as captions from "pulumi-captions";
     *
     * const existing = captions.Webhook.get("legacy", "wh_456");
     * export const secret = existing.secret;
     * ```
     */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        state: Pick<WebhookArgs, "account"> = {},
        opts?: pulumi.CustomResourceOptions,
    ): Webhook {
        return new Webhook(name, { url: undefined, enabledEvents: undefined, ...state } as unknown as WebhookArgs, {
            ...opts,
            id,
        });
    }

    /** Whether a value is a {@link Webhook}, also one of another copy of this package. */
    static override isInstance(value: unknown): value is Webhook {
        return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === typeToken;
    }
}

/** The resources above a webhook, from the outermost on; the stack itself does not count. */
export function parentsOf(parent: pulumi.Resource | undefined): readonly string[] {
    const { __pulumiType, __name, __parentResource } = (parent ?? {}) as Partial<ResourceInternals>;
    if (__pulumiType === undefined || __pulumiType === "pulumi:pulumi:Stack") return [];
    return [...parentsOf(__parentResource), `${__pulumiType} ${__name}`];
}

/** What Pulumi's Node.js SDK keeps of each resource, and does not declare. */
interface ResourceInternals {
    readonly __pulumiType: string;
    readonly __name: string;
    readonly __parentResource: pulumi.Resource | undefined;
}

/** The type that Pulumi's dynamic provider host serves. In every user's state, so it stays. */
const typeToken = "pulumi-nodejs:dynamic/captions:Webhook";

/**
 * What is stored in the state in place of a provider's code: one line that only points at this package, so that a state
 * of years ago runs the code of today, and nothing is captured. In every user's state, so it stays.
 */
export const providerText = 'exports.handler = () => require("pulumi-captions/provider");';
