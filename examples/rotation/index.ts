import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();

/** Where `pulumi-captions deliver` sends its tests. */
export const url = config.require("url");

/** The names of the generations that are valid today, newest first; by hand where a secret has leaked. */
export const generations =
    config.get("generations")?.match(/[\w.:-]+/g) ??
    captions.generations({
        every: config.get("every") ?? "90d",
        overlap: config.get("overlap") ?? "7d",
        now: today(),
    });

const webhook = new captions.RotatingWebhook("renders", {
    url,
    enabledEvents: ["creator.success", "creator.failure"],
    generations,
});

// During an overlap the oldest generation is one that receivers know, so nothing is asked. When it is dropped, they
// must accept the next one first, or nothing is deleted.
const oldest = [...webhook.webhooks.values()].slice(-1).map(({ secret }) => secret);
if (config.getBoolean("deliveryCheck") !== false) {
    new captions.DeliveryCheck("receivers", { url, secrets: oldest });
}

/** All secrets that receivers have to accept, newest first. */
export const secrets = webhook.secrets;
export const webhookIds = webhook.ids;

/**
 * PREVIEW_DATE moves the date of previews only: an update for another day would really register and delete webhooks.
 */
function today(): Date {
    const text = process.env.PREVIEW_DATE;
    if (!text) return new Date();
    const date = /^2\d{3}-\d{2}-\d{2}$/.test(text) ? new Date(text) : new Date(Number.NaN);
    if (Number.isNaN(date.getTime()) || !date.toISOString().startsWith(text)) {
        fail(`PREVIEW_DATE: "${text}" is not a date. Write it like 2027-03-04.`);
    }
    if (!pulumi.runtime.isDryRun()) {
        fail("PREVIEW_DATE is set, and only works with `pulumi preview`. Unset it, then run `pulumi up` again.");
    }
    return date;
}

/** Stops the program with a message. Without a stack: Pulumi takes half a minute to print one on Node.js 20 and 22. */
function fail(message: string): never {
    throw Object.assign(new pulumi.RunError(message), { stack: "" });
}
