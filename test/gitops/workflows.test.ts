import { execFile, execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { engineEnvironment, ensureEngine } from "../../engine";
import { type Job, readWorkflow, type Workflow } from "./support/github";
import { jobsOf } from "./support/gitlab";
import { goTool } from "./support/tools";
import { example, root } from "./support/world";

const folder = join(example, ".github/workflows");
const workflows = new Map(
    readdirSync(folder).map((file): [string, Workflow] => [file, readWorkflow(file.replace(/\.yml$/, ""))]),
);
const jobs = [...workflows].flatMap(([file, workflow]) =>
    Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${file}: ${name}`, workflow, job })),
);
const read = (path: string): string => readFileSync(join(example, path), "utf8");

describe("GitHub's workflows", () => {
    test("actionlint finds nothing", async ({ skip }) => {
        const actionlint = await goTool("actionlint");
        if (actionlint === undefined) skip("actionlint is built with Go, which is not on this machine");
        const files = [...workflows.keys()].map((file) => join(folder, file));
        // Neither of the two is everywhere, so that it must not depend on them.
        // `queue` came in May 2026, after actionlint's newest version.
        const unknown = ["-ignore", 'unexpected key "queue" for "concurrency" section'];
        const options = ["-shellcheck=", "-pyflakes=", ...unknown];
        const { stdout } = await promisify(execFile)(actionlint ?? "", [...options, ...files]);
        expect(stdout).toBe("");
    });

    test("no step puts what others can write into a script: expressions are in `env` only", () => {
        const scripts = jobs.flatMap(({ job }) => job.steps.map(({ run }) => run ?? ""));
        expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
    });

    test("each job has the permissions that it needs, and no checkout keeps its token", () => {
        const permissions = jobs.map(({ name, workflow, job }) => [name, job.permissions ?? workflow.permissions]);
        expect(Object.fromEntries(permissions)).toEqual({
            "deploy.yml: deploy": { contents: "read" },
            "deploy.yml: report": { issues: "write" },
            "preview.yml: preview": { contents: "read", "pull-requests": "write" },
            "preview.yml: preview-of-fork": { contents: "read" },
        });
        const checkouts = jobs.flatMap(({ job }) => stepsWith(job, "actions/checkout"));
        expect(checkouts.map((step) => step.with?.["persist-credentials"])).toEqual([false, false, false]);
    });

    test("each secret is only on the steps that need it, and what may write only in the protected environment", () => {
        const having = jobs.flatMap(({ name, workflow, job }) => {
            expect([secretsIn(workflow.env), secretsIn(job.env)], name).toEqual([[], []]);
            return job.steps
                .filter(({ env }) => secretsIn(env).length > 0)
                .map(({ name: step, env }) => [job.environment ?? "", step ?? "", ...secretsIn(env)]);
        });
        const state = ["PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE"];
        expect(having).toEqual([
            ["production", "Deploy", "CAPTIONS_API_KEY", ...state],
            ["production", "Wait until the receivers accept every secret", ...state],
            ["production", "Look for drift", "CAPTIONS_API_KEY", ...state],
            ["production", "Look for orphans", "CAPTIONS_API_KEY", ...state],
            ["", "Preview", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_PREVIEW_TOKEN"],
        ]);
    });

    test("nothing is installed but what the lock file names, and no package's script runs beside a secret", () => {
        const lines = [
            ...jobs.flatMap(({ job }) => job.steps.map(({ run }) => run ?? "")),
            read(".gitlab-ci.yml"),
            read("ci/preview-of-fork.sh"),
        ].flatMap((text) => text.split("\n"));
        const installing = lines.flatMap((line) => /\b(?:npm|npx) .*/.exec(line)?.[0] ?? []);
        expect(installing.length).toBeGreaterThan(8);
        expect(installing.filter((command) => !/^(npm ci --ignore-scripts|npx --no )/.test(command))).toEqual([]);
    });

    test("what changes the stack runs one at a time, is never broken off, and does not cancel who waits", () => {
        const { concurrency } = readWorkflow("deploy");
        expect(concurrency).toEqual({
            group: expect.stringMatching(/^pulumi-/),
            "cancel-in-progress": false,
            queue: "max",
        });
    });

    test("`pulumi up` and `refresh` take the place of the shell, so that a signal reaches them", () => {
        const scripts = jobs.flatMap(({ job }) => job.steps.map(({ run }) => run ?? ""));
        const long = scripts.filter((script) => /pulumi (up|refresh)\b/.test(script));
        expect(long.map((script) => script.split(" ").slice(0, 3).join(" "))).toEqual([
            "exec pulumi up",
            "exec pulumi refresh",
        ]);
    });

    test("actions are pinned by commit, which Dependabot keeps up to date, and Pulumi is the same everywhere", () => {
        const used = jobs.flatMap(({ job }) => job.steps.flatMap(({ uses }) => uses ?? []));
        expect([...new Set(used)].map((action) => action.replace(/[0-9a-f]{40}$/, "commit")).sort()).toEqual([
            "actions/checkout@commit",
            "actions/setup-node@commit",
            "pulumi/actions@commit",
        ]);
        const { updates } = parse(read(".github/dependabot.yml"));
        expect(updates[0]).toMatchObject({ "package-ecosystem": "github-actions", directory: "/" });
        const versions = jobs.flatMap(({ job }) => stepsWith(job, "pulumi/actions").map((step) => step.with));
        // Without `command` it only installs.
        expect(versions).toEqual(versions.map(() => ({ "pulumi-version": "3.274.1" })));
        expect(parse(read(".gitlab-ci.yml")).default.image.name).toBe("pulumi/pulumi-nodejs-22:3.274.1");
        expect(read("operator/stack.yaml")).toContain("image: pulumi/pulumi:3.274.1-nonroot");
    });
});

describe("GitLab's pipeline", () => {
    test("fits GitLab's schema, and has the right jobs for each occasion", { timeout: 120_000 }, async () => {
        const repository = temporaryCopy();
        for (const args of [
            ["init", "--quiet"],
            ["remote", "add", "origin", "https://gitlab.example/acme/webhooks.git"],
        ]) {
            execFileSync("git", args, { cwd: repository });
        }
        const request = { CI_PIPELINE_SOURCE: "merge_request_event", CI_MERGE_REQUEST_PROJECT_ID: "42" };
        for (const [variables, expected] of [
            [{ ...request, CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "42" }, ["preview"]],
            [{ ...request, CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "77" }, ["preview-of-fork"]],
            [{ CI_PIPELINE_SOURCE: "push", CI_COMMIT_BRANCH: "main" }, ["deploy", "check"]],
            [{ CI_PIPELINE_SOURCE: "push", CI_COMMIT_BRANCH: "other" }, []],
            [{ CI_PIPELINE_SOURCE: "schedule", CI_COMMIT_BRANCH: "main" }, ["deploy", "check"]],
        ] as const) {
            expect(await jobsOf(repository, variables), JSON.stringify(variables)).toEqual(expected);
        }
    });

    test("what uses the stack runs one at a time in its environment, and a commit cancels only previews", () => {
        const { workflow, deploy, check, ...pipeline } = parse(read(".gitlab-ci.yml"));
        expect([deploy.extends, check.extends, pipeline[".production"].resource_group]).toEqual([
            ".production",
            ".production",
            "pulumi-$STACK",
        ]);
        expect([deploy.environment, check.environment.name]).toEqual(["production", "production"]);
        expect(workflow.auto_cancel).toEqual({ on_new_commit: "interruptible" });
        const interruptible = Object.entries({ deploy, check, ...pipeline }).flatMap(([name, job]) =>
            (job as { interruptible?: boolean } | null)?.interruptible ? [name] : [],
        );
        expect(interruptible).toEqual([".preview"]);
        expect([pipeline.preview.extends, pipeline["preview-of-fork"].extends]).toEqual([".preview", ".preview"]);
    });
});

describe("the operator and ESC", () => {
    test("the Stack has fields that the operator's reference documents, and its secrets come from Kubernetes", () => {
        const documents = parseAllDocuments(read("operator/stack.yaml")).map((document) => document.toJS());
        expect(documents.map(({ kind }) => kind)).toEqual(["ServiceAccount", "ClusterRoleBinding", "Stack"]);
        const stack = documents.at(-1);
        expect(stack.apiVersion).toBe("pulumi.com/v1");
        const types: Record<string, string> = {
            ...{ serviceAccountName: "string", stack: "string", projectRepo: "string", branch: "string" },
            // Without `refresh`, which would repair drift, and so rotate.
            ...{ shallow: "boolean", destroyOnFinalize: "boolean" },
            ...{ resyncFrequencySeconds: "number", continueResyncOnCommitMatch: "boolean" },
            ...{ envRefs: "object", workspaceTemplate: "object" },
        };
        for (const [field, value] of Object.entries(stack.spec))
            expect([field, typeof value]).toEqual([field, types[field]]);
        for (const reference of Object.values(stack.spec.envRefs)) {
            expect(reference).toEqual({
                type: "Secret",
                secret: { name: expect.any(String), key: expect.any(String) },
            });
        }
        // More often, the API's limit of five calls a minute would come into sight.
        expect(stack.spec.resyncFrequencySeconds).toBeGreaterThanOrEqual(60);
    });

    test("ESC's README sets the key as Pulumi's command takes it, from standard input and as a secret", async () => {
        const [, args = ""] = /^pulumi env set \S+ \S+ (.*?) {2,}#/m.exec(read("esc/README.md")) ?? [];
        expect(args).toBe("--secret --string --file -");
        const engine = await ensureEngine({ log: () => undefined });
        const env = engineEnvironment(engine, temporaryCopy());
        const { stdout } = await promisify(execFile)(engine.pulumi, ["env", "set", "--help"], { env });
        for (const flag of args.match(/--\w+/g) ?? []) expect(stdout).toContain(`${flag} `);
    });

    test("ESC hands the key on as the setting that the provider reads, and the stack names the environment", () => {
        const environment = parse(read("esc/environment.yaml"));
        expect(environment).toEqual({
            imports: ["captions/key"],
            values: { pulumiConfig: { "captions:apiKey": expect.stringMatching(/^\$\{\w+\}$/) } },
        });
        const { environment: named, ...settings } = parse(read("esc/Pulumi.prod.yaml"));
        expect(named).toEqual(["captions/prod"]);
        expect(settings).toEqual(parse(read("Pulumi.prod.yaml")));
    });
});

test("`npx --no` starts the command of the installed package", async () => {
    const copy = temporaryCopy();
    mkdirSync(join(copy, "node_modules/.bin"), { recursive: true });
    const command = join(inject("nodeModules"), "pulumi-captions/dist/cli/main.js");
    chmodSync(command, 0o755);
    symlinkSync(command, join(copy, "node_modules/.bin/pulumi-captions"));
    const started = await promisify(execFile)("npx", ["--no", "pulumi-captions", "list", "--help"], { cwd: copy });
    expect(started.stdout).toContain("--fail-on-orphans");
});

test("the program has the types of the packed package", async () => {
    const copy = temporaryCopy();
    const modules = join(copy, "node_modules");
    mkdirSync(modules);
    const packed = inject("nodeModules");
    for (const name of readdirSync(packed).filter((entry) => !entry.startsWith("."))) {
        symlinkSync(join(packed, name), join(modules, name));
    }
    symlinkSync(join(root, "node_modules/@types"), join(modules, "@types"));
    const tsc = [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "--types", "node", "-p", copy];
    const { stdout } = await promisify(execFile)(process.execPath, tsc).catch((error) => error);
    expect(stdout).toBe("");
});

function secretsIn(env: unknown): string[] {
    return [...JSON.stringify(env ?? {}).matchAll(/secrets\.(\w+)/g)].map(([, name = ""]) => name).sort();
}

function stepsWith(job: Job, action: string) {
    return job.steps.filter(({ uses }) => uses?.startsWith(`${action}@`));
}

function temporaryCopy(): string {
    const copy = mkdtempSync(join(tmpdir(), "pulumi-captions-gitops-"));
    onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
    cpSync(example, copy, { recursive: true, filter: (source) => !source.includes("node_modules") });
    return copy;
}
