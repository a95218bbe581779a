import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { parse, stringify } from "yaml";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../../emulator";
import { type Engine, ensureEngine } from "../../../engine";
import { type PulumiOptions, type PulumiResult, runPulumi } from "../../../engine/pulumi";
import { type EmptyStack, writeEmptyStack } from "../../support/empty-stack";
import { findLeaks } from "../../support/leaks";
import { quickTypeScript } from "../../support/quick-typescript";
import { readOutputs } from "../../support/saved-state";
import type { AtEnd } from "../../support/shared";

let engine: Promise<Engine> | undefined;

export function getEngine(): Promise<Engine> {
    engine ??= ensureEngine({ log: () => undefined });
    return engine;
}

export async function emulatorForTest(atEnd: AtEnd = onTestFinished, options: EmulatorOptions = {}): Promise<Emulator> {
    const emulator = await startEmulator({ apiKey: "key-6XqR2mVn8sLw4TzYb1Kd", ...options });
    atEnd(() => emulator.stop());
    return emulator;
}

export interface ProjectOptions {
    /** The folder of the program. */
    readonly folder: string;
    /** Where the engine keeps states: projects that share it see each other's stacks. */
    readonly home: string;
    readonly emulator: Emulator;
    /** The stack's name. Default: `test`. */
    readonly stack?: string;
    readonly env?: Readonly<Record<string, string>>;
}

/** An example's project on the real engine, with one stack. No run may show a secret on the screen. */
export class Project {
    private constructor(private readonly options: ProjectOptions) {}

    static async create(options: ProjectOptions): Promise<Project> {
        const project = new Project(options);
        if (project.#isUsual) {
            writeEmptyStack(await getEngine(), project.#place);
        } else {
            const { code, text } = await project.run("stack", "init", options.stack ?? "test");
            if (code !== 0) throw new Error(text);
        }
        return project;
    }

    /** The same stack, as somebody else on another machine sees it. */
    static existing(options: ProjectOptions): Project {
        return new Project(options);
    }

    /** What `pulumi config set` does, and `pulumi config rm` for what is undefined. */
    config(settings: Readonly<Record<string, string | undefined>>): void {
        const file = join(this.options.folder, `Pulumi.${this.options.stack ?? "test"}.yaml`);
        const { config, ...others } = parse(readFileSync(file, "utf8")) ?? {};
        const { projectName } = this.#place;
        const own = Object.entries(settings).map(([key, value]) => [`${projectName}:${key}`, value]);
        writeFileSync(file, stringify({ ...others, config: { ...config, ...Object.fromEntries(own) } }));
    }

    up(...args: string[]): Promise<PulumiResult> {
        return this.run("up", "--yes", "--skip-preview", ...args);
    }

    /** `up`, which has to succeed. */
    async succeed(command: "up" | "refresh" | "destroy" = "up"): Promise<string> {
        const { code, text } = await this.run(command, "--yes", "--skip-preview");
        if (code !== 0) throw new Error(text);
        return text;
    }

    /** What `pulumi stack output --json --show-secrets` prints. */
    async outputs(): Promise<Readonly<Record<string, unknown>>> {
        if (this.#isUsual) return readOutputs(await getEngine(), this.#place);
        return JSON.parse((await this.#run(["stack", "output", "--json", "--show-secrets"])).stdout);
    }

    async run(command: string, ...args: string[]): Promise<PulumiResult> {
        const before = this.#secrets();
        const result = await this.#run([command, ...args]);
        const leaks = findLeaks(new Map([[`pulumi ${command}`, result.text]]), [...before, ...this.#secrets()]);
        if (leaks.length > 0) throw new Error(`Secrets in clear: ${leaks.join("; ")}`);
        return result;
    }

    /** With the state in files, and the passphrase of `engine/`: no process is needed to read and write them. */
    get #isUsual(): boolean {
        const { env = {} } = this.options;
        return !("PULUMI_BACKEND_URL" in env || "PULUMI_CONFIG_PASSPHRASE" in env);
    }

    get #place(): EmptyStack {
        const { folder, home, stack = "test" } = this.options;
        const { name } = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8"));
        return { project: folder, projectName: name, temporaryFolder: home, name: stack };
    }

    async #run(args: string[], more: Partial<PulumiOptions> = {}): Promise<PulumiResult> {
        const { folder, home, emulator, env, stack: name = "test" } = this.options;
        const stack = args[1] === "init" ? [] : ["--stack", name];
        return runPulumi(await getEngine(), [...args, ...stack], {
            project: folder,
            temporaryFolder: home,
            env: {
                CAPTIONS_API_KEY: emulator.apiKey,
                CAPTIONS_BASE_URL: emulator.baseUrl,
                CAPTIONS_LIST_LAG_SECONDS: "0.3",
                // The types are checked once, by a test of their own.
                ...quickTypeScript,
                ...env,
            },
            ...more,
        });
    }

    #secrets(): string[] {
        const { webhooks, apiKey } = this.options.emulator;
        return [apiKey, ...webhooks.map(({ secret }) => secret)];
    }
}
