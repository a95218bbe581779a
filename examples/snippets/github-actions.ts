import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();

const webhook = new captions.RotatingWebhook("renders", {
    url: "https://api.example.com/hooks/captions",
    enabledEvents: ["creator.success", "creator.failure"],
    generations: captions.generations({ every: "90d", overlap: "7d" }),
});

// For a workflow that deploys the receiver: ${{ secrets.CAPTIONS_WEBHOOK_SECRETS }}
new github.ActionsSecret("webhook-secrets", {
    repository: config.require("repository"),
    secretName: "CAPTIONS_WEBHOOK_SECRETS",
    value: pulumi.jsonStringify(webhook.secrets),
});
