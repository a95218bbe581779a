import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { onDay } from "./support/clock";
import { copyExample, root, temporaryFolder } from "./support/examples";
import { type Declared, inputsOf, runMocked } from "./support/mocks";
import { emulatorForTest, Project } from "./support/project";

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

const deliveryCheck = "pulumi-nodejs:dynamic/captions:DeliveryCheck";

/** Every place where a secret of a webhook is stored: of what a DeliveryCheck is given, its state has only versions. */
function places({ resources }: Declared) {
    return resources
        .filter(({ type }) => type !== deliveryCheck)
        .flatMap(({ type, secretsAt }) => secretsAt.map(({ path, text, marked }) => ({ type, path, text, marked })));
}

/** All secrets that are valid, newest first, as the stores get them. The oldest webhook is declared first. */
function list({ secrets }: Declared): string {
    return JSON.stringify([...secrets].reverse());
}

const hooks = { url: "https://api.example.com/hooks/captions" };
/**
 * As one types it; JSON works as well. Neither can be so malformed that the program throws, which Pulumi takes long to
 * show.
 */
const two = { generations: "new, old" };
const google = { ...two, ...hooks, receiverServiceAccount: "receiver@project.iam.gserviceaccount.com" };
const azure = { ...two, ...hooks, resourceGroup: "g", vault: "v", receiverPrincipalId: "p" };
const vercel = { ...two, ...hooks, vercelProject: "p", ref: "main" };
const github = { ...two, ...hooks, repository: "r" };

const ran = new Map<string, Promise<Declared>>();

/**
 * What an example declares with these settings: it is run once, however many tests look at it.
 *
 * @param path an example's folder, or the file of a snippet
 */
function runExample(path: string, config: Readonly<Record<string, string>> = {}): Promise<Declared> {
    const key = JSON.stringify([path, Object.entries(config).sort()]);
    const known = ran.get(key);
    if (known !== undefined) return known;
    const run = async () =>
        path.endsWith(".ts")
            ? runMocked(join(await copyExample("snippets"), basename(path)), config)
            : runMocked(await copyExample(path), config);
    const declared = run();
    ran.set(key, declared);
    return declared;
}

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
    ["snippets/google-secret-manager.ts", "gcp:secretmanager/secretVersion:SecretVersion", "secretData", google],
    ["snippets/azure-key-vault.ts", "azure-native:keyvault:Secret", "properties.value", azure],
    ["snippets/vercel.ts", "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable", "value", vercel],
])(
    "%s: the list of all secrets arrives at %s, in %s, marked as a secret, and nowhere else",
    async (path, type, property, config) => {
        const declared = await runExample(path, config);
        expect(declared.secrets).toHaveLength(2);
        expect(places(declared)).toEqual([{ type, path: property, text: list(declared), marked: true }]);
        for (const { value, isSecret } of Object.values(declared.outputs)) {
            if (declared.secrets.some((secret) => JSON.stringify(value).includes(secret))) expect(isSecret).toBe(true);
        }
    },
);

test.each([
    [
        "kubernetes",
        { ...two, url: "https://a.example.com/", image: "receiver:1", replicas: "3" },
        { url: "https://a.example.com/", instances: 3 },
        ["kubernetes:apps/v1:Deployment::receiver", "kubernetes:core/v1:Service::receiver"],
    ],
    [
        "aws",
        two,
        { url: "https://x.lambda-url.eu-west-1.on.aws/" },
        ["aws:lambda/function:Function::receiver", "aws:secretsmanager/secretVersion:SecretVersion::webhook-secrets"],
    ],
    [
        "cloudflare",
        { ...two, accountId: "a", zoneId: "z", hostname: "hooks.example.com" },
        { url: "https://hooks.example.com/captions" },
        [
            "cloudflare:index/workersScript:WorkersScript::receiver",
            "cloudflare:index/workersCustomDomain:WorkersCustomDomain::receiver",
        ],
    ],
    ["snippets/vercel.ts", vercel, hooks, ["vercel:index/deployment:Deployment::receiver"]],
])(
    "%s: a DeliveryCheck asks the receiver for every secret once it is deployed, unless it is left out",
    async (path, config, inputs, deployed) => {
        const declared = await runExample(path, config);
        const check = declared.resources.find(({ type }) => type === deliveryCheck);
        expect(check?.inputs).toMatchObject(inputs);
        expect(check?.secretsAt.map(({ text, marked }) => [text, marked])).toEqual(
            [...declared.secrets].reverse().map((secret) => [secret, true]),
        );
        expect(check?.dependencies).toEqual(expect.arrayContaining(deployed));
        const without = await runExample(path, { ...config, deliveryCheck: "false" });
        expect(without.resources.map(({ type }) => type)).not.toContain(deliveryCheck);
    },
);

test.each([
    ["rotation", hooks],
    ["cross-stack/infrastructure", hooks],
    ["snippets/google-secret-manager.ts", google],
    ["snippets/azure-key-vault.ts", azure],
    ["snippets/github-actions.ts", github],
])(
    "%s: a DeliveryCheck asks for the secret that receivers know as long as an older generation is there, unless it is left out",
    async (path, settings) => {
        const checkOf = async (config: Readonly<Record<string, string>>) => {
            const declared = await runExample(path, { ...settings, ...config });
            const check = declared.resources.find(({ type }) => type === deliveryCheck);
            return check?.secretsAt.map(({ text, marked }) => [declared.secrets.indexOf(text), marked]);
        };
        // The oldest webhook is declared first.
        expect(await checkOf({ generations: "new, old" })).toEqual([[0, true]]);
        expect(await checkOf({ generations: "new" })).toEqual([[0, true]]);
        expect(await checkOf({ generations: "new", deliveryCheck: "false" })).toBeUndefined();
    },
);

test("github-actions: each secret is one of its own, which GitHub masks in logs, in the environment of the stack", async () => {
    const declared = await runExample("snippets/github-actions.ts", github);
    const [older, newest] = declared.secrets;
    const of = (name: string) => declared.resources.find((resource) => resource.name === name);
    for (const [name, text] of [
        ["webhook-secret-1", newest],
        ["webhook-secret-2", older],
    ] as const) {
        expect(of(name)?.inputs).toMatchObject({ environment: "test" });
        expect(of(name)?.secretsAt).toEqual([{ path: "value", text, marked: true }]);
    }
    expect(places(declared)).toHaveLength(2);
    expect(declared.outputs.secrets).toMatchObject({ isSecret: true });
});

test("google-secret-manager: no version is taken away from whoever still reads it, and the receiver may read the secret", async () => {
    const { resources } = await runExample("snippets/google-secret-manager.ts", google);
    expect(inputsOf(resources, "gcp:secretmanager/secretVersion:SecretVersion")).toMatchObject({
        deletionPolicy: "ABANDON",
    });
    expect(inputsOf(resources, "gcp:secretmanager/secret:Secret")).toMatchObject({ versionDestroyTtl: "604800s" });
    expect(inputsOf(resources, "gcp:secretmanager/secretIamMember:SecretIamMember")).toEqual({
        secretId: "webhook-secrets-id",
        role: "roles/secretmanager.secretAccessor",
        member: "serviceAccount:receiver@project.iam.gserviceaccount.com",
    });
});

test("azure-key-vault: the receiver may read this secret, and nothing else", async () => {
    const { resources } = await runExample("snippets/azure-key-vault.ts", azure);
    expect(inputsOf(resources, "azure-native:authorization:RoleAssignment")).toMatchObject({
        principalId: "p",
        scope: "webhook-secrets-id",
        roleDefinitionId: expect.stringMatching(/\/roleDefinitions\/4633458b-17de-408a-b874-0445c86b69e6$/),
    });
});

test("vercel: other secrets make another deployment, after the variable has them, and it shows none of them", async () => {
    const { resources } = await runExample("snippets/vercel.ts", vercel);
    const deployment = resources.find(({ type }) => type === "vercel:index/deployment:Deployment");
    expect(deployment?.dependencies).toContain(
        "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable::webhook-secrets",
    );
    expect(deployment?.inputs).toMatchObject({
        production: true,
        meta: { secretVersions: "renders-new-id:1,renders-old-id:1" },
    });
});

test("rotation: the generations of the day are declared, and the secrets exported as a secret, newest first", async () => {
    const declared = await runMocked(await copyExample("rotation"), hooks, onDay("2026-09-06"));
    expect(declared.outputs.generations).toEqual({ value: ["2026-09-04", "2026-06-06"], isSecret: false });
    expect(declared.outputs.secrets).toEqual({ value: [...declared.secrets].reverse(), isSecret: true });
    expect(places(declared)).toEqual([]);
});

test("cross-stack: what the one stack exports as a secret arrives in the other's file resource, marked", async () => {
    const infrastructure = await runExample("cross-stack/infrastructure", { ...two, ...hooks });
    expect(infrastructure.outputs.secrets).toEqual({ value: [...infrastructure.secrets].reverse(), isSecret: true });

    const receiver = "cross-stack/receiver";
    const wired = await runExample(receiver, { infrastructure: "organization/captions-infrastructure/dev" });
    expect(places(wired)).toEqual([
        { type: "pulumi-nodejs:dynamic:Resource", path: "secrets.0", text: wired.secrets[0], marked: true },
        { type: "pulumi-nodejs:dynamic:Resource", path: "secrets.1", text: wired.secrets[1], marked: true },
    ]);
    const alone = await runExample(receiver);
    expect(alone.resources.map(({ inputs }) => inputs.secrets)).toEqual([[]]);
});

const kubernetes = { ...two, url: "https://a.example.com/", image: "receiver:1" };

test("kubernetes: only `rollOut` ties the pods to the secrets' versions", async () => {
    const annotations = async (more: Record<string, string>) => {
        const { resources } = await runExample("kubernetes", { ...kubernetes, ...more });
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

test("kubernetes: the `kubernetes:*` settings count, as no provider of the program's own stores a machine's kubeconfig", async () => {
    const folder = await copyExample("kubernetes");
    const { resources } = await runExample("kubernetes", kubernetes);
    expect(resources.filter(({ type }) => type.startsWith("pulumi:providers:"))).toEqual([]);

    const home = temporaryFolder("home");
    const project = await Project.create({ folder, home, emulator: await emulatorForTest() });
    const { stdout } = await project.run("config", "get", "kubernetes:enableSecretMutable");
    expect(stdout.trim()).toBe("true");
});

/**
 * What the policy asks of every pod: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
interface Restricted {
    readonly automountServiceAccountToken?: boolean;
    readonly securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type: string } };
    readonly hostNetwork?: boolean;
    readonly hostPID?: boolean;
    readonly hostIPC?: boolean;
    readonly volumes: readonly Record<string, unknown>[];
    readonly containers: readonly {
        securityContext?: {
            privileged?: boolean;
            allowPrivilegeEscalation?: boolean;
            capabilities?: { drop?: string[]; add?: string[] };
        };
        ports?: readonly { hostPort?: number }[];
    }[];
}

test("kubernetes: the pods meet the Pod Security Standard `restricted`, as a numeric user without access to the cluster's API", async () => {
    const { resources } = await runExample("kubernetes", kubernetes);
    const { spec } = inputsOf<{ spec: { template: { spec: Restricted } } }>(resources, "kubernetes:apps/v1:Deployment");
    const { containers, volumes, securityContext, ...pod } = spec.template.spec;
    expect(pod).toEqual({ automountServiceAccountToken: false });
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(securityContext?.runAsUser).toBeGreaterThan(0);
    expect(volumes.flatMap((volume) => Object.keys(volume)).sort()).toEqual(["name", "secret"]);
    for (const { securityContext, ports } of containers) {
        expect(securityContext?.privileged).not.toBe(true);
        expect(securityContext?.allowPrivilegeEscalation).toBe(false);
        expect(securityContext?.capabilities).toEqual({ drop: ["ALL"] });
        for (const port of ports ?? []) expect(port).not.toHaveProperty("hostPort");
    }
    // A name could be root, so that Kubernetes rejects an image whose user is one.
    expect(readFileSync(join(examples, "kubernetes/Dockerfile"), "utf8")).toMatch(/^USER [1-9]\d*$/m);
});

/** The names that a program gives to what it creates: a second stack with the same name would take it over. */
function namesIn({ resources }: Declared): string[] {
    const keys = /^(name|secretId|secretName|scriptName)$/;
    const find = (value: unknown, key = ""): string[] => {
        if (typeof value === "string") return keys.test(key) ? [value] : [];
        if (typeof value !== "object" || value === null) return [];
        return Object.entries(value).flatMap(([inner, below]) => find(below, inner));
    };
    const names = resources.flatMap(({ type, inputs: { metadata, bindings, ...inputs } }) =>
        // Of an object in a cluster, only its own metadata names it.
        find(/^(kubernetes|pulumi)/.test(type) ? metadata : inputs),
    );
    // A mocked resource's id is a reference to it.
    return names.filter((name) => !name.endsWith("-id"));
}

test.each([
    ["kubernetes", kubernetes, 2],
    ["cloudflare", { ...two, accountId: "a", zoneId: "z", hostname: "hooks.example.com" }, 1],
    ["aws", two, 0],
    ["snippets/google-secret-manager.ts", google, 1],
    ["snippets/azure-key-vault.ts", azure, 1],
])(
    "%s: two stacks share no name, so that neither replaces what the other has deployed",
    async (path, config, count) => {
        const names = namesIn(await runExample(path, config));
        expect(names).toHaveLength(count);
        for (const name of names) expect(name).toMatch(/-test$/);
    },
);

test("kubernetes: the pods and the Service of a stack select no pod of another stack", async () => {
    const { resources } = await runExample("kubernetes", kubernetes);
    const service = inputsOf<{ spec: { selector: object } }>(resources, "kubernetes:core/v1:Service");
    const deployment = inputsOf<{ spec: { selector: { matchLabels: object } } }>(
        resources,
        "kubernetes:apps/v1:Deployment",
    );
    for (const selector of [service.spec.selector, deployment.spec.selector.matchLabels]) {
        expect(selector).toMatchObject({ stack: "test" });
    }
});

test("aws: a webhook is registered when its receiver can be called, and it can read the secrets and write logs", async () => {
    const { resources } = await runExample("aws", two);
    const waitsFor = (resource: string): string[] => {
        const found = resources.find(({ type, name }) => `${type}::${name}` === resource);
        return (found?.dependencies ?? []).flatMap((inner) => [inner, ...waitsFor(inner)]);
    };
    expect(waitsFor("pulumi-nodejs:dynamic/captions:Webhook::renders-old")).toEqual(
        expect.arrayContaining([
            "aws:lambda/permission:Permission::call-url",
            "aws:lambda/permission:Permission::invoke-by-url",
            "aws:iam/rolePolicy:RolePolicy::receiver",
            "aws:cloudwatch/logGroup:LogGroup::receiver",
        ]),
    );
    expect(inputsOf(resources, "aws:lambda/function:Function")).toMatchObject({
        reservedConcurrentExecutions: 10,
        loggingConfig: { logGroup: "receiver" },
    });
    expect(inputsOf(resources, "aws:cloudwatch/logGroup:LogGroup")).toEqual({ retentionInDays: 30 });
});

test("aws: nothing names a partition, and the role's permissions are a resource of their own", async () => {
    const { resources } = await runExample("aws", two);
    expect(JSON.stringify(resources)).not.toContain("arn:aws:");
    expect(Object.keys(inputsOf<object>(resources, "aws:iam/role:Role"))).toEqual(["assumeRolePolicy"]);
    const { policy } = inputsOf<{ policy: string }>(resources, "aws:iam/rolePolicy:RolePolicy");
    expect(JSON.parse(policy).Statement).toMatchObject([
        { Action: "secretsmanager:GetSecretValue", Resource: "arn:mock:webhook-secrets" },
        { Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: "arn:mock:receiver:*" },
    ]);
});

test("cloudflare: an upload keeps the secrets that were set for the Worker elsewhere", async () => {
    const config = { ...two, accountId: "a", zoneId: "z", hostname: "hooks.example.com" };
    const { resources } = await runExample("cloudflare", config);
    expect(inputsOf(resources, "cloudflare:index/workersScript:WorkersScript")).toMatchObject({
        keepBindings: ["secret_text"],
    });
});

test("the page about wiring shows the snippets as they are type-checked and run", () => {
    const page = readFileSync(join(root, "docs/wire-the-secret.md"), "utf8");
    const shown = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
    const snippets = readdirSync(join(examples, "snippets")).filter((name) => name.endsWith(".ts"));
    expect(snippets).toHaveLength(4);
    expect(shown.sort()).toEqual(snippets.map((name) => readFileSync(join(examples, "snippets", name), "utf8")).sort());
});
