import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();
const today = config.get("today");

/** The names of the generations that are valid today, newest first. */
export const generations = captions.generations({
    every: config.get("every") ?? "90d",
    overlap: config.get("overlap") ?? "7d",
    ...(today !== undefined && { now: new Date(today) }),
});

const webhook = new captions.RotatingWebhook("renders", {
    url: config.get("url") ?? "https://api.example.com/hooks/captions",
    enabledEvents: ["creator.success", "creator.failure"],
    generations,
});

/** All secrets that receivers have to accept, newest first. */
export const secrets = webhook.secrets;
export const webhookIds = webhook.ids;
