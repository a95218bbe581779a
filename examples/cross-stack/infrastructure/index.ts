import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();
const generations = config.get("generations")?.match(/[\w.:-]+/g);

/** Where `pulumi-captions deliver` sends its tests. */
export const url = config.require("url");

const webhook = new captions.RotatingWebhook("renders", {
    url,
    enabledEvents: ["creator.success", "creator.failure"],
    // Newest first, such as `second,first`. To rotate, put a new name in front; when the receiver has the new secret,
    // remove the old one.
    generations: generations ?? ["first"],
});

// From the first rotation on. During an overlap the oldest generation is one that the receiver knows; when it is
// dropped, the receiver must accept the next one first, or nothing is deleted.
const oldest = [...webhook.webhooks.values()].slice(-1).map(({ secret }) => secret);
if (generations && config.getBoolean("deliveryCheck") !== false) {
    new captions.DeliveryCheck("receiver", { url, secrets: oldest });
}

export const secrets = webhook.secrets;
