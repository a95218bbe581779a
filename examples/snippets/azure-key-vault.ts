import * as keyvault from "@pulumi/azure-native/keyvault";
import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();

const webhook = new captions.RotatingWebhook("renders", {
    url: "https://api.example.com/hooks/captions",
    enabledEvents: ["creator.success", "creator.failure"],
    generations: captions.generations({ every: "90d", overlap: "7d" }),
});

new keyvault.Secret("webhook-secrets", {
    resourceGroupName: config.require("resourceGroup"),
    vaultName: config.require("vault"),
    secretName: "captions-webhook-secrets",
    properties: { value: pulumi.jsonStringify(webhook.secrets), contentType: "application/json" },
});
