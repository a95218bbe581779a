import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();

/** Where `pulumi-captions deliver` sends its tests. */
export const url = config.require("url");

const webhook = new captions.RotatingWebhook("renders", {
    url,
    enabledEvents: ["creator.success", "creator.failure"],
    // Newest first, such as `second,first`. To rotate, put a new name in front; when the receiver has the new secret,
    // remove the old one.
    generations: config.get("generations")?.match(/[\w.:-]+/g) ?? ["first"],
});

export const secrets = webhook.secrets;
