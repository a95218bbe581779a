import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();

const webhook = new captions.Webhook("renders", {
    url: config.require("url"),
    enabledEvents: config.get("enabledEvents")?.match(/[\w.-]+/g) ?? ["creator.success", "creator.failure"],
});

export const webhookId = webhook.id;
export const url = webhook.url;
export const enabledEvents = webhook.enabledEvents;
export const secretVersion = webhook.secretVersion;
export const secret = webhook.secret;
