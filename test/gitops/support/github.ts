import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Context, holds, interpolate } from "./expressions";
import type { Env } from "./shell";
import { findJq } from "./tools";
import { example, passphrase, type World } from "./world";

export type Outcome = "success" | "failure" | "cancelled" | "skipped";
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
    readonly needs?: string;
    readonly permissions?: Texts;
    readonly environment?: string;
    readonly env?: Texts;
    readonly steps: readonly Step[];
}

export interface Workflow {
    readonly on: Readonly<Record<string, unknown>>;
    readonly permissions: Texts;
    readonly concurrency?: Texts;
    readonly env?: Texts;
    readonly defaults: { readonly run: { readonly shell: string } };
    readonly jobs: Readonly<Record<string, Job>>;
}

export function readWorkflow(name: string, folder = example): Workflow {
    return parse(readFileSync(join(folder, ".github/workflows", `${name}.yml`), "utf8"));
}

export interface JobResult {
    readonly outcome: Outcome;
    /** Of each step its outcome, by its name or what it runs. */
    readonly steps: Readonly<Record<string, Outcome>>;
    /** What all steps showed. */
    readonly text: string;
    readonly summary: string;
}

/** A pull request, as `gh pr view` and `gh pr list` tell of it. */
export interface Pull {
    readonly number: number;
    readonly state: "OPEN" | "CLOSED" | "MERGED";
    readonly isCrossRepository: boolean;
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
    readonly pulls: Pull[];
    readonly calls: string[][];
}

/**
 * A stand-in for GitHub Actions' runner. Steps with `run` are carried out as they are written, in a checkout, with what
 * `env` and `if` come to by GitHub's own evaluator (`npm` and `gh` are stand-ins, too); of steps with `uses` those that
 * are known are replaced:
 *
 * | step | in its place |
 * | --- | --- |
 * | actions/checkout | a checkout of the commit, or of `ref`, only `fetch-depth` deep, in a folder that is kept from job to job |
 * | actions/setup-node, pulumi/actions | nothing: Node.js and the engine are there |
 *
 * Pull requests of forks and of Dependabot get no secrets, as with GitHub.
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
        writeFileSync(
            this.#file,
            JSON.stringify({ comments: [], issues: [], labels: [], pulls: [], calls: [] } satisfies Kept),
        );
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

    /** A pull request is opened, closed, merged or opened again. */
    setPull(pull: Pull): void {
        const kept = this.kept;
        const pulls = [...kept.pulls.filter(({ number }) => number !== pull.number), pull];
        writeFileSync(this.#file, JSON.stringify({ ...kept, pulls }));
    }

    async run(name: string, jobName: string, happened: Happened): Promise<JobResult> {
        const workflow = readWorkflow(name, this.world.source);
        const job = workflow.jobs[jobName];
        if (job === undefined) throw new Error(`${name}.yml has no job ${jobName}`);
        return this.#runJob(workflow, jobName, job, happened);
    }

    async #runJob(
        workflow: Workflow,
        jobName: string,
        job: Job,
        {
            sha,
            eventName = "push",
            event = {},
            inputs = {},
            runner = jobName,
            untrusted = false,
            secrets,
            vars,
            needs = {},
            cancel,
        }: Happened,
    ): Promise<JobResult> {
        const { world } = this;
        const folder = join(world.folder, `job-${++this.#jobs}`);
        // Some runners keep it: so that it is the same for all jobs that run one after another.
        const workspace = join(world.folder, `workspace-of-${runner}`);
        const temporary = join(folder, "temp");
        for (const each of [workspace, temporary]) mkdirSync(each, { recursive: true });
        const file = (name: string): string => {
            writeFileSync(join(folder, name), "");
            return join(folder, name);
        };
        const summary = file("summary.md");
        const everywhere = { PULUMI_PREVIEW_TOKEN: "reads", PULUMI_CONFIG_PASSPHRASE: passphrase };
        const ofEnvironment = { PULUMI_ACCESS_TOKEN: "writes", CAPTIONS_API_KEY: world.emulator.apiKey, ...secrets };
        const steps: Record<string, { outcome: string; outputs: Record<string, string> }> = {};
        const contexts: Record<string, Context> = {
            github: {
                event,
                event_name: eventName,
                ref: eventName === "merge_group" ? "refs/heads/gh-readonly-queue/main/pr-1" : "refs/heads/main",
                repository: "acme/webhooks",
                sha,
                token: "github-token",
                server_url: "https://github.example",
                run_id: "4711",
            },
            inputs,
            // The environment's secrets are only for jobs that name it.
            secrets: untrusted ? {} : { ...everywhere, ...(job.environment === undefined ? {} : ofEnvironment) },
            vars: untrusted ? {} : { PULUMI_BACKEND_URL: world.backend, ...vars },
            runner: { temp: temporary },
            steps,
            needs: Object.fromEntries(Object.entries(needs).map(([name, result]) => [name, { result }])),
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
        const outcomes: Record<string, Outcome> = {};
        let text = "";
        for (const step of job.steps) {
            const name = step.name ?? step.run ?? step.uses ?? "";
            const outer = contexts.env;
            await addEnv(step.env);
            const output = file(`output-${Object.keys(outcomes).length}`);
            let outcome: Outcome = "skipped";
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
                        cancel,
                    );
                    text += `\n$ ${name}\n${ran.text}`;
                    outcome = ran.code === 0 ? "success" : "failure";
                    if (cancel?.aborted && !status.cancelled) {
                        status.cancelled = true;
                        outcome = "cancelled";
                    }
                }
            }
            contexts.env = outer as Context;
            if (outcome === "failure") status.failed = true;
            outcomes[name] = outcome;
            if (step.id !== undefined) steps[step.id] = { outcome, outputs: readOutputs(output) };
        }
        world.mustNotLeak("the hosting", JSON.stringify(this.kept) + readFileSync(summary, "utf8"));
        return {
            outcome: status.cancelled ? "cancelled" : status.failed ? "failure" : "success",
            steps: outcomes,
            text,
            summary: readFileSync(summary, "utf8"),
        };
    }

    async #use(step: Step, workspace: string, sha: string, text: (value: string) => Promise<string>): Promise<void> {
        const [action = ""] = (step.uses ?? "").split("@");
        const input = async (name: string): Promise<string> => text(String(step.with?.[name] ?? ""));
        if (action === "actions/checkout") {
            this.world.checkout((await input("ref")) || sha, workspace, Number((await input("fetch-depth")) || 1));
        } else if (!["actions/setup-node", "pulumi/actions"].includes(action)) {
            throw new Error(`There is nothing in the place of ${step.uses}.`);
        }
    }
}

export interface Happened {
    /** The commit that the workflow runs for. */
    readonly sha: string;
    /** Default: `push`. */
    readonly eventName?: string;
    readonly event?: Context;
    /** What was typed in for "Run workflow". */
    readonly inputs?: Context;
    /**
     * The machine, which keeps its workspace; jobs that run side by side are on two. Default: one for each job's name.
     */
    readonly runner?: string;
    /** A pull request of a fork or of Dependabot, which gets no secrets. */
    readonly untrusted?: boolean;
    /** How the jobs ended that this one waits for. */
    readonly needs?: Readonly<Record<string, Outcome>>;
    /** Somebody cancels the run. */
    readonly cancel?: AbortSignal;
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
export function pullRequest(number: number, from = "acme/webhooks", login = "somebody"): Context {
    return {
        pull_request: {
            number,
            user: { login },
            head: { repo: { full_name: from } },
            title: '"; exit 1 #$(id)`',
        },
    };
}
