import * as pulumi from "@pulumi/pulumi";
import { ownerOf } from "./host-inputs";
import { parentsOf } from "./webhook";

/** The inputs of a {@link DeliveryCheck}. */
export interface DeliveryCheckArgs {
    /** The receiver's URL, or those of several services: each must accept each secret. */
    url: pulumi.Input<string | pulumi.Input<string>[]>;
    /** The secrets that receivers must accept: `secrets` of a RotatingWebhook, or `[webhook.secret]`. */
    secrets: pulumi.Input<pulumi.Input<string>[]>;
    /** How long to wait for the first right answers, in seconds; `steadySeconds` come on top. Default: 300. */
    waitSeconds?: pulumi.Input<number> | undefined;
    /**
     * For how many seconds every answer must be right, round after round, as one good answer proves one instance of
     * what may be several behind a load balancer. Default: 60, and 0 for the first check of a single secret.
     */
    steadySeconds?: pulumi.Input<number> | undefined;
    /**
     * How many instances of each receiver must have accepted each secret. They are told apart by the response header
     * `Captions-Receiver-Instance`, which `createReceiver` sets with its option `instance`. Default: they are not
     * counted.
     */
    instances?: pulumi.Input<number> | undefined;
    /** Any change of these values runs the check again, such as the version of a deployment. */
    triggers?: pulumi.Input<Record<string, pulumi.Input<string | number | boolean>>> | undefined;
}

/**
 * Proves inside of `pulumi up` that receivers accept their secrets: it sends a harmless test delivery (event
 * `pulumi-captions.test`) with each secret, which must be accepted, and one with a wrong secret, which must be
 * rejected. Put it after the receivers' deployment by `dependsOn`. `up` fails with what was seen unless every answer is
 * right in time.
 *
 * Pulumi deletes only after everything else of a run succeeded. So an older generation of a RotatingWebhook, and the
 * old half of a replacement, stay registered as long as receivers do not accept the new secret.
 *
 * It runs again when a secret, a URL or `triggers` change, never in a preview, and never calls the API. The state has
 * no secret, only the versions that were proven.
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions";
 *
 * const url = "https://api.example.com/hooks/captions";
 * const webhook = new captions.RotatingWebhook("renders", {
 *     url,
 *     enabledEvents: ["creator.success", "creator.failure"],
 *     generations: captions.generations({ every: "90d", overlap: "7d" }),
 * });
 * // Here the receivers are deployed with `webhook.secrets`; then, with `{ dependsOn: [theDeployment] }`:
 * new captions.DeliveryCheck("renders", { url, secrets: webhook.secrets });
 * ```
 */
export class DeliveryCheck extends pulumi.CustomResource {
    /** When the receivers were last seen to accept each secret, ISO 8601. */
    declare readonly provenAt: pulumi.Output<string>;

    /** @param name the resource's name in the program */
    constructor(name: string, args: DeliveryCheckArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            typeToken,
            name,
            {
                provenAt: undefined,
                ...args,
                // Also where a program hands over plain texts: they are in the engine's hands until `check` has seen
                // them.
                secrets: pulumi.secret(args?.secrets),
                __provider: deliveryCheckText,
                __owner: ownerOf(name, parentsOf(opts?.parent)),
            },
            opts,
        );
    }

    /** Whether a value is a {@link DeliveryCheck}, also one of another copy of this package. */
    static override isInstance(value: unknown): value is DeliveryCheck {
        return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === typeToken;
    }
}

/** The type that Pulumi's dynamic provider host serves. In every user's state, so it stays. */
const typeToken = "pulumi-nodejs:dynamic/captions:DeliveryCheck";

/** What is stored in the state in place of a provider's code. In every user's state, so it stays. */
export const deliveryCheckText = 'exports.handler = () => require("pulumi-captions/provider").deliveryCheck;';
