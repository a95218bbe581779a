import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions/native";

const config = new pulumi.Config();
const receiver = config.require("receiver");

const failures = new captions.Webhook("failures", {
    url: `${receiver}/captions/failures`,
    enabledEvents: ["creator.failure"],
});

const renders = new captions.RotatingWebhook("renders", {
    url: `${receiver}/captions/renders`,
    enabledEvents: ["creator.success"],
    // A new generation every 90 days, and the one before it for 7 days more.
    schedule: { every: "90d", overlap: "7d" },
});

// Here goes what deploys the receiver with renders.secrets; name it in the check's `dependsOn`.
new captions.DeliveryCheck("renders-accepted", {
    url: `${receiver}/captions/renders`,
    secrets: renders.secrets,
    steadySeconds: config.requireNumber("steadySeconds"),
});

export const failuresSecret = failures.secret;
export const rendersSecrets = renders.secrets;
export const nextRotation = renders.nextRotation;
