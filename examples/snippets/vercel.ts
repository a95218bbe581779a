import * as pulumi from "@pulumi/pulumi";
import * as vercel from "@pulumiverse/vercel";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();

const webhook = new captions.RotatingWebhook("renders", {
    url: "https://app.example.com/api/captions",
    enabledEvents: ["creator.success", "creator.failure"],
    generations: captions.generations({ every: "90d", overlap: "7d" }),
});

// A deployment sees the value that was there when it was made: deploy again before an old generation goes.
new vercel.ProjectEnvironmentVariable("webhook-secrets", {
    projectId: config.require("vercelProject"),
    key: "CAPTIONS_WEBHOOK_SECRETS",
    value: pulumi.jsonStringify(webhook.secrets),
    targets: ["production"],
    sensitive: true,
});
