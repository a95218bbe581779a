// The ways to declare webhooks that are measured beside each other: this package on both fronts, providers that do
// nothing (the floor: what Pulumi itself costs), and what people would use in its place.
import { copyFileSync, cpSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Emulator } from "../emulator";
import type { Engine } from "../engine";
import { runPulumi } from "../engine/pulumi";
import { declareWebhooks } from "./peers/declare";
import { documentationProgram } from "./peers/documentation";
import { nullDynamicProgram, nullDynamicProvider } from "./peers/null-dynamic";
import { bundleNullPlugin, nullPluginProgram, nullPluginProject } from "./peers/null-plugin";
import { type OpenTofu, type TofuRun, TofuStack } from "./peers/opentofu";

const root = join(__dirname, "..");

/** The life of webhooks, in this order. */
export const steps = ["up", "preview", "up again", "refresh", "one change", "destroy"] as const;
export type Step = (typeof steps)[number];

export interface LifeOptions {
    /** An empty folder. */
    readonly folder: string;
    readonly emulator: Emulator;
    /** How many webhooks. */
    readonly count: number;
    /** Whether the engine saves its state once, at the end of a run, and not after each step. Default: `false`. */
    readonly skipCheckpoints?: boolean;
    /** What the paths of its URLs begin with, where several stacks share one account. Default: nothing. */
    readonly prefix?: string;
}

/** So many webhooks, whose steps are taken one after the other. */
export interface Life {
    step(step: Step): Promise<void>;
    /** The size of the saved state, in bytes. */
    readonly stateBytes: number;
}

export interface Subject {
    readonly name: string;
    /** Prepares everything that is not to be measured. */
    begin(options: LifeOptions): Promise<Life>;
}

/** The project of a program with this package as a library. */
export const dynamicProject = "name: bench\nruntime: nodejs\n";
/** The project of a program with this package's plugin. */
export const pluginProject =
    `${dynamicProject}plugins:\n    providers:\n        ` +
    "- { name: captions, path: ./node_modules/pulumi-captions/plugin }\n";

/** This package as a library: its dynamic provider. */
export const dynamicProgram = (count: number, options = "{}"): string =>
    `const captions = require("pulumi-captions");${declareWebhooks(count, "captions.Webhook", options)}`;

/** This package as a plugin. */
export const pluginProgram = (count: number, options = "{}"): string =>
    `const captions = require("pulumi-captions/native");${declareWebhooks(count, "captions.Webhook", options)}`;

/** Those on Pulumi's engine; the first two are this package's. */
export function pulumiSubjects(engine: Engine): Readonly<Record<PulumiSubject, Subject>> {
    const subject = (
        name: PulumiSubject,
        project: string,
        program: (count: number) => string,
        extra?: Extra,
    ): Subject => ({
        name,
        begin: async (options) => {
            const life = new PulumiLife(engine, options, project, program(options.count));
            await extra?.(life.project);
            await life.pulumi("stack", "init", "bench");
            return life;
        },
    });
    return {
        dynamic: subject("dynamic", dynamicProject, dynamicProgram),
        plugin: subject("plugin", pluginProject, pluginProgram),
        "null dynamic": subject("null dynamic", dynamicProject, nullDynamicProgram, (project) =>
            copyFileSync(nullDynamicProvider, join(project, "null-captions-provider.js")),
        ),
        "null plugin": subject("null plugin", nullPluginProject, nullPluginProgram, async (project) => {
            mkdirSync(join(project, "plugin"));
            await bundleNullPlugin(join(project, "plugin"));
        }),
        documentation: subject("documentation", dynamicProject, documentationProgram),
    };
}

export type PulumiSubject = "dynamic" | "plugin" | "null dynamic" | "null plugin" | "documentation";
type Extra = (project: string) => void | Promise<void>;

export function openTofuSubject(tofu: OpenTofu): Subject {
    return {
        name: "OpenTofu",
        begin: async (options) => {
            const stack = await TofuStack.create(tofu, options);
            const take: Readonly<Record<Step, () => Promise<TofuRun>>> = {
                up: () => stack.apply(),
                preview: () => stack.plan(),
                "up again": () => stack.apply(),
                refresh: () => stack.refresh(),
                "one change": () => {
                    stack.change();
                    return stack.apply();
                },
                destroy: () => stack.destroy(),
            };
            return {
                step: async (step) => {
                    const { code, text } = await take[step]();
                    if (code !== 0) throw new Error(`tofu failed (${step}, exit code ${code}):\n${text}`);
                },
                get stateBytes() {
                    return stack.stateBytes;
                },
            };
        },
    };
}

/** A project on Pulumi's engine, in a folder of its own. */
export class PulumiLife implements Life {
    readonly project: string;
    readonly #engine: Engine;
    readonly #options: LifeOptions;
    #changed = false;

    constructor(engine: Engine, options: LifeOptions, project: string, program: string) {
        this.#engine = engine;
        this.#options = options;
        this.project = join(options.folder, "project");
        mkdirSync(this.project);
        layOutPackages(join(this.project, "node_modules"));
        writeFileSync(join(this.project, "Pulumi.yaml"), project);
        writeFileSync(join(this.project, "package.json"), '{"name": "bench", "main": "index.js"}');
        writeFileSync(join(this.project, "index.js"), program);
    }

    async step(step: Step): Promise<void> {
        const go = ["--yes", "--skip-preview"];
        if (step === "preview") await this.pulumi("preview", "--expect-no-changes");
        else if (step === "up again") await this.pulumi("up", ...go, "--expect-no-changes");
        else if (step === "one change") await this.#change(go);
        else await this.pulumi(step, ...go);
    }

    async #change(go: readonly string[]): Promise<void> {
        this.#changed = true;
        await this.pulumi("up", ...go);
    }

    get stateBytes(): number {
        return statSync(join(this.#options.folder, "pulumi-state/.pulumi/stacks/bench/bench.json")).size;
    }

    /** Runs a command to its end, which has to be a good one. Returns what it wrote to standard output. */
    async pulumi(...args: readonly string[]): Promise<string> {
        const { folder, emulator, skipCheckpoints, prefix = "" } = this.#options;
        const ofStack = args[1] === "init" ? args : [...args, "--stack", "bench"];
        const { code, text, stdout } = await runPulumi(this.#engine, ofStack, {
            project: this.project,
            temporaryFolder: folder,
            env: {
                CAPTIONS_API_KEY: emulator.apiKey,
                CAPTIONS_BASE_URL: emulator.baseUrl,
                BENCH_PREFIX: prefix,
                ...(skipCheckpoints ? { PULUMI_SKIP_CHECKPOINTS: "true" } : {}),
                ...(this.#changed ? { BENCH_CHANGED: "true" } : {}),
            },
        });
        if (code !== 0) throw new Error(`pulumi ${args.join(" ")} failed:\n${text}`);
        return stdout;
    }
}

/** This package as it is built, and what it depends on from this checkout. */
export function layOutPackages(nodeModules: string): void {
    const own = join(nodeModules, "pulumi-captions");
    mkdirSync(own, { recursive: true });
    for (const part of ["dist/provider", "dist/probe", "dist/receiver", "dist/plugin", "plugin", "package.json"]) {
        cpSync(join(root, part), join(own, part), { recursive: true });
    }
    mkdirSync(join(nodeModules, "@pulumi"));
    for (const name of ["@pulumi/pulumi", "axios", "fastest-levenshtein", "valibot"]) {
        symlinkSync(join(root, "node_modules", name), join(nodeModules, name), "junction");
    }
}
