import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
    chmodSync,
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    realpathSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { inject } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator";
import { type Engine, engineEnvironment, ensureEngine } from "../../../engine";
import { cachedSecrets, createReceiver, toNodeListener } from "../../../receiver";
import { hurryDeliveryCheck } from "../../support/hurry-delivery-check";
import { findLeaks } from "../../support/leaks";
import { unusedPort } from "../../support/ports";
import { quickTypeScript } from "../../support/quick-typescript";
import { bash, type Env, type Ran } from "./shell";

export const root = join(__dirname, "../../..");
export const example = join(root, "examples/gitops");

/** The passphrase of the state, which is in the hosting's store of secrets. */
export const passphrase = "pass-9JtWq3ZcVb7Nf2";

/**
 * A team that has copied the example: its repository on the hosting's side (a bare one), a state, the API (an
 * emulator), and a receiver. All of it goes away with {@link stop}.
 */
export class World {
    readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "pulumi-captions-gitops-")));
    readonly origin = join(this.folder, "origin.git");
    readonly backend = pathToFileURL(join(this.folder, "state")).href;
    /** What the receiver knows: always the live secrets, or none but these. */
    known: "live" | readonly string[] = "live";
    /**
     * The day on which everything runs; by the calendar a generation begins on 2026-09-04, and the next one on
     * 2026-12-03. For "" it is the machine's own clock, which goes on from process to process.
     */
    today = "2026-11-24";
    readonly #modules = join(this.folder, "modules");
    #clones = 0;
    readonly #seen = new Set<string>();

    /** @param source the example that the team has copied */
    static async start(source = example): Promise<World> {
        const world = new World(await ensureEngine({ log: () => undefined }), source);
        await world.startApi("key-6XqR2mVn8sLw4TzYb1Kd");
        world.#makeModules();
        await world.#serveReceiver();
        await world.#createRepository();
        return world;
    }

    readonly #receiver = createServer(
        toNodeListener(
            createReceiver({
                secrets: cachedSecrets(async () => [...this.#knownSecrets()], {
                    maxAgeSeconds: 0,
                    minRefetchSeconds: 0,
                }),
                onDelivery: () => undefined,
                onError: () => undefined,
            }),
        ),
    );
    receiverUrl = "";

    #emulator: Emulator | undefined;

    private constructor(
        readonly engine: Engine,
        readonly source: string,
    ) {
        mkdirSync(join(this.folder, "state"));
        writeFileSync(join(this.folder, "clock.cjs"), clock);
    }

    get emulator(): Emulator {
        if (this.#emulator === undefined) throw new Error("The API has not been started.");
        return this.#emulator;
    }

    /** The API with this key; if it has been started before, at the same address and with the same webhooks. */
    async startApi(apiKey: string): Promise<void> {
        const port = this.#emulator === undefined ? await unusedPort() : Number(new URL(this.#emulator.url).port);
        await this.#emulator?.stop();
        this.#emulator = await startEmulator({ apiKey, port, stateFile: join(this.folder, "api.json") });
    }

    async stop(): Promise<void> {
        this.#receiver.closeAllConnections();
        this.#receiver.close();
        await this.emulator.stop();
        rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    }

    get secrets(): string[] {
        return this.emulator.webhooks.map(({ secret }) => secret);
    }

    /** What every machine of the CI has: Pulumi, git, Node.js; no credential; and the emulator in the API's place. */
    environment(): Env {
        const {
            PULUMI_BACKEND_URL: _,
            PULUMI_CONFIG_PASSPHRASE: __,
            ...own
        } = engineEnvironment(this.engine, this.folder);
        return {
            ...own,
            PATH: [join(this.folder, "bin"), own.PATH].join(delimiter),
            HOME: this.folder,
            GIT_CONFIG_GLOBAL: join(this.folder, "gitconfig"),
            GIT_CONFIG_NOSYSTEM: "1",
            CAPTIONS_BASE_URL: this.emulator.baseUrl,
            CAPTIONS_LIST_LAG_SECONDS: "0.3",
            // The types are checked once, by a test of their own.
            ...quickTypeScript,
            NPM_CONFIG_OFFLINE: "true",
            NODE_OPTIONS: `${quickTypeScript.NODE_OPTIONS} --require=${join(this.folder, "clock.cjs")}`,
            TEST_TODAY: this.today,
        };
    }

    /** How somebody of the team works on the stack by hand. */
    operator(): Env {
        const { apiKey } = this.emulator;
        const own = {
            PULUMI_BACKEND_URL: this.backend,
            PULUMI_CONFIG_PASSPHRASE: passphrase,
            CAPTIONS_API_KEY: apiKey,
        };
        return { ...this.environment(), ...own };
    }

    /** A clone with a branch, for somebody of the team. */
    clone(ref: string): string {
        const folder = join(this.folder, `clone-${++this.#clones}`);
        this.git(this.folder, "clone", "--quiet", this.origin, folder);
        this.git(folder, "checkout", "--quiet", ...(ref === "main" ? ["main"] : ["--detach", ref]));
        return folder;
    }

    /**
     * A checkout as a CI makes it: in a folder that may be left over from the run before, cleaned, only so many commits
     * deep.
     *
     * @param depth 0 for all commits
     */
    checkout(ref: string, folder: string, depth: number): void {
        if (!existsSync(join(folder, ".git"))) {
            mkdirSync(folder, { recursive: true });
            this.git(folder, "init", "--quiet");
            this.git(folder, "remote", "add", "origin", pathToFileURL(this.origin).href);
        }
        const extent = depth === 0 ? [] : [`--depth=${depth}`];
        this.git(folder, "fetch", "--quiet", "--no-tags", ...extent, "origin", ref);
        this.git(folder, "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD");
        this.git(folder, "clean", "--quiet", "-ffdx");
    }

    /** What `npm ci` does here. */
    install(folder: string): void {
        symlinkSync(this.#modules, join(folder, "node_modules"));
    }

    /** Commits a change of the settings or the generations. @returns the commit */
    commit(branch: string, change: (folder: string) => void, from = "main"): string {
        const folder = this.clone(from);
        change(folder);
        this.git(folder, "add", "--all");
        this.git(folder, "commit", "--quiet", "--all", "--message", `Change on ${branch}`);
        this.git(folder, "push", "--quiet", "--force", "origin", `HEAD:refs/heads/${branch}`);
        return this.git(folder, "rev-parse", "HEAD");
    }

    /** What the hosting tests for a pull request: the branch merged into main. @returns the merge commit */
    mergeOf(branch: string, push: "main" | `refs/pull/${number}/merge`): string {
        const folder = this.clone("main");
        this.git(folder, "merge", "--quiet", "--no-ff", "--message", `Merge ${branch}`, `origin/${branch}`);
        this.git(folder, "push", "--quiet", "--force", "origin", `HEAD:${push}`);
        return this.git(folder, "rev-parse", "HEAD");
    }

    git(cwd: string, ...args: string[]): string {
        const env = this.environment();
        return execFileSync("git", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
    }

    /** Runs a script of the CI, and searches what it shows for secrets. */
    async bash(script: string, options: readonly string[], cwd: string, env: Env, cancel?: AbortSignal): Promise<Ran> {
        this.#noteSecrets();
        const ran = await bash(script, options, cwd, env, cancel);
        this.#noteSecrets();
        this.mustNotLeak("a step's output", ran.text);
        return ran;
    }

    /** Every file of the state, with what is in it. */
    state(): Readonly<Record<string, string>> {
        const folder = join(this.folder, "state");
        const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
        const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
        return Object.fromEntries(paths.map((path) => [path, readFileSync(path, "utf8")]));
    }

    mustNotLeak(where: string, text: string): void {
        this.#noteSecrets();
        const leaks = findLeaks(new Map([[where, text]]), this.#seen);
        if (leaks.length > 0) throw new Error(`Secrets in clear: ${leaks.join("; ")}`);
    }

    #noteSecrets(): void {
        for (const secret of [...this.secrets, this.emulator.apiKey, passphrase]) this.#seen.add(secret);
    }

    #knownSecrets(): readonly string[] {
        return this.known === "live" ? this.secrets : this.known;
    }

    /**
     * What the example's packages are, with this package as it is packed, and an `npm` that links them: no registry has
     * this package yet, so `npm ci` itself cannot be run.
     */
    #makeModules(): void {
        mkdirSync(join(this.#modules, ".bin"), { recursive: true });
        const packed = inject("nodeModules");
        for (const name of readdirSync(packed)) {
            if (!name.startsWith(".")) symlinkSync(join(packed, name), join(this.#modules, name));
        }
        for (const name of ["typescript", "ts-node", "@types"]) {
            symlinkSync(join(root, "node_modules", name), join(this.#modules, name));
        }
        const command = join(packed, "pulumi-captions/dist/cli/main.js");
        chmodSync(command, 0o755);
        symlinkSync(command, join(this.#modules, ".bin/pulumi-captions"));

        mkdirSync(join(this.folder, "bin"));
        const npm = `#!/bin/sh\n[ "$*" = "ci --ignore-scripts" ] || exit 1\n[ -e node_modules ] || ln -s "${this.#modules}" node_modules\n`;
        writeFileSync(join(this.folder, "bin/npm"), npm, { mode: 0o755 });
        // That of npm takes three times as long as what it starts; a test of its own shows that it starts this.
        const npx =
            '#!/bin/sh\n[ "$1" = --no ] && shift || exit 1\nname=$1\nshift\nexec "node_modules/.bin/$name" "$@"\n';
        writeFileSync(join(this.folder, "bin/npx"), npx, { mode: 0o755 });
    }

    async #serveReceiver(): Promise<void> {
        this.#receiver.listen(0, "127.0.0.1");
        await once(this.#receiver, "listening");
        this.receiverUrl = `http://127.0.0.1:${(this.#receiver.address() as AddressInfo).port}/hooks`;
    }

    /** As README.md says: copy the folder, make the stack and set the URL if it has one, commit. */
    async #createRepository(): Promise<void> {
        writeFileSync(
            join(this.folder, "gitconfig"),
            "[user]\nname = Team\nemail = team@acme.example\n[init]\ndefaultBranch = main\n[advice]\ndetachedHead = false\n",
        );
        const folder = join(this.folder, "first");
        cpSync(this.source, folder, { recursive: true, filter: (source) => !source.includes("node_modules") });
        if (this.source === example) await this.#createProd(folder);
        this.git(folder, "init", "--quiet");
        this.git(folder, "add", "--all");
        this.git(folder, "commit", "--quiet", "--message", "Webhooks");
        this.git(this.folder, "clone", "--quiet", "--bare", folder, this.origin);
        // As the hostings do, for a checkout of one commit.
        this.git(this.origin, "config", "uploadpack.allowAnySHA1InWant", "true");
    }

    async #createProd(folder: string): Promise<void> {
        this.install(folder);
        hurryDeliveryCheck(folder);
        const settings = join(folder, "Pulumi.prod.yaml");
        const text = readFileSync(settings, "utf8");
        writeFileSync(settings, text.replace("https://api.example.com/hooks/captions", this.receiverUrl));
        const init = await bash("pulumi stack init prod --non-interactive", ["-e"], folder, this.operator());
        if (init.code !== 0) throw new Error(init.text);
        rmSync(join(folder, "node_modules"));
    }
}

/** For Node.js: the day that TEST_TODAY names, whenever the process starts. */
const clock = `const today = process.env.TEST_TODAY;
if (today) {
    const offset = Date.parse(today + "T03:23:00Z") - Date.now();
    const RealDate = Date;
    globalThis.Date = class extends RealDate {
        constructor(...args) {
            if (args.length === 0) super(RealDate.now() + offset);
            else super(...args);
        }
        static now() {
            return RealDate.now() + offset;
        }
    };
}
`;

/** A change of a text in a file of the repository. */
export function edit(path: string, from: string | RegExp, to: string): (folder: string) => void {
    return (folder) => {
        const file = join(folder, path);
        const text = readFileSync(file, "utf8");
        const changed = text.replace(from, to);
        if (changed === text) throw new Error(`${path} has no ${from}`);
        writeFileSync(file, changed);
    };
}
