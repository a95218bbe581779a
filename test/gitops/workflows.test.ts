import { execFile, execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { type Job, readWorkflow, type Workflow } from "./support/github";
import { jobsOf } from "./support/gitlab";
import { goTool } from "./support/tools";
import { example } from "./support/world";

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
        const { stdout } = await promisify(execFile)(actionlint ?? "", ["-shellcheck=", "-pyflakes=", ...files]);
        expect(stdout).toBe("");
    });

    test("no step puts what others can write into a script: expressions are in `env` only", () => {
        const scripts = jobs.flatMap(({ job }) => job.steps.map(({ run }) => run ?? ""));
        expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
    });

    test("each job has the permissions that it needs, and no others", () => {
        const permissions = jobs.map(({ name, workflow, job }) => [name, job.permissions ?? workflow.permissions]);
        expect(Object.fromEntries(permissions)).toEqual({
            "deploy.yml: deploy": { contents: "read" },
            "drift.yml: drift": { contents: "read", issues: "write" },
            "preview.yml: preview": { contents: "read", "pull-requests": "write" },
            "preview.yml: preview-of-fork": { contents: "read" },
            "rotate.yml: rotate": { contents: "write", issues: "write" },
        });
        const keeping = jobs.filter(({ job }) => stepsWith(job, "actions/checkout").some((step) => !step.with?.path));
        const tokens = keeping.map(({ name, job }) => [
            name,
            stepsWith(job, "actions/checkout")[0]?.with?.["persist-credentials"],
        ]);
        expect(Object.fromEntries(tokens)).toMatchObject({ "rotate.yml: rotate": undefined });
        expect(tokens.filter(([, kept]) => kept !== false)).toHaveLength(1);
    });

    test("the API key is only where it is needed, and only in jobs of the protected environment", () => {
        const having = jobs.flatMap(({ name, job }) =>
            job.steps
                .filter(({ env }) => JSON.stringify(env ?? {}).includes("secrets.CAPTIONS_API_KEY"))
                .map((step) => ({ job: name, step: step.name, environment: job.environment })),
        );
        expect(having).toEqual([
            { job: "deploy.yml: deploy", step: "Deploy", environment: "production" },
            { job: "drift.yml: drift", step: "Compare with what is registered", environment: "production" },
            { job: "rotate.yml: rotate", step: "Register it", environment: "production" },
            { job: "rotate.yml: rotate", step: "Delete its webhook", environment: "production" },
        ]);
        expect(JSON.stringify(workflows.get("preview.yml")?.jobs["preview-of-fork"])).not.toContain("secrets.");
    });

    test("what changes the stack runs one at a time, and is never broken off", () => {
        const { concurrency } = readWorkflow("deploy");
        expect(concurrency).toEqual({ group: expect.stringMatching(/^pulumi-/), "cancel-in-progress": false });
        expect(readWorkflow("rotate").concurrency).toEqual(concurrency);
    });

    test("actions have a version, and Pulumi the same everywhere", () => {
        const used = jobs.flatMap(({ job }) => job.steps.flatMap(({ uses }) => uses ?? []));
        expect([...new Set(used)].sort()).toEqual([
            "actions/checkout@v6",
            "actions/setup-node@v6",
            "pulumi/actions@v7",
        ]);
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
            [{ CI_PIPELINE_SOURCE: "push", CI_COMMIT_BRANCH: "main" }, ["deploy"]],
            [{ CI_PIPELINE_SOURCE: "push", CI_COMMIT_BRANCH: "other" }, []],
            [{ CI_PIPELINE_SOURCE: "schedule", CI_COMMIT_BRANCH: "main", TASK: "drift" }, ["drift"]],
            [{ CI_PIPELINE_SOURCE: "schedule", CI_COMMIT_BRANCH: "main", TASK: "rotate" }, ["rotate"]],
        ] as const) {
            expect(await jobsOf(repository, variables), JSON.stringify(variables)).toEqual(expected);
        }
    });

    test("what changes the stack runs one at a time", () => {
        const { deploy, rotate } = parse(read(".gitlab-ci.yml"));
        expect([deploy.resource_group, rotate.resource_group]).toEqual(["pulumi-prod", "pulumi-prod"]);
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
            ...{
                shallow: "boolean",
                refresh: "boolean",
                expectNoRefreshChanges: "boolean",
                destroyOnFinalize: "boolean",
            },
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

test("generations.mjs adds one and drops the older, once each", () => {
    const copy = temporaryCopy();
    const file = join(copy, "generations.json");
    const other = { staging: ["a"] };
    const step = (...args: string[]) => {
        const { status } = spawnSync(process.execPath, [join(copy, "ci/generations.mjs"), ...args]);
        return { status, all: JSON.parse(readFileSync(file, "utf8")) };
    };
    const write = (prod: string[]): void => writeFileSync(file, JSON.stringify({ prod, ...other }));
    const today = new Date().toISOString().slice(0, 10);

    write(["2026-01-01"]);
    const added = { status: 0, all: { prod: [expect.stringMatching(/^\d{4}-\d\d-\d\d$/), "2026-01-01"], ...other } };
    expect(step("add", "my-org/prod")).toEqual(added);
    expect(step("add", "prod")).toEqual(added);
    const dropped = { status: 0, all: { prod: [added.all.prod[0]], ...other } };
    expect(step("drop", "prod")).toEqual(dropped);
    expect(step("drop", "prod")).toEqual(dropped);
    // A second rotation on one day needs a name of its own, and a third one.
    write([today]);
    expect(step("add", "prod").all.prod[0]).not.toBe(today);
    write([`${today}.2`]);
    expect(step("add", "prod").all.prod[0]).not.toBe(`${today}.2`);
    expect(step("add", "unknown").status).toBe(2);
    expect(step("turn", "prod").status).toBe(2);
});

function stepsWith(job: Job, action: string) {
    return job.steps.filter(({ uses }) => uses?.startsWith(`${action}@`));
}

function temporaryCopy(): string {
    const copy = mkdtempSync(join(tmpdir(), "pulumi-captions-gitops-"));
    onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
    cpSync(example, copy, { recursive: true, filter: (source) => !source.includes("node_modules") });
    return copy;
}
