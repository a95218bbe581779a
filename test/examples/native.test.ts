import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { type Emulator, startEmulator } from "../../emulator";
import { engineEnvironment } from "../../engine";
import type { Language } from "../../engine/languages";
import { findOrBuildLanguages, installPythonSdk } from "../prerequisites";
import { example, sdk, silent, temporaryFolder, tool, version } from "../sdk/support";
import { findLeaks, textsIn } from "../support/leaks";
import { quickTypeScript } from "../support/quick-typescript";
import { onDay } from "./support/clock";

/** A cold compiler compiles Pulumi's SDK, too. */
const COMPILES_MS = 10 * 60_000;
const AUDIT = "https://audit.example.com/captions";

interface Example {
    readonly language: Language | "typescript";
    /** As its README marks code. */
    readonly code: string;
    readonly program: string;
    /** In front of what the code for the imported webhook goes. */
    readonly before: RegExp;
}

const examples: readonly Example[] = [
    { language: "typescript", code: "ts", program: "index.ts", before: /^export/m },
    { language: "yaml", code: "yaml", program: "Pulumi.yaml", before: /^outputs:/m },
    { language: "python", code: "python", program: "__main__.py", before: /^pulumi\.export/m },
    { language: "go", code: "go", program: "main.go", before: /^\tctx\.Export/m },
];

test.each(examples)(
    "examples/native/$language: its README sets up, rotates, shows drift, imports and destroys",
    { timeout: COMPILES_MS },
    async ({ language, code, program, before }) => {
        const emulator = await startEmulator({ apiKey: "key-6XqR2mVn8sLw4TzYb1Kd" });
        onTestFinished(() => emulator.stop());
        const reader = await Reader.start(language, emulator);
        const calls = async (work: Promise<unknown>): Promise<string[]> => {
            const from = emulator.calls.length;
            await work;
            return emulator.calls.slice(from).map(({ endpoint }) => endpoint);
        };
        const changes = (seen: string[]) => seen.filter((endpoint) => endpoint !== "list" && endpoint !== "events");
        const unchanged = () => reader.types("pulumi preview --expect-no-changes");

        reader.today = "2026-11-01";
        expect(changes(await calls(reader.follows("Set up")))).toEqual(["register", "register"]);
        const [failures, first] = emulator.webhooks;

        reader.today = "2026-12-04";
        expect(changes(await calls(reader.follows("Rotate")))).toEqual(["register"]);
        expect(changes(await calls(unchanged()))).toEqual([]);
        const second = emulator.webhooks.find(({ id }) => id !== failures?.id && id !== first?.id);
        reader.today = "2026-12-15";
        expect(changes(await calls(reader.follows("Rotate")))).toEqual(["delete"]);
        expect(emulator.webhooks.map(({ id }) => id)).toEqual([failures?.id, second?.id]);

        emulator.update(failures?.id ?? "", { enabledEvents: ["creator.failure", "creator.success"] });
        const drift = await reader.follows("See what was changed elsewhere");
        expect(drift).toMatch(/enabledEvents: \[\s+\+ \[1\]: "creator.success"/);
        expect(changes(await calls(reader.types("pulumi up --refresh")))).toEqual(["update"]);

        const { id, secret } = emulator.register({ url: AUDIT, enabledEvents: ["creator.success"] });
        reader.reads("wh_4QXgA7pL2mNc9R", id);
        expect(changes(await calls(reader.follows("Import a webhook")))).toEqual([]);
        reader.adds(code, "Import a webhook", program, before);
        expect(changes(await calls(unchanged()))).toEqual([]);
        expect(emulator.webhooks.find((webhook) => webhook.id === id)?.secret).toBe(secret);

        await reader.follows("Destroy");
        expect(emulator.webhooks).toEqual([]);
        reader.findsNoSecret();
    },
);

/** Follows the README of an example in a copy of it, with the plugin, the SDK and a receiver at hand. */
class Reader {
    /** What the plugin takes for today. */
    today = "";
    readonly #project: string;
    readonly #readme: string;
    readonly #env: Readonly<Record<string, string>>;
    readonly #emulator: Emulator;
    readonly #replaced = new Map<string, string>();
    /** What an activated environment is in the terminal. */
    readonly #session: string;
    readonly #secrets = new Set<string>();
    readonly #folder: string;
    #screen = "";

    static async start(language: Example["language"], emulator: Emulator): Promise<Reader> {
        const engine = await findOrBuildLanguages(silent);
        const folder = temporaryFolder();
        const project = example(language);
        const env: Record<string, string> = {
            ...engineEnvironment(engine, folder),
            CAPTIONS_BASE_URL: emulator.baseUrl,
            // Nothing lags here.
            CAPTIONS_LIST_LAG_SECONDS: "0.3",
        };
        // The types are checked once, by types-and-wiring.test.ts.
        if (language === "typescript") {
            Object.assign(env, quickTypeScript, { PATH: [supplyNpm(), env.PATH].join(delimiter) });
        } else await packPlugin(join(inject("nodeModules"), "pulumi-captions"), project);
        if (language === "python") {
            const { python, wheels } = await installPythonSdk(silent);
            const built = await sdk("python");
            await tool(python, ["-m", "build", "--wheel", "--no-isolation", "."], { cwd: built });
            Object.assign(env, { PIP_NO_INDEX: "1", PIP_FIND_LINKS: `${wheels} ${join(built, "dist")}` });
        }
        if (language === "go") {
            cpSync(await sdk("go"), join(project, "../sdk/go"), { recursive: true });
            // Without what a debugger needs, each run links the program in two thirds of the time.
            env.GOFLAGS = `${env.GOFLAGS ?? ""} -ldflags=-w`.trim();
        }
        const reader = new Reader(folder, project, emulator, env);
        reader.reads("https://api.example.com", await startReceiver(emulator));
        return reader;
    }

    private constructor(folder: string, project: string, emulator: Emulator, env: Readonly<Record<string, string>>) {
        this.#folder = folder;
        this.#project = project;
        this.#emulator = emulator;
        this.#env = env;
        this.#readme = readFileSync(join(project, "README.md"), "utf8");
        this.#session = join(folder, "session.sh");
        writeFileSync(this.#session, "");
        // A second suffices where no receiver is behind a balancer.
        this.#edit("Pulumi.yaml", (text) => text.replace("default: 60", "default: 1"));
    }

    /** Puts something of their own in place of what the README has as an example. */
    reads(text: string, own: string): void {
        this.#replaced.set(text, own);
    }

    /** Types what is in a section. @returns what stood on the screen */
    async follows(section: string): Promise<string> {
        let screen = "";
        for (const text of this.#blocks(section, "sh")) screen += await this.types(text);
        return screen;
    }

    async types(text: string): Promise<string> {
        this.#noteSecrets();
        let own = text;
        for (const [example, replacement] of this.#replaced) own = own.replaceAll(example, replacement);
        const script = `. ${this.#session}\nset -e\n${own}\ndeclare -p PATH > ${this.#session}\n`;
        // Without the previews before each of them, which run the program once more.
        const confirms = { PULUMI_SKIP_CONFIRMATIONS: "true", PULUMI_OPTION_SKIP_PREVIEW: "true" };
        const child = spawn("bash", ["-c", script], {
            cwd: this.#project,
            env: {
                ...this.#env,
                ...onDay(this.today, this.#env),
                ...(text.includes("--preview-only") ? {} : confirms),
            },
        });
        child.stdin.end(`${this.#emulator.apiKey}\n`);
        let screen = "";
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding("utf8").on("data", (part: string) => {
                screen += part;
            });
        }
        const [code] = await once(child, "close");
        this.#screen += screen;
        this.#noteSecrets();
        expect(code, `${own}\n${screen}`).toBe(0);
        return screen;
    }

    /** Adds the code of a section to the program. */
    adds(language: string, section: string, file: string, before: RegExp): void {
        const [code = ""] = this.#blocks(section, language);
        this.#edit(file, (text) => text.replace(before, (found) => `${code}\n${found}`));
    }

    /** On no screen, and in no file that the engine wrote. */
    findsNoSecret(): void {
        const texts = new Map([["the screen", this.#screen], ...textsIn(this.#folder)]);
        expect(findLeaks(texts, this.#secrets)).toEqual([]);
    }

    #blocks(section: string, language: string): string[] {
        const [, text = ""] = this.#readme.split(`\n## ${section}\n`);
        const blocks = (text.split("\n## ")[0] ?? "").matchAll(/^```(\w+)\n(.*?)^```$/gms);
        const found = [...blocks].flatMap(([, name, code = ""]) => (name === language ? [code] : []));
        expect(found, `## ${section}`).not.toEqual([]);
        return found;
    }

    #edit(file: string, change: (text: string) => string): void {
        const path = join(this.#project, file);
        const text = readFileSync(path, "utf8");
        const changed = change(text);
        expect(changed).not.toBe(text);
        writeFileSync(path, changed);
    }

    #noteSecrets(): void {
        this.#secrets.add(this.#emulator.apiKey);
        for (const { secret } of this.#emulator.webhooks) this.#secrets.add(secret);
    }
}

/** An npm that installs without a network: what was packed for all tests. @returns the folder for PATH */
function supplyNpm(): string {
    const folder = temporaryFolder();
    const script = `#!/bin/sh\n[ "$*" = install ] && exec ln -s "${inject("nodeModules")}" node_modules\n`;
    writeFileSync(join(folder, "npm"), script, { mode: 0o755 });
    return folder;
}

/** The plugin in the form of a release's tarball for this platform, but one that needs the Node.js of the tests. */
async function packPlugin(installed: string, folder: string): Promise<void> {
    const content = join(temporaryFolder(), "plugin");
    mkdirSync(content);
    const name = "pulumi-resource-captions";
    cpSync(join(installed, `dist/plugin/${name}.cjs`), join(content, `${name}.cjs`));
    const script = `#!/bin/sh\nexec "${process.execPath}" "$(dirname "$0")/${name}.cjs" "$@"\n`;
    writeFileSync(join(content, name), script, { mode: 0o755 });
    const tarball = join(folder, `${name}-v${version}-linux-amd64.tar.gz`);
    await tool("tar", ["-czf", tarball, "-C", content, "."], { cwd: folder });
}

/** A receiver that takes up each secret at once. @returns its address */
async function startReceiver(emulator: Emulator): Promise<string> {
    const server = createServer((request, response) => {
        const { authorization } = request.headers;
        const accepted = emulator.webhooks.some(({ secret }) => authorization === `Bearer ${secret}`);
        request.resume().on("end", () => response.writeHead(accepted ? 200 : 401).end());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
        server.closeAllConnections();
        server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
