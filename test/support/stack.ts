import {
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import type { Emulator } from "../../emulator";
import { type Engine, engineEnvironment, ensureEngine } from "../../engine";
import { type PulumiResult, runPulumi } from "../../engine/pulumi";
import { type EmptyStack, setSecret, writeEmptyStack } from "./empty-stack";
import { findLeaks } from "./leaks";
import { quickStart } from "./quick-start";
import { type Resource, readOutputs, readState, type State } from "./saved-state";

/** What a run of the engine came to. */
export interface Run {
    readonly code: number;
    readonly stdout: string;
    /** All that stood on the screen. */
    readonly text: string;
    /** The engine's events, as consumers of the Automation API get them. */
    readonly events: readonly EngineEvent[];
    /** How many resources had which operation: `{ create: 1, same: 2 }`. */
    readonly operations: Readonly<Record<string, number>>;
    /** The calls that the API saw in this run: `["list", "register"]`. */
    readonly calls: readonly string[];
}

export interface EngineEvent {
    readonly resourcePreEvent?: { readonly metadata: { readonly op: string; readonly type: string } };
    readonly summaryEvent?: { readonly resourceChanges: Readonly<Record<string, number>> };
}

export interface StackOptions {
    /** JavaScript. `captions` and `pulumi` are there already. */
    readonly program: string;
    readonly emulator: Emulator;
    readonly env?: Readonly<Record<string, string>>;
    /** Another `node_modules` than that with the packed tarball and the newest SDK. */
    readonly nodeModules?: string;
    /** The state to begin with: a folder that {@link Stack.copyState} has made. Default: that of an empty stack. */
    readonly state?: string;
}

const projectFiles = {
    dynamic: "name: test\nruntime: nodejs\n",
    native:
        "name: test\nruntime: nodejs\n" +
        "plugins:\n    providers:\n        - { name: captions, path: ./node_modules/pulumi-captions/plugin }\n",
};

export const webhookTypes = {
    dynamic: "pulumi-nodejs:dynamic/captions:Webhook",
    native: "captions:index:Webhook",
};

let engine: Promise<Engine> | undefined;

/**
 * A Pulumi project with one stack in a temporary folder, on the real engine, with this package as it is packed. After
 * each run everything that it produced is searched for secrets. The folder goes away with the test.
 */
export class Stack {
    readonly folder = mkdtempSync(join(tmpdir(), "pulumi-captions-stack-"));
    readonly #project = join(this.folder, "project");
    readonly #stateFolder = join(this.folder, "pulumi-state");
    readonly #options: StackOptions;
    readonly #secrets = new Set<string>();
    readonly #searched = new Map<string, string>();
    #runs = 0;

    static async create(options: StackOptions): Promise<Stack> {
        engine ??= ensureEngine({ log: () => undefined });
        return new Stack(options, await engine);
    }

    private constructor(
        options: StackOptions,
        private readonly engine: Engine,
    ) {
        this.#options = options;
        onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
        mkdirSync(this.#project);
        symlinkSync(options.nodeModules ?? inject("nodeModules"), join(this.#project, "node_modules"));
        writeFileSync(join(this.#project, "package.json"), '{"name": "test", "main": "index.js"}');
        this.program(options.program);
        writeEmptyStack(engine, this.#files);
        if (options.state !== undefined) cpSync(options.state, this.#stateFolder, { recursive: true });
    }

    /** Copies the state, for another stack to begin with. */
    copyState(folder: string): void {
        cpSync(this.#stateFolder, folder, { recursive: true });
    }

    /** Replaces the program. */
    program(text: string, front = inject("front")): void {
        writeFileSync(join(this.#project, "Pulumi.yaml"), projectFiles[front]);
        const heads = [
            ["pulumi", "@pulumi/pulumi"],
            ["captions", front === "native" ? "pulumi-captions/native" : "pulumi-captions"],
        ];
        const imports = heads.map(([name, module]) => `const ${name} = require("${module}");`);
        writeFileSync(join(this.#project, "index.js"), `${imports.join("\n")}\n${text}\n`);
    }

    /** What `pulumi config set --secret` does, for a name that is not set yet. */
    setSecret(name: string, value: string): void {
        setSecret(this.engine, this.#files, name, value);
    }

    up(...args: string[]): Promise<Run> {
        return this.run("up", "--yes", "--skip-preview", ...args);
    }

    /** An `up` as users run it, and what its preview showed: {@link Run.operations} is about the `up` alone. */
    async previewAndUp(...args: string[]): Promise<Run & { readonly preview: string }> {
        const run = await this.run("up", "--yes", ...args);
        return { ...run, preview: run.text.split("Updating (test):", 1)[0] ?? "" };
    }

    preview(...args: string[]): Promise<Run> {
        return this.run("preview", "--diff", ...args);
    }

    refresh(...args: string[]): Promise<Run> {
        return this.run("refresh", "--yes", "--skip-preview", ...args);
    }

    destroy(...args: string[]): Promise<Run> {
        return this.run("destroy", "--yes", "--skip-preview", ...args);
    }

    /** The resources of the state that are webhooks, as the state has them: secrets encrypted. */
    async webhooks(): Promise<readonly Resource[]> {
        return (await this.resources()).filter(({ type }) => type === webhookTypes[inject("front")]);
    }

    /** All resources of the state. */
    async resources(): Promise<readonly Resource[]> {
        return (await this.state()).resources ?? [];
    }

    /** The stack's outputs, with secrets in clear: what `pulumi stack output --json --show-secrets` prints. */
    async outputs(): Promise<Record<string, unknown>> {
        return readOutputs(this.engine, this.#files);
    }

    /** What `pulumi stack export` prints, without a process for it. */
    async state(): Promise<State> {
        return readState(this.#files);
    }

    get #files(): EmptyStack {
        return { project: this.#project, projectName: "test", temporaryFolder: this.folder };
    }

    /** Runs a command of the engine, whatever its outcome. */
    async run(command: string, ...args: string[]): Promise<Run> {
        this.#noteSecrets();
        const before = this.#options.emulator.calls.length;
        const log = join(this.folder, `events-${++this.#runs}.jsonl`);
        const logs = ["up", "preview", "refresh", "destroy"].includes(command) ? ["--event-log", log] : [];
        const { code, stdout, text } = await this.#spawn([command, ...args, ...logs]);
        this.#noteSecrets();
        const events = logs.length === 0 ? [] : readEvents(log);
        this.#searchForSecrets(`pulumi ${command}`, text);
        return {
            code,
            stdout,
            text,
            events,
            operations: events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {},
            calls: this.#options.emulator.calls.slice(before).map(({ endpoint }) => endpoint),
        };
    }

    get #environment(): Readonly<Record<string, string>> {
        const { emulator, env } = this.#options;
        return {
            ...engineEnvironment(this.engine, this.folder),
            CAPTIONS_API_KEY: emulator.apiKey,
            CAPTIONS_BASE_URL: emulator.baseUrl,
            // The option --event-log is there only then.
            PULUMI_DEBUG_COMMANDS: "true",
            ...quickStart,
            ...env,
        };
    }

    #spawn(args: readonly string[]): Promise<PulumiResult> {
        return runPulumi(this.engine, [...args, ...(args.includes("init") ? [] : ["--stack", "test"])], {
            project: this.#project,
            temporaryFolder: this.folder,
            env: this.#environment,
        });
    }

    #noteSecrets(): void {
        for (const { secret } of this.#options.emulator.webhooks) this.#secrets.add(secret);
        this.#secrets.add(this.#options.emulator.apiKey);
    }

    /** Whether a file was not there, or another one, when this was asked last: no secret gets in unless it changes. */
    #isNew(file: string): boolean {
        const { mtimeMs, size } = statSync(file);
        const version = `${mtimeMs} ${size}`;
        if (this.#searched.get(file) === version) return false;
        this.#searched.set(file, version);
        return true;
    }

    /** Searches the screen and every file that the engine has written since: state, history, backups, event logs. */
    #searchForSecrets(what: string, text: string): void {
        const files = readdirSync(this.folder, { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
            .map((entry) => join(entry.parentPath, entry.name))
            .filter((file) => this.#isNew(file));
        const texts = new Map([
            [`the screen of ${what}`, text],
            ...files.map((file) => [file, withoutDebug(readFileSync(file, "latin1"))] as const),
        ]);
        const leaks = findLeaks(texts, this.#secrets);
        if (leaks.length > 0) throw new Error(`Secrets in clear: ${leaks.join("; ")}`);
    }
}

function readEvents(file: string): EngineEvent[] {
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

/**
 * An event log without the events of severity `debug`: in those Pulumi's Node.js SDK (3.270) repeats the outputs of
 * every resource of every provider in clear. SECURITY.md says so; the engine shows them only with --debug.
 */
function withoutDebug(text: string): string {
    return text.startsWith('{"sequence":') ? text.replace(/^.*"severity":"debug".*$/gm, "") : text;
}
