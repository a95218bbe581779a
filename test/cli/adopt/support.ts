import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, inject, onTestFinished } from "vitest";
import { type Behaviour, type Emulator, startEmulator } from "../../../emulator";
import { type Engine, engineEnvironment } from "../../../engine";
import { runPulumi } from "../../../engine/pulumi";
import { findOrBuildLanguages } from "../../prerequisites";
import { root, silent, temporaryFolder } from "../../sdk/support";
import { type EmptyStack, setSecret, writeEmptyStack } from "../../support/empty-stack";
import { findLeaks, textsIn } from "../../support/leaks";
import { once } from "../../support/once";
import { quickTypeScript } from "../../support/quick-typescript";
import type { Result } from "../support";

/** A team's account: webhooks that were made by hand over the years. */
export async function startAccount(behaviour: Partial<Behaviour> = {}): Promise<Emulator> {
    const emulator = await startEmulator({ apiKey: "key-6XqR2mVn8sLw4TzYb1Kd", behaviour });
    onTestFinished(() => emulator.stop());
    return emulator;
}

export const token = "x7Kq2mVn8sLw4TzYb1Kd";

/** 50 webhooks with all that URLs may have in them, two of which are on one URL. */
export function registerFifty(emulator: Emulator): void {
    const odd = [
        `https://hooks.example.com/services/T00000000/${token}`,
        `https://a.example/hooks?token=${token}`,
        `https://a.example/a"b'c\`d$e$\{captions}$\{f?g=$\{h}&i=$$j`,
        "https://a.example/:%20b/%23c/no/1e3/~",
        "HTTPS://API.Example.com:443/%7Euser/Hooks",
        "https://b\u00fccher.example/h\u00f6fe/\u{1f600}",
        "https://twins.example/hooks",
        "https://twins.example/hooks",
        "https://no/",
        "http://127.0.0.1:3000/hooks",
    ];
    const events = [["creator.failure", "creator.success"], ["creator.success"], ["creator.failure"]];
    for (let index = 0; index < 50; index++) {
        const url = odd[index] ?? `https://team-${index}.example.com/hooks/captions`;
        emulator.register({ url, enabledEvents: events[index % 3] ?? [] });
    }
}

const plugin = "plugins:\n  providers:\n    - name: captions\n      path: ./node_modules/pulumi-captions/plugin\n";
const nodeProject = "name: test\nruntime: nodejs\n";

export const projects = {
    dynamic: nodeProject,
    native: nodeProject + plugin,
    yaml: `name: test\nruntime: yaml\n${plugin}`,
};

const engine = once(() => findOrBuildLanguages(silent));

/** What declarations were parsed, for the programs that are compiled after the first one. */
const declarations = new Map<string, ts.SourceFile | undefined>();

/** A user's project, with this package as it is packed, on the real engine, and its command line. */
export class Desk {
    readonly #home = temporaryFolder();
    readonly project = join(this.#home, "project");
    readonly #emulator: Emulator;
    readonly #engine: Engine;

    static async open(emulator: Emulator, project: string): Promise<Desk> {
        const desk = new Desk(emulator, await engine());
        desk.write("Pulumi.yaml", project);
        desk.initStack("test", "test");
        return desk;
    }

    private constructor(emulator: Emulator, engine: Engine) {
        this.#emulator = emulator;
        this.#engine = engine;
        mkdirSync(this.project);
        symlinkSync(inject("nodeModules"), join(this.project, "node_modules"));
        this.write("package.json", '{"name": "test", "main": "index.ts"}');
    }

    write(file: string, text: string): void {
        writeFileSync(join(this.project, file), text);
    }

    /** What `pulumi stack init` does. */
    initStack(projectName: string, name: string): void {
        writeEmptyStack(this.#engine, this.#files(projectName, name));
    }

    /** What `pulumi config set --secret` does. */
    setSecret(name: string, value: string): void {
        setSecret(this.#engine, this.#files("test", "test"), `test:${name}`, value);
    }

    #files(projectName: string, name: string): EmptyStack {
        return { project: this.project, projectName, temporaryFolder: this.#home, name };
    }

    /** The packed command line, as a process whose output goes to pipes. */
    async cli(...args: string[]): Promise<Result> {
        const main = join(inject("nodeModules"), "pulumi-captions/dist/cli/main.js");
        const { apiKey, baseUrl } = this.#emulator;
        const env = {
            ...engineEnvironment(this.#engine, this.#home),
            CAPTIONS_API_KEY: apiKey,
            CAPTIONS_BASE_URL: baseUrl,
        };
        const result = await new Promise<Result>((resolve) => {
            execFile(process.execPath, [main, ...args], { cwd: this.project, env }, (error, stdout, stderr) =>
                resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
            );
        });
        this.#findsNoSecret(result.stdout + result.stderr);
        return result;
    }

    /**
     * Runs a command of Pulumi, which has to succeed. @returns the calls that the API saw, and what stood on the screen
     */
    async pulumi(...args: string[]): Promise<{ readonly calls: readonly string[]; readonly text: string }> {
        const before = this.#emulator.calls.length;
        const { code, text } = await runPulumi(this.#engine, args, {
            project: this.project,
            temporaryFolder: this.#home,
            env: {
                CAPTIONS_API_KEY: this.#emulator.apiKey,
                CAPTIONS_BASE_URL: this.#emulator.baseUrl,
                // The types are checked by the compiler.
                ...quickTypeScript,
            },
        });
        expect(code, `${args.join(" ")}\n${text}`).toBe(0);
        this.#findsNoSecret(text);
        return { calls: this.#emulator.calls.slice(before).map(({ endpoint }) => endpoint), text };
    }

    up(...args: string[]) {
        return this.pulumi("up", "--yes", "--skip-preview", ...args);
    }

    /** All that is in files, but for the packages: the program, the configuration, and what the engine has written. */
    files(): ReadonlyMap<string, string> {
        return textsIn(this.#home);
    }

    /** Compiles the program as strictly as it can be. */
    compile(): void {
        const options: ts.CompilerOptions = {
            strict: true,
            noEmit: true,
            module: ts.ModuleKind.Node16,
            skipLibCheck: true,
            typeRoots: [join(root, "node_modules/@types")],
        };
        const host = ts.createCompilerHost(options);
        const parse = host.getSourceFile;
        host.getSourceFile = (file, ...how) => {
            if (!file.endsWith(".d.ts")) return parse(file, ...how);
            if (!declarations.has(file)) declarations.set(file, parse(file, ...how));
            return declarations.get(file);
        };
        const program = ts.createProgram([join(this.project, "index.ts")], options, host);
        expect(ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), host)).toBe("");
    }

    /** Neither on a screen nor in a file that the engine has written. */
    #findsNoSecret(text: string): void {
        const secrets = [this.#emulator.apiKey, ...this.#emulator.webhooks.map(({ secret }) => secret)];
        expect(findLeaks(new Map([["the screen", text], ...this.files()]), secrets)).toEqual([]);
    }
}
