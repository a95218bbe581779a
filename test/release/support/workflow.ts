import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Context, holds, interpolate } from "../../gitops/support/expressions";
import { bash, type Env } from "../../gitops/support/shell";

type Texts = Readonly<Record<string, string | number | boolean>>;

export interface Step {
    readonly name?: string;
    readonly if?: string;
    readonly uses?: string;
    readonly with?: Texts;
    readonly run?: string;
    readonly env?: Texts;
}

export interface Job {
    readonly needs?: string | readonly string[];
    readonly permissions?: Texts;
    readonly strategy?: { readonly matrix: { readonly include: readonly Texts[] } };
    readonly steps: readonly Step[];
}

export interface Workflow {
    readonly permissions: Texts;
    readonly jobs: Readonly<Record<string, Job>>;
}

const folder = join(__dirname, "../../../.github/workflows");

/** The workflows of this repository, by the names of their files. */
export const workflows: ReadonlyMap<string, Workflow> = new Map(
    readdirSync(folder).map((file) => [file, parse(readFileSync(join(folder, file), "utf8"))]),
);

export interface Happened {
    /** `push` of a tag, or `workflow_dispatch`. */
    readonly eventName: string;
    readonly tag?: string;
    /** Which one of the jobs of a matrix. */
    readonly matrix?: Texts;
    /** What takes the place of a step's own environment. */
    readonly env?: Env;
}

/** What was carried out of a step: the script, or the action and what it was given. */
export interface Done {
    readonly step: string;
    readonly text: string;
}

/**
 * A stand-in for GitHub Actions' runner: it carries out each `run:` as it is written, with what `if` and `env` come to
 * by GitHub's own evaluator. Artifacts are folders. A checkout does nothing: `workspace` is one. Others are noted.
 */
export class Runner {
    readonly #temporary: string;
    readonly #artifacts: string;

    /**
     * @param workspace where jobs with a checkout work
     * @param path what is on PATH
     */
    constructor(
        readonly root: string,
        readonly workspace: string,
        private readonly path: string,
    ) {
        this.#temporary = join(root, "temp");
        this.#artifacts = join(root, "artifacts");
        for (const each of [this.#temporary, this.#artifacts]) mkdirSync(each, { recursive: true });
    }

    /** Runs a job to its end. @throws when a step fails */
    async run(file: string, jobName: string, happened: Happened): Promise<readonly Done[]> {
        const job = workflows.get(file)?.jobs[jobName];
        if (job === undefined) throw new Error(`${file} has no job ${jobName}`);
        const checksOut = job.steps.some(({ uses }) => uses?.startsWith("actions/checkout@"));
        const cwd = checksOut ? this.workspace : join(this.root, jobName);
        mkdirSync(cwd, { recursive: true });
        const context: Record<string, Context> = {
            github: {
                event_name: happened.eventName,
                ref_name: happened.tag ?? "main",
                repository: "acme/captions",
                server_url: "https://github.example",
                token: "github-token",
            },
            matrix: happened.matrix ?? {},
            runner: { temp: this.#temporary },
        };
        const status = { failed: false, cancelled: false };
        const resolve = (value: unknown): Promise<string> => interpolate(String(value ?? ""), context, status);
        const done: Done[] = [];
        for (const step of job.steps) {
            if (!(await holds(step.if, context, status))) continue;
            const inputs: Record<string, string> = {};
            for (const [key, value] of Object.entries(step.with ?? {})) inputs[key] = await resolve(value);
            const env: Env = {};
            for (const [key, value] of Object.entries(step.env ?? {})) env[key] = await resolve(value);
            const text =
                step.run === undefined
                    ? this.#use(step.uses ?? "", inputs, cwd)
                    : await this.#script(step.run, { ...env, ...happened.env }, cwd);
            done.push({ step: step.name ?? step.run ?? step.uses ?? "", text });
        }
        return done;
    }

    async #script(script: string, env: Env, cwd: string): Promise<string> {
        const around: Env = {
            HOME: this.#home(),
            PATH: this.path,
            CI: "true",
            NO_COLOR: "1",
            RUNNER_TEMP: this.#temporary,
        };
        const { code, text } = await bash(script, ["--noprofile", "--norc", "-eo", "pipefail"], cwd, {
            ...around,
            ...env,
        });
        if (code !== 0) throw new Error(`This failed:\n${script}\n${text}`);
        return text;
    }

    /** With the caches of npm and pip, so that not everything is fetched again. */
    #home(): string {
        return process.env.HOME ?? this.#temporary;
    }

    #use(uses: string, inputs: Readonly<Record<string, string>>, cwd: string): string {
        const [action = ""] = uses.split("@");
        if (action === "actions/upload-artifact") this.#upload(inputs, cwd);
        if (action === "actions/download-artifact") this.#download(inputs, cwd);
        return JSON.stringify(inputs);
    }

    #upload({ name = "", path = "" }: Readonly<Record<string, string>>, cwd: string): void {
        const [, parent = path, ending] = /^(.*)\/\*(\.[\w.]+)$/.exec(path) ?? [];
        const from = parent.startsWith("/") ? parent : join(cwd, parent);
        const files = readdirSync(from).filter((each) => ending === undefined || each.endsWith(ending));
        if (files.length === 0) throw new Error(`There is nothing at ${path}.`);
        for (const file of files) cpSync(join(from, file), join(this.#artifacts, name, file));
    }

    #download({ name, pattern, path = "." }: Readonly<Record<string, string>>, cwd: string): void {
        const prefix = pattern?.replace(/\*$/, "");
        const wanted = readdirSync(this.#artifacts).filter((each) =>
            prefix === undefined ? each === name : each.startsWith(prefix),
        );
        if (wanted.length === 0) throw new Error(`There is no artifact ${name ?? pattern}.`);
        for (const each of wanted) cpSync(join(this.#artifacts, each), join(cwd, path), { recursive: true });
    }
}

/** Puts a program into a folder that notes how it was called, and succeeds. */
export function standIn(folder: string, name: string, says = ""): string {
    const calls = join(folder, `${name}.calls`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(calls, "");
    const script = `#!/bin/sh\necho "$*" >> "${calls}"\necho "${says}"\n`;
    writeFileSync(join(folder, name), script, { mode: 0o755 });
    return calls;
}
