// The ways to declare webhooks that are measured beside each other: this package on both fronts, providers that do
// nothing (the floor: what Pulumi itself costs), and what people would use in its place.
import { copyFileSync, cpSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Emulator } from "../emulator";
import type { Engine } from "../engine";
import { runPulumi } from "../engine/pulumi";
import { type Declaration, declareWebhooks, webhooksOf } from "./peers/declare";
import { documentationProgram } from "./peers/documentation";
import { nullDynamicProgram, nullDynamicProvider } from "./peers/null-dynamic";
import { bundleNullPlugin, nullPluginProgram } from "./peers/null-plugin";
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

/** The files of a project, by name. */
export type Sources = (declaration: Declaration) => Readonly<Record<string, string>>;

/** This package as a library: its dynamic provider. */
export const dynamicSources: Sources = (declaration) =>
    onNode(`const captions = require("pulumi-captions");${declareWebhooks(declaration, "captions.Webhook")}`);

const plugin = { name: "captions", path: "./node_modules/pulumi-captions/plugin" };

/** This package as a plugin, declared by a program on Node.js. */
export const pluginSources: Sources = (declaration) =>
    onNode(
        `const captions = require("pulumi-captions/native");${declareWebhooks(declaration, "captions.Webhook")}`,
        plugin,
    );

/** This package as a plugin, declared in YAML: no process of Node.js runs but the provider's. */
const yamlSources: Sources = (declaration) => ({
    "Pulumi.yaml": projectFile({
        runtime: "yaml",
        plugin,
        resources: Object.fromEntries(
            webhooksOf(declaration).map((properties, index) => [
                `webhook-${index}`,
                { type: "captions:Webhook", properties },
            ]),
        ),
    }),
});

/** The same in a program without most of the stack traces that Pulumi's SDK takes, dozens for each resource. */
const withoutTraces =
    (sources: Sources): Sources =>
    (declaration) => {
        const files = sources(declaration);
        return { ...files, "index.js": `Error.stackTraceLimit = 0;\n${files["index.js"]}` };
    };

function onNode(program: string, provider?: Plugin): Readonly<Record<string, string>> {
    return {
        "Pulumi.yaml": projectFile({ runtime: "nodejs", plugin: provider }),
        "package.json": '{"name": "bench", "main": "index.js"}',
        "index.js": program,
    };
}

type Plugin = typeof plugin;

/** JSON, as all JSON is YAML. */
const projectFile = ({ plugin, ...project }: { runtime: string; plugin?: Plugin | undefined; resources?: object }) =>
    JSON.stringify({ name: "bench", ...project, plugins: { providers: plugin === undefined ? [] : [plugin] } });

/** Those on Pulumi's engine, which has to have the language host for YAML. */
export function pulumiSubjects(engine: Engine): Readonly<Record<PulumiSubject, Subject>> {
    const subject = (name: PulumiSubject, sources: Sources, extra?: Extra): Subject => ({
        name,
        begin: async (options) => {
            const life = new PulumiLife(engine, options, sources);
            await extra?.(life.project);
            await life.pulumi("stack", "init", "bench");
            return life;
        },
    });
    const nullDynamicSources: Sources = (declaration) => onNode(nullDynamicProgram(declaration));
    const nullPluginSources: Sources = (declaration) =>
        onNode(nullPluginProgram(declaration), { name: "captionsnull", path: "./plugin" });
    return {
        dynamic: subject("dynamic", dynamicSources),
        plugin: subject("plugin", pluginSources),
        "dynamic without traces": subject("dynamic without traces", withoutTraces(dynamicSources)),
        "plugin without traces": subject("plugin without traces", withoutTraces(pluginSources)),
        "plugin from YAML": subject("plugin from YAML", yamlSources),
        "null dynamic": subject("null dynamic", nullDynamicSources, (project) =>
            copyFileSync(nullDynamicProvider, join(project, "null-captions-provider.js")),
        ),
        "null plugin": subject("null plugin", nullPluginSources, async (project) => {
            mkdirSync(join(project, "plugin"));
            await bundleNullPlugin(join(project, "plugin"));
        }),
        documentation: subject("documentation", (declaration) => onNode(documentationProgram(declaration))),
    };
}

export type PulumiSubject =
    | "dynamic"
    | "plugin"
    | "dynamic without traces"
    | "plugin without traces"
    | "plugin from YAML"
    | "null dynamic"
    | "null plugin"
    | "documentation";
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
    readonly #sources: Sources;

    constructor(engine: Engine, options: LifeOptions, sources: Sources) {
        this.#engine = engine;
        this.#options = options;
        this.#sources = sources;
        this.project = join(options.folder, "project");
        mkdirSync(this.project);
        layOutPackages(join(this.project, "node_modules"));
        this.#declare({ changed: false });
    }

    #declare({ changed }: { readonly changed: boolean }): void {
        for (const [name, text] of Object.entries(this.#sources({ ...this.#options, changed }))) {
            writeFileSync(join(this.project, name), text);
        }
    }

    async step(step: Step): Promise<void> {
        const go = ["--yes", "--skip-preview"];
        if (step === "preview") await this.pulumi("preview", "--expect-no-changes");
        else if (step === "up again") await this.pulumi("up", ...go, "--expect-no-changes");
        else if (step === "one change") await this.#change(go);
        else await this.pulumi(step, ...go);
    }

    async #change(go: readonly string[]): Promise<void> {
        this.#declare({ changed: true });
        await this.pulumi("up", ...go);
    }

    get stateBytes(): number {
        return statSync(join(this.#options.folder, "pulumi-state/.pulumi/stacks/bench/bench.json")).size;
    }

    /** Runs a command to its end, which has to be a good one. Returns what it wrote to standard output. */
    async pulumi(...args: readonly string[]): Promise<string> {
        const { folder, emulator, skipCheckpoints } = this.#options;
        const ofStack = args[1] === "init" ? args : [...args, "--stack", "bench"];
        const { code, text, stdout } = await runPulumi(this.#engine, ofStack, {
            project: this.project,
            temporaryFolder: folder,
            env: {
                CAPTIONS_API_KEY: emulator.apiKey,
                CAPTIONS_BASE_URL: emulator.baseUrl,
                ...(skipCheckpoints ? { PULUMI_SKIP_CHECKPOINTS: "true" } : {}),
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
