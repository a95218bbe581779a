import * as authorization from "@pulumi/azure-native/authorization";
import * as keyvault from "@pulumi/azure-native/keyvault";
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

const secret = new keyvault.Secret("webhook-secrets", {
    resourceGroupName: config.require("resourceGroup"),
    vaultName: config.require("vault"),
    secretName: `captions-webhook-secrets-${pulumi.getStack()}`,
    properties: { value: pulumi.jsonStringify(webhook.secrets), contentType: "application/json" },
});

// "Key Vault Secrets User": may read this secret, and no other one of the vault.
const { subscriptionId } = authorization.getClientConfigOutput();
new authorization.RoleAssignment("receiver", {
    principalId: config.require("receiverPrincipalId"),
    principalType: "ServicePrincipal",
    roleDefinitionId: pulumi.interpolate`/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6`,
    scope: secret.id,
});

// The receiver takes other secrets only later. So when an older generation is dropped, it must accept the next one
// first, or nothing is deleted.
const oldest = [...webhook.webhooks.values()].slice(-1).map(({ secret }) => secret);
if (config.getBoolean("deliveryCheck") !== false) {
    new captions.DeliveryCheck("receiver", { url, secrets: oldest });
}
