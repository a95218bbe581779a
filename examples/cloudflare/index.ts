import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { buildSync } from "esbuild";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();
const accountId = config.require("accountId");
const hostname = config.require("hostname");

/** Where `pulumi-captions deliver` sends its tests. */
export const url = `https://${hostname}/captions`;

const webhook = new captions.RotatingWebhook("renders", {
    url,
    enabledEvents: ["creator.success", "creator.failure"],
    generations: config.get("generations")?.match(/[\w.:-]+/g) ?? captions.generations({ every: "90d", overlap: "7d" }),
});

const worker = new cloudflare.WorkersScript("receiver", {
    accountId,
    // By stack: an upload replaces the Worker of this name with its secrets, whichever stack it belongs to.
    scriptName: `captions-receiver-${pulumi.getStack()}`,
    mainModule: "worker.js",
    content: bundle(),
    compatibilityDate: "2025-09-01",
    // Secrets that were set elsewhere (`wrangler secret put`) stay: an upload removes all bindings that it does not
    // name.
    keepBindings: ["secret_text"],
    bindings: [{ name: "CAPTIONS_WEBHOOK_SECRETS", type: "secret_text", text: pulumi.jsonStringify(webhook.secrets) }],
});

const domain = new cloudflare.WorkersCustomDomain("receiver", {
    accountId,
    zoneId: config.require("zoneId"),
    hostname,
    service: worker.scriptName,
});

// Nothing is deleted in a run in which the Worker rejects one of its secrets.
if (config.getBoolean("deliveryCheck") !== false) {
    new captions.DeliveryCheck("receiver", { url, secrets: webhook.secrets }, { dependsOn: [worker, domain] });
}

function bundle(): string {
    const { outputFiles } = buildSync({
        entryPoints: [`${__dirname}/worker.ts`],
        bundle: true,
        format: "esm",
        target: "es2022",
        write: false,
    });
    return outputFiles[0]?.text ?? "";
}
