import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { onDay } from "./support/clock";
import { copyExample, root } from "./support/examples";
import { type Declared, inputsOf, runMocked } from "./support/mocks";

const examples = join(root, "examples");

test("all examples and snippets are right by the types of the vendors' published packages", {
    timeout: 300_000,
}, async () => {
    const folder = await copyExample("");
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", folder, "--pretty", "false"]).catch(
        (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
});

/** Every place in all resources where a secret of a webhook stands. */
function places({ resources }: Declared) {
    return resources.flatMap(({ type, secretsAt }) =>
        secretsAt.map(({ path, text, marked }) => ({ type, path, text, marked })),
    );
}

/** All secrets that are valid, newest first, as the stores get them. The oldest webhook is declared first. */
function list({ secrets }: Declared): string {
    return JSON.stringify([...secrets].reverse());
}

const hooks = { url: "https://api.example.com/hooks/captions" };
const two = { generations: '["new", "old"]' };

test.each([
    [
        "kubernetes",
        "kubernetes:core/v1:Secret",
        "stringData.secrets.json",
        { ...two, url: "https://a.example.com/", image: "receiver:1" },
    ],
    ["aws", "aws:secretsmanager/secretVersion:SecretVersion", "secretString", two],
    [
        "cloudflare",
        "cloudflare:index/workersScript:WorkersScript",
        "bindings.0.text",
        { ...two, accountId: "a", zoneId: "z", hostname: "hooks.example.com" },
    ],
    ["snippets/google-secret-manager.ts", "gcp:secretmanager/secretVersion:SecretVersion", "secretData", {}],
    [
        "snippets/azure-key-vault.ts",
        "azure-native:keyvault:Secret",
        "properties.value",
        { resourceGroup: "g", vault: "v" },
    ],
    [
        "snippets/vercel.ts",
        "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable",
        "value",
        { vercelProject: "p" },
    ],
    ["snippets/github-actions.ts", "github:index/actionsSecret:ActionsSecret", "value", { repository: "r" }],
])(
    "%s: the list of all secrets arrives at %s, in %s, marked as a secret, and nowhere else",
    async (path, type, property, config) => {
        const program = path.startsWith("snippets/")
            ? join(await copyExample("snippets"), path.slice(9))
            : await copyExample(path);
        const declared = await runMocked(program, config);
        expect(declared.secrets.length).toBeGreaterThanOrEqual(path.startsWith("snippets/") ? 1 : 2);
        expect(places(declared)).toEqual([{ type, path: property, text: list(declared), marked: true }]);
        for (const { value, isSecret } of Object.values(declared.outputs)) {
            if (declared.secrets.some((secret) => JSON.stringify(value).includes(secret))) expect(isSecret).toBe(true);
        }
    },
);

test("rotation: the generations of the day are declared, and the secrets exported as a secret, newest first", async () => {
    const declared = await runMocked(await copyExample("rotation"), hooks, onDay("2026-09-06"));
    expect(declared.outputs.generations).toEqual({ value: ["2026-09-04", "2026-06-06"], isSecret: false });
    expect(declared.outputs.secrets).toEqual({ value: [...declared.secrets].reverse(), isSecret: true });
    expect(places(declared)).toEqual([]);
});

test("cross-stack: what the one stack exports as a secret arrives in the other's file resource, marked", async () => {
    const infrastructure = await runMocked(await copyExample("cross-stack/infrastructure"), { ...two, ...hooks });
    expect(infrastructure.outputs.secrets).toEqual({ value: [...infrastructure.secrets].reverse(), isSecret: true });

    const receiver = await copyExample("cross-stack/receiver");
    const wired = await runMocked(receiver, { infrastructure: "organization/captions-infrastructure/dev" });
    expect(places(wired)).toEqual([
        { type: "pulumi-nodejs:dynamic:Resource", path: "secrets.0", text: wired.secrets[0], marked: true },
        { type: "pulumi-nodejs:dynamic:Resource", path: "secrets.1", text: wired.secrets[1], marked: true },
    ]);
    const alone = await runMocked(receiver);
    expect(alone.resources.map(({ inputs }) => inputs.secrets)).toEqual([[]]);
});

test("kubernetes: the provider changes a Secret in place, and only `rollOut` ties the pods to the secrets' versions", async () => {
    const folder = await copyExample("kubernetes");
    const config = { ...two, url: "https://a.example.com/", image: "receiver:1" };
    const annotations = async (more: Record<string, string>) => {
        const { resources } = await runMocked(folder, { ...config, ...more });
        expect(inputsOf(resources, "pulumi:providers:kubernetes")).toMatchObject({ enableSecretMutable: "true" });
        const { spec } = inputsOf<{ spec: { template: { metadata: { annotations: unknown } } } }>(
            resources,
            "kubernetes:apps/v1:Deployment",
        );
        return spec.template.metadata.annotations;
    };
    expect(await annotations({})).toEqual({});
    expect(await annotations({ rollOut: "true" })).toEqual({
        "captions/secret-versions": "renders-new-id:1,renders-old-id:1",
    });
});

test("the page about wiring shows the snippets as they are type-checked and run", () => {
    const page = readFileSync(join(root, "docs/wire-the-secret.md"), "utf8");
    const shown = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
    const snippets = readdirSync(join(examples, "snippets")).filter((name) => name.endsWith(".ts"));
    expect(snippets).toHaveLength(4);
    expect(shown.sort()).toEqual(snippets.map((name) => readFileSync(join(examples, "snippets", name), "utf8")).sort());
});
