import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const webhook = new captions.RotatingWebhook("renders", {
    url: "https://api.example.com/hooks/captions",
    enabledEvents: ["creator.success", "creator.failure"],
    generations: captions.generations({ every: "90d", overlap: "7d" }),
});

const secret = new gcp.secretmanager.Secret("webhook-secrets", {
    secretId: "captions-webhook-secrets",
    replication: { auto: {} },
});
// A version never changes: other secrets are a new one, and the old one is destroyed. Receivers read `latest`.
new gcp.secretmanager.SecretVersion("webhook-secrets", {
    secret: secret.id,
    secretData: pulumi.jsonStringify(webhook.secrets),
});
