// `npm run test:matrix`: installs the packed tarball for real with npm and pnpm, and runs a webhook's life on the real
// engine: in CommonJS, ES module and TypeScript programs, on Node 20, 22 and 24, with the oldest and the newest SDK.
// `npm run test:matrix -- --only "pnpm"` runs the cells whose name holds that text. A quick part is in matrix.test.ts.
import { createHash } from "node:crypto";
import {
    copyFileSync,
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    realpathSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Emulator, startEmulator } from "../../emulator";
import { cacheFolder, type Engine, ensureEngine, type Reporter, standardErrorReporter } from "../../engine";
import { fillOnce, prepareCacheFolder } from "../../engine/cache";
import { run } from "../../engine/processes";
import { duration } from "../../engine/progress";
import { runPulumi } from "../../engine/pulumi";
import { type EmptyStack, writeEmptyStack } from "../support/empty-stack";
import { readOutputs, readState } from "../support/saved-state";

const root = join(__dirname, "../..");
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const INSTALL_MS = 5 * 60_000;

/** The last one that runs on Node 20.19, which is what users of pnpm on Node 20 have. */
const pnpmVersion = "10";

export const managers = ["npm", "pnpm"] as const;
/** `typescript` is run by ts-node as Pulumi does it, `compiled` is TypeScript that tsc has compiled before. */
export const programs = ["commonjs", "esm", "typescript", "compiled"] as const;
export const nodes = [20, 22, 24] as const;

const manifest = readJson(join(root, "package.json"));
/** The oldest SDK that package.json promises, and the newest that is installed here. */
export const sdks = [
    String(manifest.peerDependencies?.["@pulumi/pulumi"]).replace(/^\D*/, ""),
    String(readJson(join(root, "node_modules/@pulumi/pulumi/package.json")).version),
] as const;

export interface Cell {
    readonly manager: (typeof managers)[number];
    readonly program: (typeof programs)[number];
    readonly node: (typeof nodes)[number];
    readonly sdk: string;
}

export const allCells: readonly Cell[] = managers.flatMap((manager) =>
    sdks.flatMap((sdk) => programs.flatMap((program) => nodes.map((node) => ({ manager, program, node, sdk })))),
);

/** Every pair of values of any two columns is in one of these twelve (of 48). */
export const quickCells: readonly Cell[] = programs.flatMap((program, p) =>
    nodes.map((node, n) => ({
        manager: managers[(p + n) % 2] ?? "npm",
        program,
        node,
        sdk: sdks[(Math.floor(p / 2) + n) % 2] ?? "",
    })),
);

export function nameOf({ manager, program, node, sdk }: Cell): string {
    return `${manager}, ${program}, Node ${node}, @pulumi/pulumi ${sdk}`;
}

/** The packages could not be had; the message says which, and what to do. */
export class MatrixError extends Error {
    override readonly name = "MatrixError";
}

interface Manifest {
    readonly version?: string;
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly peerDependencies?: Readonly<Record<string, string>>;
}

function readJson(file: string): Manifest {
    return JSON.parse(readFileSync(file, "utf8"));
}

function usesTypeScript({ program }: Cell): boolean {
    return program === "typescript" || program === "compiled";
}

/** What has to be installed for a cell: those of equal ones can share it. */
export function installationOf(cell: Cell): string {
    return `${cell.manager}-${cell.sdk}${usesTypeScript(cell) ? "-typescript" : ""}`;
}

async function npmInstall(folder: string, packages: readonly string[], more: readonly string[] = []): Promise<void> {
    await install(npm, ["install", "--no-audit", "--no-fund", ...more, ...packages], folder);
}

async function install(command: string, args: string[], folder: string): Promise<void> {
    const { code, output, timedOut } = await run(command, args, {
        cwd: folder,
        env: process.env,
        timeoutMs: INSTALL_MS,
    });
    if (code === 0) return;
    const why = timedOut
        ? `it took longer than ${duration(INSTALL_MS)}`
        : output.trim().split("\n").slice(-8).join("\n");
    throw new MatrixError(
        `The packages for the matrix could not be installed: ${why}\nThe command was: ${command} ${args.join(" ")}\n` +
            `It needs npm's registry once per machine; what it gets is kept in ${cacheFolder()}.`,
    );
}

async function cached(
    name: string,
    what: string,
    reporter: Reporter,
    fill: (folder: string) => Promise<void>,
): Promise<string> {
    const cache = cacheFolder();
    prepareCacheFolder(cache, process.env);
    const folder = join(cache, `matrix-${name}-${process.platform}-${process.arch}`);
    const ready = async (): Promise<boolean> => {
        try {
            return readFileSync(join(folder, "complete"), "utf8") === name;
        } catch {
            return false;
        }
    };
    if (await ready()) return folder;
    await fillOnce(folder, what, reporter, ready, async (temporary) => {
        reporter.log(`Installing ${what} (once per machine).`);
        writeFileSync(join(temporary, "package.json"), '{"name": "matrix", "private": true}\n');
        await fill(temporary);
        writeFileSync(join(temporary, "complete"), name);
    });
    return folder;
}

/** The folder of a `node` of a major version: this one, or one from npm. */
async function nodeFolder(major: number, reporter: Reporter): Promise<string> {
    if (process.versions.node.startsWith(`${major}.`)) return join(process.execPath, "..");
    const folder = await cached(`node-${major}`, `Node.js ${major} from npm`, reporter, (into) =>
        npmInstall(into, [`node@${major}`]),
    );
    return join(folder, "node_modules/node/bin");
}

async function pnpm(reporter: Reporter): Promise<string> {
    const folder = await cached(`pnpm-${pnpmVersion}`, `pnpm ${pnpmVersion}`, reporter, (into) =>
        npmInstall(into, [`pnpm@${pnpmVersion}`]),
    );
    return join(folder, "node_modules/pnpm/bin/pnpm.cjs");
}

/** Installs the tarball with the SDK into a folder, as a user does. */
async function installInto(folder: string, cell: Cell, tarball: string, reporter: Reporter): Promise<void> {
    copyFileSync(tarball, join(folder, "pulumi-captions.tgz"));
    writeFileSync(join(folder, "package.json"), '{"name": "matrix", "private": true}\n');
    const packages = ["./pulumi-captions.tgz", `@pulumi/pulumi@${cell.sdk}`];
    if (usesTypeScript(cell)) packages.push("typescript@5", "ts-node@10");
    if (cell.manager === "npm") {
        await npmInstall(folder, packages, ["--ignore-scripts"]);
        return;
    }
    const store = mkdtempSync(join(tmpdir(), "pulumi-captions-pnpm-store-"));
    try {
        const options = ["--ignore-scripts", "--store-dir", store, "--package-import-method", "copy"];
        await install(process.execPath, [await pnpm(reporter), "add", ...options, ...packages], folder);
    } finally {
        rmSync(store, { recursive: true, force: true });
    }
}

/**
 * A folder with the packages of a cell as its package manager lays them out, out of the cache, with what is in the
 * tarball now in place of what was installed then.
 */
async function copyInstallation(folder: string, cell: Cell, tarball: string, reporter: Reporter): Promise<void> {
    const { dependencies, peerDependencies } = manifest;
    const needs = createHash("sha256")
        .update(JSON.stringify([dependencies, peerDependencies]))
        .digest("hex")
        .slice(0, 10);
    const name = `${installationOf(cell)}-${needs}`;
    const source = await cached(name, `the packages for ${installationOf(cell)}`, reporter, (into) =>
        installInto(into, cell, tarball, reporter),
    );
    const [from, to] = [join(source, "node_modules"), join(folder, "node_modules")];
    // Hard links, where they are possible, cost no copying.
    const { code } = await run("cp", ["-al", from, to], { env: process.env });
    if (code !== 0) {
        rmSync(to, { recursive: true, force: true });
        cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    }
    const own = realpathSync(join(to, "pulumi-captions"));
    rmSync(own, { recursive: true });
    mkdirSync(own);
    const unpacked = await run("tar", ["-xzf", tarball, "-C", own, "--strip-components=1"], { env: process.env });
    if (unpacked.code !== 0) throw new MatrixError(`The tarball could not be unpacked: ${unpacked.output}`);
}

export interface Matrix {
    /** Runs one cell; resolves when it has passed. */
    readonly run: (cell: Cell) => Promise<void>;
    readonly end: () => Promise<void>;
}

/**
 * @param options.fresh installs for real, instead of taking what is in the cache
 */
export async function startMatrix(options: {
    readonly tarball: string;
    readonly fresh: boolean;
    readonly reporter: Reporter;
}): Promise<Matrix> {
    const { tarball, fresh, reporter } = options;
    const engine = await ensureEngine(reporter);
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-matrix-"));
    const installations = new Map<string, Promise<string>>();
    const get = (cell: Cell): Promise<string> => {
        const name = installationOf(cell);
        const known = installations.get(name);
        if (known !== undefined) return known;
        const into = join(folder, name);
        mkdirSync(into);
        const work = fresh
            ? installInto(into, cell, tarball, reporter)
            : copyInstallation(into, cell, tarball, reporter);
        const installed = work.then(() => into);
        installations.set(name, installed);
        return installed;
    };
    let count = 0;
    return {
        async run(cell) {
            const project = await get(cell);
            const node = await nodeFolder(cell.node, reporter);
            const emulator = await startEmulator({ apiKey: "key-6XqR2mVn8sLw4TzYb1Kd" });
            const temporaryFolder = join(folder, `run-${++count}`);
            mkdirSync(temporaryFolder);
            try {
                await live(cell, { project, node, emulator, temporaryFolder, engine });
            } finally {
                await emulator.stop();
                rmSync(temporaryFolder, { recursive: true, force: true });
            }
        },
        async end() {
            rmSync(folder, { recursive: true, force: true });
        },
    };
}

interface Place {
    readonly project: string;
    readonly node: string;
    readonly emulator: Emulator;
    readonly temporaryFolder: string;
    readonly engine: Engine;
}

/** A webhook's life, and that of one that is only read. */
async function live(cell: Cell, { project, node, emulator, temporaryFolder, engine }: Place): Promise<void> {
    const legacy = emulator.register({ url: "https://api.example.com/legacy", enabledEvents: ["creator.failure"] });
    const own = {
        PATH: [node, engine.env.PATH].join(delimiter),
        CAPTIONS_API_KEY: emulator.apiKey,
        CAPTIONS_BASE_URL: emulator.baseUrl,
        LEGACY: legacy.id,
    };
    await writeProgram(cell, project, node);
    const pulumi = async (command: string, options: readonly string[] = [], env = {}): Promise<void> => {
        const args = [command, "--yes", "--skip-preview", "--stack", "matrix", ...options];
        const { code, text } = await runPulumi(engine, args, { project, temporaryFolder, env: { ...own, ...env } });
        if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with code ${code}:\n${text}`);
    };
    const expectCalls = (expected: string): void => {
        const calls = emulator.calls
            .map(({ endpoint }) => endpoint)
            .sort()
            .join(" ");
        if (calls !== expected) throw new Error(`The API got the calls "${calls}" and not "${expected}".`);
        emulator.clearCalls();
    };
    const must = (condition: boolean, what: string): void => {
        if (!condition) throw new Error(what);
    };
    const stack = { project, projectName: "matrix", temporaryFolder, name: "matrix" };
    writeEmptyStack(engine, stack);
    await pulumi("up");
    expectCalls("list register");
    const saved = () => savedIn(stack);
    const before = saved();
    // ts-node has checked the types of the same program just now.
    const checked = { PULUMI_NODEJS_TRANSPILE_ONLY: "true" };
    await pulumi("up", ["--refresh", "--expect-no-changes"], checked);
    expectCalls("list");
    must(saved() === before, "A refresh, or an `up` without changes, has changed the state.");
    const outputs = readOutputs(engine, stack);
    const made = emulator.webhooks.find(({ id }) => id === outputs.id);
    must(String(outputs.node).startsWith(`v${cell.node}.`), `The program ran on Node ${outputs.node}.`);
    must(outputs.sdk === cell.sdk, `The program had the SDK ${outputs.sdk}.`);
    must(made !== undefined && outputs.secret === made.secret, "The secret is not the API's.");
    must(outputs.legacy === legacy.secret, "The secret of the webhook that is read is not the API's.");
    await pulumi("destroy");
    expectCalls("delete");
    must(emulator.webhooks.map(({ id }) => id).join() === legacy.id, "Something else is left than what was there.");
}

/** What the state says of the resources, but for the times, and for secrets, which are encrypted anew each time. */
function savedIn(stack: EmptyStack): string {
    const resources = [...(readState(stack).resources ?? [])];
    resources.sort((one, other) => one.urn.localeCompare(other.urn));
    const unsteady = ["created", "modified", "ciphertext"];
    return JSON.stringify(resources, (key, value) => (unsteady.includes(key) ? undefined : value));
}

async function writeProgram(cell: Cell, project: string, node: string): Promise<void> {
    for (const name of ["index.js", "index.ts", "tsconfig.json"]) {
        rmSync(join(project, name), { recursive: true, force: true });
    }
    const { program } = cell;
    const isTypeScript = usesTypeScript(cell);
    const typescript =
        'import * as captions from "pulumi-captions";\nimport pulumi from "@pulumi/pulumi/package.json";';
    const imports = {
        commonjs:
            'const captions = require("pulumi-captions");\nconst pulumi = require("@pulumi/pulumi/package.json");',
        esm:
            'import * as captions from "pulumi-captions";\nimport { createRequire } from "node:module";\n' +
            'const pulumi = createRequire(import.meta.url)("@pulumi/pulumi/package.json");',
        typescript,
        compiled: typescript,
    }[program];
    const names =
        "id: webhook.id, secret: webhook.secret, legacy: legacy.secret, node: process.version, sdk: pulumi.version";
    const body = `
const webhook = new captions.Webhook("renders", {
    url: "https://api.example.com/hooks/captions",
    enabledEvents: ["creator.success", "creator.failure"],
});
const legacy = captions.Webhook.get("legacy", process.env.LEGACY ?? "");
const all = { ${names} };
`;
    const ends =
        program === "commonjs"
            ? "module.exports = all;\n"
            : "export const { id, secret, node, sdk } = all;\nconst other = all.legacy;\nexport { other as legacy };\n";
    const source = isTypeScript ? "index.ts" : "index.js";
    writeFileSync(join(project, source), imports + body + ends);
    const main = program === "compiled" ? "dist/index.js" : source;
    const text = { name: "matrix", private: true, main, ...(program === "esm" ? { type: "module" } : {}) };
    writeFileSync(join(project, "package.json"), `${JSON.stringify(text, undefined, 2)}\n`);
    const options = program === "compiled" ? "\n  name: nodejs\n  options:\n    typescript: false" : " nodejs";
    writeFileSync(join(project, "Pulumi.yaml"), `name: matrix\nruntime:${options}\n`);
    if (!isTypeScript) return;
    const compilerOptions = {
        strict: true,
        target: "ES2022",
        module: "node16",
        moduleResolution: "node16",
        esModuleInterop: true,
        resolveJsonModule: true,
        skipLibCheck: true,
        outDir: "dist",
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["index.ts"] }));
    // Whichever Node.js compiles it: once for all cells that share an installation.
    if (program !== "compiled" || existsSync(join(project, "dist"))) return;
    const tsc = join(project, "node_modules/typescript/bin/tsc");
    const { code, output } = await run(join(node, "node"), [tsc], { cwd: project, env: process.env });
    if (code !== 0) throw new Error(`The program does not compile: ${output}`);
}

async function pack(folder: string): Promise<string> {
    const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
    const { code, output, stdout } = await run(npm, args, { cwd: root, env: process.env });
    if (code !== 0) throw new MatrixError(`The package could not be packed: ${output}`);
    return join(folder, stdout.trim().split("\n").at(-1) ?? "");
}

async function main(): Promise<void> {
    const [option, only = ""] = process.argv.slice(2);
    const cells = option === "--only" ? allCells.filter((cell) => nameOf(cell).includes(only)) : allCells;
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-matrix-"));
    const failures: string[] = [];
    const started = Date.now();
    const matrix = await startMatrix({ tarball: await pack(folder), fresh: true, reporter: standardErrorReporter() });
    // Cells that share an installation take turns; two installations at once keep two cores busy.
    const names = [...new Set(cells.map(installationOf))];
    const groups = names.map((name) => cells.filter((cell) => installationOf(cell) === name));
    const work = async (): Promise<void> => {
        for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
            for (const cell of group) {
                const begun = Date.now();
                const failure = await matrix.run(cell).then(
                    () => undefined,
                    (error: Error) => error.message,
                );
                console.log(
                    `${failure === undefined ? "ok    " : "failed"} ${nameOf(cell)} (${duration(Date.now() - begun)})`,
                );
                if (failure === undefined) continue;
                console.log(failure.replace(/^(?=.)/gm, "    "));
                failures.push(nameOf(cell));
            }
        }
    };
    try {
        await Promise.all([work(), work()]);
    } finally {
        await matrix.end();
        rmSync(folder, { recursive: true, force: true });
    }
    const time = duration(Date.now() - started);
    console.log(
        `${cells.length - failures.length} of ${cells.length} cells passed, ${failures.length} failed, in ${time}.`,
    );
    process.exitCode = failures.length === 0 && cells.length > 0 ? 0 : 1;
}

if (process.argv[1] === __filename) {
    main().catch((error: Error) => {
        console.error(error.message);
        process.exitCode = 1;
    });
}
