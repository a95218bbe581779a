import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { expect, test } from "vitest";
import manifest from "../../package.json";
import { defaultLimits } from "../../provider/api/limits";
import { Accounts, defaultBaseUrl } from "../../provider/configuration";
import { check, inputNames, knownEvents, Proofs } from "../../provider/lifecycle";
import { defaultSteadySeconds, defaultWaitSeconds, deliveryCheckSchema } from "../../provider/lifecycle/delivery-check";
import { settings } from "../../provider/native/configuration";
import { functionsOf } from "../../provider/native/functions";
import { constructRotatingWebhook } from "../../provider/native/rotating-webhook";
import schema from "../../provider/native/schema.json";
import { structOf } from "../../provider/native/values";
import { Session } from "../../provider/session";

// What programs see of the schema, inputs, outputs and functions of `pulumi-captions/native`, is compared by the
// compiler:
// test/types/native.test-d.ts.

const silent = () => undefined;
const { "captions:index:Webhook": webhook, "captions:index:RotatingWebhook": rotating } = schema.resources;
const { "captions:index:DeliveryCheck": deliveryCheck } = schema.resources;

test("the schema has the package's version", () => {
    expect(schema.version).toBe(manifest.version);
});

test("a webhook has the inputs of the lifecycle; an account is a provider", async () => {
    const inputs = inputNames.filter((name) => name !== "account");
    expect(Object.keys(webhook.inputProperties).sort()).toEqual([...inputs].sort());
    const failures = await check({}, {}, { accounts: [], listEvents: async () => undefined, notify: silent });
    expect(failures.map((failure) => failure.split(":")[0])).toEqual(webhook.requiredInputs);
});

test("the events that it offers are those that are known", () => {
    expect(schema.types["captions:index:WebhookEvent"].enum.map(({ value }) => value)).toEqual([...knownEvents]);
});

test("a rotating webhook has the inputs that the plugin takes", async () => {
    const request = new ConstructRequest().setName("renders").setMonitorendpoint("127.0.0.1:1");
    const stray = constructRotatingWebhook(request.setInputs(structOf({ misspelt: "x" })), undefined);
    const message = await stray.then(String, String);
    const [, taken = ""] = /unknown property; there are (.*)$/.exec(message) ?? [];
    expect(taken.split(", ").sort()).toEqual(Object.keys(rotating.inputProperties).sort());
});

test("a delivery check has the inputs that the lifecycle takes", () => {
    const { entries } = deliveryCheckSchema;
    expect(Object.keys(deliveryCheck.inputProperties).sort()).toEqual(Object.keys(entries).sort());
    const required = Object.entries(entries).filter(([, { type }]) => type !== "nullish");
    expect(required.map(([name]) => name)).toEqual(deliveryCheck.requiredInputs);
    expect(deliveryCheck.inputProperties.waitSeconds.description).toContain(`Default: ${defaultWaitSeconds}.`);
    expect(deliveryCheck.inputProperties.steadySeconds.description).toContain(`Default: ${defaultSteadySeconds},`);
});

test("the stack's configuration and a provider have the same settings: those that the plugin takes", () => {
    const { variables } = schema.config;
    expect(Object.keys(variables)).toEqual([...settings]);
    expect(schema.provider.inputProperties).toEqual(variables);
    expect(variables.apiKey.secret).toBe(true);
});

test("a setting is taken from the environment variable that the schema names, and has the default that it names", () => {
    const { variables } = schema.config;
    const read: [string, string][] = [];
    let asked = "";
    const get = (name: string): undefined => {
        asked = name;
    };
    const environment = new Proxy({} as Record<string, string>, {
        get: (_, variable) => void read.push([asked, String(variable)]),
    });
    new Accounts(get, environment, silent);
    const named = Object.entries(variables).map(([name, { defaultInfo }]) => [name, ...defaultInfo.environment]);
    expect(read.sort()).toEqual(named.sort());

    const inSeconds = {
        connectTimeoutSeconds: defaultLimits.connectTimeoutMs,
        callTimeoutSeconds: defaultLimits.callTimeoutMs,
        listLagSeconds: defaultLimits.listLagMs,
        waitAtMostSeconds: defaultLimits.maxWaitMs,
    };
    for (const [name, milliseconds] of Object.entries(inSeconds)) {
        const { description } = variables[name as keyof typeof inSeconds];
        expect(description).toContain(`Default: ${milliseconds / 1000}.`);
    }
    expect(variables.baseUrl.description).toContain(`Default: \`${defaultBaseUrl}\`.`);
});

test.each(["README.md", "docs/installation-configuration.md"])(
    "%s lists every setting with its variable and default",
    (page) => {
        const rows = readFileSync(join(__dirname, "../..", page), "utf8").split("\n");
        for (const [name, { description, defaultInfo }] of Object.entries(schema.config.variables)) {
            const row = rows.find((line) => line.startsWith(`| \`captions:${name}\``));
            const byDefault = /Default: (.*)\.$/.exec(description)?.[1] ?? "";
            expect(row).toMatch(new RegExp(`\\| \`${defaultInfo.environment[0]}\` \\| ${byDefault} ?\\|$`));
        }
    },
);

test("the functions are those that the plugin has", () => {
    const accounts = new Accounts(silent, {}, silent);
    const functions = functionsOf(new Session(accounts, silent, new Proofs()), accounts);
    expect(Object.keys(functions).sort()).toEqual(Object.keys(schema.functions).sort());
});

test("every secret is marked, wherever it is", () => {
    const secrets = JSON.stringify(schema, (name, value) => (/^(secrets?|apiKey)$/.test(name) ? mark(value) : value));
    expect(secrets).toContain('"marked"');
    expect(secrets).not.toContain('"not marked"');
});

/** A property; a mark itself is let through. */
function mark(value: unknown): unknown {
    if (typeof value !== "object") return value;
    return (value as { readonly secret?: boolean }).secret === true ? "marked" : "not marked";
}

test.each([...Object.entries(schema.resources), ...Object.entries(schema.functions)])(
    "%s has an example in every language that there is an SDK for",
    (_, { description }) => {
        const languages = [...description.matchAll(/^```(\w+)$/gm)].map(([, language]) => language);
        const sdks = ["typescript", "python", "go", "yaml", "csharp", "java"];
        expect(languages.filter((language) => language !== "sh")).toEqual(sdks);
        // What Pulumi's code generators look for: each SDK shows only the program in its own language.
        expect(description).toMatch(
            /\{\{% examples %\}\}.*\{\{% example %\}\}.*\{\{% \/example %\}\}\n\{\{% \/examples %\}\}/s,
        );
    },
);
