import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();

/** Where Captions delivers to, and `pulumi-captions deliver` its test deliveries. */
export const url = config.require("url");

const webhook = new captions.RotatingWebhook("renders", {
    url,
    enabledEvents: config.requireObject<string[]>("enabledEvents"),
    // The nightly deployment registers another generation every 90 days, and deletes the one before 7 days later.
    generations: captions.generations({ every: "90d", overlap: "7d" }),
});

// During an overlap the oldest generation is one that receivers know, so nothing is asked. When it is dropped, they
// must accept the next one first, or nothing is deleted.
const oldest = [...webhook.webhooks.values()].slice(-1).map(({ secret }) => secret);
if (config.getBoolean("deliveryCheck") !== false) {
    new captions.DeliveryCheck("receivers", { url, secrets: oldest });
}

/**
 * All secrets that receivers have to accept, newest first: hand them to your receivers here, or let them take this
 * output.
 */
export const secrets = webhook.secrets;
