import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();

export const url = config.require("url");
const webhook = new captions.RotatingWebhook("renders", {
    url,
    enabledEvents: ["creator.success", "creator.failure"],
    generations: config.get("generations")?.match(/[\w.:-]+/g) ?? captions.generations({ every: "90d", overlap: "7d" }),
});
export const secrets = webhook.secrets;

const secret = new gcp.secretmanager.Secret("webhook-secrets", {
    secretId: `captions-webhook-secrets-${pulumi.getStack()}`,
    replication: { auto: {} },
    // A version that somebody destroys can be restored for a week.
    versionDestroyTtl: "604800s",
});
new gcp.secretmanager.SecretIamMember("receiver", {
    secretId: secret.id,
    role: "roles/secretmanager.secretAccessor",
    member: `serviceAccount:${config.require("receiverServiceAccount")}`,
});
// A version never changes: other secrets are a new version. The old one stays readable, because `latest` may mean it
// for some more minutes, and because a service may be pinned to its number.
const version = new gcp.secretmanager.SecretVersion("webhook-secrets", {
    secret: secret.id,
    secretData: pulumi.jsonStringify(webhook.secrets),
    deletionPolicy: "ABANDON",
});
export const secretVersion = version.version;

// The receiver takes other secrets only later. So when an older generation is dropped, it must accept the next one
// first, or nothing is deleted.
const oldest = [...webhook.webhooks.values()].slice(-1).map(({ secret }) => secret);
if (config.getBoolean("deliveryCheck") !== false) {
    new captions.DeliveryCheck("receiver", { url, secrets: oldest });
}
