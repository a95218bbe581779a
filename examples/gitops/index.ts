import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as captions from "pulumi-captions";

const config = new pulumi.Config();
const stack = pulumi.getStack();

/** For each stack, the names of the generations that are registered at once, newest first. Only commits change them. */
const generations: Readonly<Record<string, string[]>> = JSON.parse(
    readFileSync(`${__dirname}/generations.json`, "utf8"),
);

const webhook = new captions.RotatingWebhook("renders", {
    url: config.require("url"),
    enabledEvents: config.requireObject<string[]>("enabledEvents"),
    generations: generations[stack] ?? [],
});

/** Where `pulumi-captions deliver` sends its test deliveries. */
export const url = config.require("url");
/** All secrets that receivers have to accept, newest first: hand them to your receivers here, or take them from this output. */
export const secrets = webhook.secrets;
