import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Context, holds, interpolate } from "./expressions";
import type { Env } from "./shell";
import { findJq } from "./tools";
import { example, passphrase, type World } from "./world";

type Texts = Readonly<Record<string, string | number | boolean>>;

export interface Step {
    readonly id?: string;
    readonly name?: string;
    readonly if?: string;
    readonly uses?: string;
    readonly with?: Texts;
    readonly run?: string;
    readonly env?: Texts;
    readonly shell?: string;
    readonly "working-directory"?: string;
}

export interface Job {
    readonly if?: string;
    readonly permissions?: Texts;
    readonly environment?: string;
    readonly env?: Texts;
    readonly steps: readonly Step[];
}

export interface Workflow {
    readonly on: Readonly<Record<string, unknown>>;
    readonly permissions: Texts;
    readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
    readonly env: Texts;
    readonly defaults: { readonly run: { readonly shell: string } };
    readonly jobs: Readonly<Record<string, Job>>;
}

export function readWorkflow(name: string): Workflow {
    return parse(readFileSync(join(example, ".github/workflows", `${name}.yml`), "utf8"));
}

export interface JobResult {
    readonly outcome: "success" | "failure" | "skipped";
    /** Of each step its outcome, by its name or what it runs. */
    readonly steps: Readonly<Record<string, "success" | "failure" | "skipped">>;
    /** What all steps showed. */
    readonly text: string;
    readonly summary: string;
}

interface Kept {
    readonly comments: { readonly id: number; readonly pull: number; readonly body: string }[];
    readonly issues: {
        readonly number: number;
        readonly open: boolean;
        readonly label: string;
        readonly title: string;
        readonly body: string;
    }[];
    readonly labels: string[];
    readonly calls: string[][];
}

/**
 * A stand-in for GitHub Actions' runner. Steps with `run` are carried out as they are written, in a fresh checkout, with what `env`
 * and `if` come to by GitHub's own evaluator (`npm` and `gh` are stand-ins, too); of steps with `uses` those that are known are replaced:
 *
 * | step | in its place |
 * | --- | --- |
 * | actions/checkout | a clone of the repository at the commit, or at `ref`, in `path` |
 * | actions/setup-node, pulumi/actions | nothing: Node.js and the engine are there |
 *
 * A fork's pull request gets no secrets, as with GitHub.
 */
export class GitHub {
    readonly #file: string;
    #jobs = 0;

    static async start(world: World): Promise<GitHub> {
        symlinkSync(join(__dirname, "gh.mjs"), join(world.folder, "bin/gh"));
        return new GitHub(world, await findJq());
    }

    private constructor(
        private readonly world: World,
        private readonly jq: string,
    ) {
        this.#file = join(world.folder, "github.json");
        writeFileSync(this.#file, JSON.stringify({ comments: [], issues: [], labels: [], calls: [] } satisfies Kept));
    }

    /** What people see there. */
    get kept(): Kept {
        return JSON.parse(readFileSync(this.#file, "utf8"));
    }

    /** Somebody writes a comment. */
    comment(pull: number, login: string, body: string): void {
        const kept = this.kept;
        const comments = [...kept.comments, { id: 100 + kept.comments.length, pull, user: { login }, body }];
        writeFileSync(this.#file, JSON.stringify({ ...kept, comments }));
    }

    async run(name: string, jobName: string, happened: Happened): Promise<JobResult> {
        const workflow = readWorkflow(name);
        const job = workflow.jobs[jobName];
        if (job === undefined) throw new Error(`${name}.yml has no job ${jobName}`);
        return this.#runJob(workflow, job, happened);
    }

    async #runJob(
        workflow: Workflow,
        job: Job,
        { sha, event = {}, fork = false, secrets, vars }: Happened,
    ): Promise<JobResult> {
        const { world } = this;
        const folder = join(world.folder, `job-${++this.#jobs}`);
        const workspace = join(folder, "workspace");
        const temporary = join(folder, "temp");
        for (const each of [workspace, temporary]) mkdirSync(each, { recursive: true });
        const file = (name: string): string => {
            writeFileSync(join(folder, name), "");
            return join(folder, name);
        };
        const summary = file("summary.md");
        const own = { CAPTIONS_API_KEY: world.emulator.apiKey, PULUMI_CONFIG_PASSPHRASE: passphrase, ...secrets };
        const steps: Record<string, { outcome: string; outputs: Record<string, string> }> = {};
        const contexts: Record<string, Context> = {
            github: {
                event,
                repository: "acme/webhooks",
                sha,
                token: "github-token",
                server_url: "https://github.example",
                run_id: "4711",
            },
            // The environment's secrets (the key) are only for jobs that name it.
            secrets: fork ? {} : job.environment === undefined ? { ...own, CAPTIONS_API_KEY: "" } : own,
            vars: fork ? {} : { PULUMI_BACKEND_URL: world.backend, ...vars },
            runner: { temp: temporary },
            steps,
            env: {},
        };
        const status = { failed: false, cancelled: false };
        if (!(await holds(job.if, contexts, status))) return { outcome: "skipped", steps: {}, text: "", summary: "" };

        const addEnv = async (texts: Texts = {}): Promise<void> => {
            for (const [key, value] of Object.entries(texts)) {
                contexts.env = { ...contexts.env, [key]: await interpolate(String(value), contexts, status) };
            }
        };
        await addEnv(workflow.env);
        await addEnv(job.env);
        const outcomes: Record<string, "success" | "failure" | "skipped"> = {};
        let text = "";
        for (const step of job.steps) {
            const name = step.name ?? step.run ?? step.uses ?? "";
            const outer = contexts.env;
            await addEnv(step.env);
            const output = file(`output-${Object.keys(outcomes).length}`);
            let outcome: "success" | "failure" | "skipped" = "skipped";
            if (await holds(step.if, contexts, status)) {
                const cwd = join(workspace, step["working-directory"] ?? "");
                if (step.uses !== undefined) {
                    await this.#use(step, workspace, sha, (value) => interpolate(value, contexts, status));
                    outcome = "success";
                } else {
                    const env: Env = {
                        ...world.environment(),
                        ...(contexts.env as Env),
                        CI: "true",
                        GITHUB_ACTIONS: "true",
                        GITHUB_WORKSPACE: workspace,
                        GITHUB_OUTPUT: output,
                        GITHUB_STEP_SUMMARY: summary,
                        RUNNER_TEMP: temporary,
                        GH_STAND_IN: this.#file,
                        JQ_STAND_IN: this.jq,
                    };
                    const ran = await world.bash(
                        step.run ?? "",
                        optionsOf(step.shell ?? workflow.defaults.run.shell),
                        cwd,
                        env,
                    );
                    text += `\n$ ${name}\n${ran.text}`;
                    outcome = ran.code === 0 ? "success" : "failure";
                }
            }
            contexts.env = outer as Context;
            if (outcome === "failure") status.failed = true;
            outcomes[name] = outcome;
            if (step.id !== undefined) steps[step.id] = { outcome, outputs: readOutputs(output) };
        }
        world.mustNotLeak("the hosting", JSON.stringify(this.kept) + readFileSync(summary, "utf8"));
        return {
            outcome: status.failed ? "failure" : "success",
            steps: outcomes,
            text,
            summary: readFileSync(summary, "utf8"),
        };
    }

    async #use(step: Step, workspace: string, sha: string, text: (value: string) => Promise<string>): Promise<void> {
        const [action = ""] = (step.uses ?? "").split("@");
        const input = async (name: string): Promise<string> => text(String(step.with?.[name] ?? ""));
        if (action === "actions/checkout") {
            const path = await input("path");
            this.world.checkout((await input("ref")) || sha, join(workspace, path));
        } else if (!["actions/setup-node", "pulumi/actions"].includes(action)) {
            throw new Error(`There is nothing in the place of ${step.uses}.`);
        }
    }
}

export interface Happened {
    /** The commit that the workflow runs for. */
    readonly sha: string;
    readonly event?: Context;
    readonly fork?: boolean;
    readonly secrets?: Readonly<Record<string, string>>;
    readonly vars?: Readonly<Record<string, string>>;
}

/** How GitHub calls bash: only where it is named with pipefail. */
function optionsOf(shell: string): readonly string[] {
    if (shell !== "bash") throw new Error(`The shell ${shell} is not known here.`);
    return ["--noprofile", "--norc", "-eo", "pipefail"];
}

function readOutputs(file: string): Record<string, string> {
    const lines = readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "");
    return Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
}

/** The event of a pull request, as far as the workflows look at it. */
export function pullRequest(number: number, baseSha: string, from = "acme/webhooks"): Context {
    return {
        pull_request: {
            number,
            base: { sha: baseSha },
            head: { repo: { full_name: from } },
            title: '"; exit 1 #$(id)`',
        },
    };
}
