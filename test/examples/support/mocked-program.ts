// Runs a Pulumi program under Pulumi's mocks, which are global, so in a process of its own (see ./mocks.ts):
// `mocked-program.ts <program's folder or file> <its configuration as JSON>` prints what it declared as JSON.
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { getMonitor } from "@pulumi/pulumi/runtime/settings";
import type { Declared, Found } from "./mocks";

/** How Pulumi's protocol marks a secret (`@pulumi/pulumi/runtime/rpc`). */
const mark = "4dabf18193072939515e22adb298388d";
const secretMark = "1b47061264138c4ac30d75fd1eb44270";

const [, , program = "", configuration = "{}"] = process.argv;
const secrets = new Map<string, string>();
const resources: { type: string; name: string; inputs: Record<string, unknown> }[] = [];

/** A secret of a webhook, marked as the engine marks it, because of the resource's `additionalSecretOutputs`. */
function secretOf(name: string): pulumi.Output<string> {
    const secret = secrets.get(name) ?? `whsec_${name}_${secrets.size}_2f9a41c07b`;
    secrets.set(name, secret);
    return pulumi.secret(secret);
}

const outputsOf: Record<string, (name: string) => Record<string, unknown>> = {
    "pulumi-nodejs:dynamic/captions:Webhook": (name) => ({ secret: secretOf(name), secretVersion: 1 }),
    "pulumi:pulumi:StackReference": () => ({
        outputs: { secrets: pulumi.secret([secretOf("newer"), secretOf("older")]) },
        secretOutputNames: ["secrets"],
    }),
    "gcp:secretmanager/secretVersion:SecretVersion": () => ({ version: "1" }),
    // Pulumi's own naming, where a program leaves it to Pulumi.
    "kubernetes:core/v1:Secret": (name) => ({ metadata: { name: `${name}-7c41d0` } }),
    "aws:lambda/functionUrl:FunctionUrl": () => ({ functionUrl: "https://x.lambda-url.eu-west-1.on.aws/" }),
};

const mocks = pulumi.runtime.setMocks(
    {
        newResource: ({ type, name, inputs, id }) => {
            resources.push({ type, name, inputs });
            const outputs = outputsOf[type]?.(name) ?? {};
            const arn = `arn:mock:${name}`;
            return { id: id || `${name}-id`, state: { name, arn, ...inputs, ...outputs } };
        },
        call: ({ inputs }) => inputs,
    },
    "project",
    "test",
);

/** What each resource waits for; both as `<type>::<name>`. */
const dependencies = new Map<string, string[]>();

interface Registration {
    getType(): string;
    getName(): string;
    getDependenciesList(): string[];
}

/** Notes what is in the requests and not handed to mocks. */
function watchRegistrations(): void {
    const monitor = getMonitor() as unknown as {
        registerResource(request: Registration, ...rest: unknown[]): unknown;
    };
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, ...rest) => {
        const waitsFor = request.getDependenciesList().map((urn) => urn.split("::").slice(-2).join("::"));
        dependencies.set(`${request.getType()}::${request.getName()}`, waitsFor);
        return register(request, ...rest);
    };
}

async function main(): Promise<void> {
    await mocks;
    watchRegistrations();
    const config: Record<string, string> = JSON.parse(configuration);
    pulumi.runtime.setAllConfig(
        Object.fromEntries(Object.entries(config).map(([key, value]) => [`project:${key}`, value])),
    );
    const exported: Record<string, unknown> = require(resolve(program));
    const outputs: Declared["outputs"] = {};
    for (const [name, value] of Object.entries(exported)) {
        const output = pulumi.output(value);
        outputs[name] = { value: await promiseOf(output), isSecret: await pulumi.isSecret(output) };
    }
    await pulumi.runtime.disconnect();
    const declared: Declared = {
        resources: await Promise.all(
            resources.map(async ({ type, name, inputs }) => {
                const settled = (await settle(inputs)) as Record<string, unknown>;
                const waitsFor = dependencies.get(`${type}::${name}`) ?? [];
                return { type, name, inputs: settled, dependencies: waitsFor, secretsAt: search(settled) };
            }),
        ),
        outputs,
        secrets: [...secrets.values()],
    };
    process.stdout.write(`\n${JSON.stringify(declared)}`);
}

function promiseOf<T>(output: pulumi.Output<T>): Promise<T> {
    return new Promise((done) => {
        output.apply(done);
    });
}

/** With what promises hold in their place: assets keep their texts in them. */
async function settle(value: unknown): Promise<unknown> {
    const known = await value;
    if (typeof known !== "object" || known === null) return known;
    if (Array.isArray(known)) return Promise.all(known.map(settle));
    const entries = Object.entries(known).map(async ([key, inner]) => [key, await settle(inner)]);
    return Object.fromEntries(await Promise.all(entries));
}

/** Where the webhooks' secrets stand in a resource's inputs, and whether they are marked there. */
function search(value: unknown, path: string[] = [], marked = false): Found[] {
    if (typeof value === "string") {
        const found = [...secrets.values()].filter((secret) => value.includes(secret));
        return found.length > 0 ? [{ path: path.join("."), text: value, marked }] : [];
    }
    if (typeof value !== "object" || value === null) return [];
    if ((value as Record<string, unknown>)[mark] === secretMark) {
        return search((value as { value: unknown }).value, path, true);
    }
    return Object.entries(value).flatMap(([key, inner]) => search(inner, [...path, key], marked));
}

main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
});
