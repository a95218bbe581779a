import * as pulumi from "@pulumi/pulumi";
import * as vercel from "@pulumiverse/vercel";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();
const projectId = config.require("vercelProject");

export const url = config.require("url");
const webhook = new captions.RotatingWebhook("renders", {
    url,
    enabledEvents: ["creator.success", "creator.failure"],
    generations: config.get("generations")?.match(/[\w.:-]+/g) ?? captions.generations({ every: "90d", overlap: "7d" }),
});
export const secrets = webhook.secrets;

const variable = new vercel.ProjectEnvironmentVariable("webhook-secrets", {
    projectId,
    key: "CAPTIONS_WEBHOOK_SECRETS",
    value: pulumi.jsonStringify(webhook.secrets),
    targets: ["production"],
    sensitive: true,
});

// A deployment keeps the value that it was made with, so other secrets need another deployment. An id and a count for
// each generation tell when, without showing a secret.
const versions = [...webhook.webhooks.values()].map(
    ({ id, secretVersion }) => pulumi.interpolate`${id}:${secretVersion}`,
);
const deployment = new vercel.Deployment(
    "receiver",
    {
        projectId,
        ref: config.require("ref"), // a branch of the project's Git repository
        production: true,
        meta: { secretVersions: pulumi.all(versions).apply((all) => all.join()) },
    },
    { dependsOn: variable, replaceOnChanges: ["meta"] },
);

// Nothing is deleted in a run in which the deployment rejects one of the secrets, or has failed to build.
if (config.getBoolean("deliveryCheck") !== false) {
    new captions.DeliveryCheck("receiver", { url, secrets: webhook.secrets }, { dependsOn: deployment });
}
