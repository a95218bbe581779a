import * as pulumi from "@pulumi/pulumi";
import {
    type RotationSchedule,
    rotatingInputs,
    rotatingType,
    rotationOf,
    scheduleOf,
    unknownProperty,
    withGeneration,
} from "../generations";
import { generationOf, Webhook, type WebhookArgs } from "./webhook";

/** The inputs of a {@link RotatingWebhook}. */
export interface RotatingWebhookArgs
    extends Pick<WebhookArgs, "url" | "enabledEvents" | "account" | "allowDuplicateUrl"> {
    /**
     * The names of the generations that are registered at once, newest first; each is one webhook with its own secret.
     * Default: those that {@link generations} gives for `schedule` at this moment; one of the two is required.
     */
    generations?: readonly string[] | undefined;
    /**
     * How often the secret is rotated, and for how long the one before stays valid: like `{ every: "90d", overlap: "7d"
     * }`. A nightly `pulumi up` then rotates by itself. Together with `generations` it only tells when the next one
     * begins; a list from {@link generations} brings its schedule along.
     */
    schedule?: RotationSchedule | undefined;
    /**
     * Gives each generation a URL of its own by adding `generation=<name>` to the query, for an API that rejects or
     * merges two webhooks on one URL. Default: `false`.
     */
    distinctUrls?: boolean | undefined;
    /**
     * Deletes generations that are no longer named also in the run in which their successor is registered. Deliveries
     * are lost then until receivers know the new secret: for a secret that has leaked. Default: `false`, such a run
     * keeps the last generation that receivers know, says so and fails, unless a {@link DeliveryCheck} has proven that
     * they know the new one.
     */
    dropAtOnce?: boolean | undefined;
    /** For a generation by its name: the webhook to take over when it is created, as {@link WebhookArgs.adopt} says. */
    adopt?: Readonly<Record<string, pulumi.Input<string | boolean>>> | undefined;
}

/**
 * A webhook whose secret is rotated without losing a delivery: several generations of it are registered at once, each
 * with its own secret. To rotate, prepend a name (`pulumi up`), let every receiver take {@link secrets}, drop the old
 * name (`pulumi up`). While two are registered each event arrives once for each: receivers tell repeats by
 * `operationId` and `event`.
 *
 * A generation that is no longer the newest keeps the URL and the events that it was declared with. A change of them is
 * applied to the new generation if one is added in the same change; otherwise the newest generation is updated in
 * place, which rotates its secret immediately.
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions";
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
    readonly secret: pulumi.Output<string>;
    /** All secrets that are valid now, newest first: what receivers accept. */
    readonly secrets: pulumi.Output<string[]>;
    /** The webhooks' ids, newest first. */
    readonly ids: pulumi.Output<string[]>;
    /** The generations by name, newest first. */
    readonly webhooks: ReadonlyMap<string, Webhook>;
    /**
     * When the newest generation began, ISO 8601 in UTC. Known where there is a schedule and the newest name is one of
     * it.
     */
    readonly lastRotation: pulumi.Output<string | undefined>;
    /**
     * When the next generation begins, ISO 8601 in UTC: the first `pulumi up` after it rotates. Known where there is a
     * schedule.
     */
    readonly nextRotation: pulumi.Output<string | undefined>;
    /**
     * When the generation before the newest is to be dropped, ISO 8601 in UTC: the first `pulumi up` after it does so.
     * Known where {@link lastRotation} is and that generation is registered.
     */
    readonly overlapEnds: pulumi.Output<string | undefined>;

    /**
     * @throws RunError where `generations` is empty or has a name twice, `schedule` is none, or there is no such input
     */
    constructor(name: string, args: RotatingWebhookArgs, opts?: pulumi.ComponentResourceOptions) {
        super(rotatingType, name, {}, opts);
        const {
            generations,
            schedule = scheduleOf(generations),
            distinctUrls = false,
            dropAtOnce = false,
            adopt,
            ...inputs
        } = args ?? {};
        // A program in JavaScript, or one that has an output at hand, gets a sentence instead of a crash.
        const rotation =
            // Not offered, but passed on to each generation: to take it out again would rotate all of their secrets.
            unknownProperty({ ...args, rotateWhenChanged: undefined }, [...rotatingInputs, "account"]) ??
            rotationOf({ generations, schedule }, Object.keys(adopt ?? {}));
        if (typeof rotation === "string") throw new pulumi.RunError(`RotatingWebhook "${name}": ${rotation}`);
        const { names, times } = rotation;

        // The oldest comes first, and each is told the ids of those before it: so a new one knows which webhooks on
        // this URL are its siblings', and passes over no other.
        const webhooks = new Map<string, Webhook>();
        for (const [index, generation] of [...names].reverse().entries()) {
            const url = distinctUrls
                ? pulumi.output(inputs.url).apply((base) => withGeneration(base, generation))
                : inputs.url;
            const older = [...webhooks.values()];
            // With a URL of its own for each, there is no other generation's webhook on it.
            const newer = distinctUrls ? 0 : names.length - 1 - index;
            const isNewest = generation === names[0];
            const siblings = { ids: older.map(({ id }) => id), newer, isNewest };
            const webhook = new Webhook(
                `${name}-${generation}`,
                { ...inputs, url, adopt: adopt?.[generation], [generationOf]: { siblings, dropAtOnce } },
                {
                    parent: this,
                    dependsOn: older,
                    ignoreChanges: isNewest ? [] : ["url", "enabledEvents"],
                },
            );
            webhooks.set(generation, webhook);
        }
        const newestFirst = [...webhooks].reverse();
        this.webhooks = new Map(newestFirst);
        this.secrets = pulumi.all(newestFirst.map(([, webhook]) => webhook.secret));
        this.secret = this.secrets.apply(([newest]) => newest as string);
        this.ids = pulumi.all(newestFirst.map(([, webhook]) => webhook.id));
        this.lastRotation = pulumi.output(times.lastRotation);
        this.nextRotation = pulumi.output(times.nextRotation);
        this.overlapEnds = pulumi.output(times.overlapEnds);
        this.registerOutputs({ secret: this.secret, secrets: this.secrets, ids: this.ids, ...times });
    }
}
