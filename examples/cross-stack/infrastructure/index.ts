import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();

/** Where `pulumi-captions deliver` sends its tests. */
export const url = config.require("url");

const webhook = new captions.RotatingWebhook("renders", {
    url,
    enabledEvents: ["creator.success", "creator.failure"],
    // To rotate, put a new name in front; when the receiver has the new secret, take the old name away.
    generations: config.getObject<string[]>("generations") ?? ["first"],
});

export const secrets = webhook.secrets;
