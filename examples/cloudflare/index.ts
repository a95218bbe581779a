import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { buildSync } from "esbuild";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();
const accountId = config.require("accountId");
const hostname = config.require("hostname");

const webhook = new captions.RotatingWebhook("renders", {
    url: `https://${hostname}/captions`,
    enabledEvents: ["creator.success", "creator.failure"],
    generations: config.getObject<string[]>("generations") ?? captions.generations({ every: "90d", overlap: "7d" }),
});

const worker = new cloudflare.WorkersScript("receiver", {
    accountId,
    scriptName: "captions-receiver",
    mainModule: "worker.js",
    content: bundle(),
    compatibilityDate: "2025-09-01",
    bindings: [{ name: "CAPTIONS_WEBHOOK_SECRETS", type: "secret_text", text: pulumi.jsonStringify(webhook.secrets) }],
});

new cloudflare.WorkersCustomDomain("receiver", {
    accountId,
    zoneId: config.require("zoneId"),
    hostname,
    service: worker.scriptName,
});

export const url = `https://${hostname}/captions`;

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
