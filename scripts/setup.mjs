// The set-up that `npm start` and `npm test` need: Node's version, the packages, this package's link to itself, its
// build. With the argument `packages` or `build` it does only that.
// Plain Node without any dependency, because it runs before there are any. Quick when there is nothing to do.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
    existsSync,
    lstatSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    realpathSync,
    rmdirSync,
    rmSync,
    statSync,
    symlinkSync,
    utimesSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = realpathSync(dirname(dirname(fileURLToPath(import.meta.url))));
const stamps = join(root, "node_modules", ".pulumi-captions");
const onWindows = process.platform === "win32";

/** The environment variable that tells a set-up that another one started it. */
const WITHIN = "PULUMI_CAPTIONS_SETUP";
const OLDEST_NODE = [20, 19];
/** What `tsc` compiles into folders of the same names in dist/. */
const COMPILED = ["provider", "emulator", "receiver", "probe", "cli"];
const SOURCES = COMPILED.concat(
    "package.json",
    ["scripts/mark-esm.mjs", "scripts/copy-page.mjs", "release/bundle.mjs"],
    ["tsconfig.json", "tsconfig.build.json", "tsconfig.esm.json"],
);

/** A step of the set-up failed; `step` says which: "node", "packages" or "build". */
export class SetUpError extends Error {
    name = "SetUpError";
    constructor(step, message) {
        super(message);
        this.step = step;
    }
}

/** Does what isn't done yet. Two at once don't disturb each other: the second one waits. */
export async function setUp({ log, only = undefined }) {
    checkNode();
    // npm runs the script `prepare` after each install, also after ours, which is followed by the build anyway.
    if (process.env[WITHIN] !== undefined) return;
    await withLock(log, async () => {
        if (only !== "build") {
            await installPackages(log);
            linkPackage();
        }
        if (only !== "packages") await build(log);
    });
}

function checkNode() {
    const [major, minor] = process.versions.node.split(".").map(Number);
    if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
    throw new SetUpError(
        "node",
        `Node.js ${OLDEST_NODE.join(".")} or newer is needed, this is ${process.versions.node}. ` +
            "Install a newer one (https://nodejs.org) and try again.",
    );
}

async function installPackages(log) {
    const lockFile = join(root, "package-lock.json");
    // npm writes this one at the end of every install.
    const installed = join(root, "node_modules", ".package-lock.json");
    const stamp = join(stamps, "packages");
    const fingerprint = digest([lockFile]);
    // By its content, as git gives a file that it checks out a new time; by time, where somebody ran npm without us.
    const isCurrent =
        existsSync(installed) &&
        (changed(installed) >= changed(lockFile) ||
            (readOr(stamp, "") === fingerprint && changed(stamp) >= changed(installed)));
    if (!isCurrent) {
        const started = Date.now();
        log("Installing the packages with npm (about half a minute).");
        // NODE_ENV=production would leave the development packages out.
        await npm("packages", ["ci", "--include=dev", "--no-audit", "--no-fund"], "npm could not install the packages");
        log(`Installed the packages in ${seconds(started)}.`);
    }
    if (readOr(stamp, "") !== fingerprint) write(stamp, fingerprint);
}

/** Lets the program in the root, and its state, load this package by its name, as a user's program does. */
function linkPackage() {
    const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const link = join(root, "node_modules", name);
    try {
        if (realpathSync(link) === root) return;
    } catch {
        // There is none, or it points nowhere.
    }
    if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link, { recursive: true, force: true });
    symlinkSync(onWindows ? root : "..", link, "junction");
}

async function build(log) {
    const { main } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const stamp = join(stamps, "build");
    const fingerprint = digest(SOURCES.flatMap((name) => filesBelow(join(root, name))));
    if (readOr(stamp, "") === fingerprint && existsSync(join(root, main))) return;
    const started = Date.now();
    rmSync(stamp, { force: true });
    await npm("build", ["run", "--silent", "build"], "the package could not be built");
    removeOutdated();
    write(stamp, fingerprint);
    log(`Built the package in ${seconds(started)}.`);
}

/** Removes from dist/ what was built from a source that is no longer there. */
function removeOutdated() {
    for (const file of [...COMPILED, "esm"].flatMap((name) => filesBelow(join(root, "dist", name)))) {
        const built = relative(join(root, "dist"), file);
        const stem = built.replace(/(\.d)?\.[cm]?[jt]s$/, "").replace(/^esm[/\\]/, "");
        if (!/\.[cm]?[jt]s$/.test(built)) continue;
        if (![".ts", ".mts", ".cts", ".js", ".mjs"].some((ending) => existsSync(join(root, stem + ending)))) {
            rmSync(file);
        }
    }
}

async function npm(step, args, failure) {
    // The npm that runs us (`npm test`), else the one on PATH.
    const own = /npm-cli\.[cm]?js$/.test(process.env.npm_execpath ?? "") ? process.env.npm_execpath : undefined;
    const [command, first] = own ? [process.execPath, [own]] : [onWindows ? "npm.cmd" : "npm", []];
    const { code, output } = await new Promise((resolve) => {
        let output = "";
        const child = spawn(command, [...first, ...args], {
            cwd: root,
            env: { ...process.env, [WITHIN]: "running" },
            stdio: ["ignore", "pipe", "pipe"],
            shell: onWindows && !own,
        });
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding("utf8").on("data", (text) => {
                output += text;
            });
        }
        child.on("error", (error) => resolve({ code: null, output: `${output}${error.message}` }));
        child.on("close", (code) => resolve({ code, output }));
    });
    if (code === 0) return;
    const lines = output.trim().split("\n").slice(-30);
    throw new SetUpError(step, `${failure} (npm ${args.join(" ")}):\n    ${lines.join("\n    ")}`);
}

const STALE_MS = 10_000;

/**
 * Held by a folder that its owner touches every few seconds: one that nobody touches belongs to a process that is gone.
 */
async function withLock(log, work) {
    const path = join(
        tmpdir(),
        `pulumi-captions-setup-${createHash("sha256").update(root).digest("hex").slice(0, 16)}`,
    );
    for (let said = false; ; ) {
        try {
            mkdirSync(path);
            break;
        } catch (error) {
            if (error.code !== "EEXIST") throw error;
        }
        const touched = changed(path);
        if (touched === 0) continue;
        if (Date.now() - touched > STALE_MS) {
            rmSync(path, { recursive: true, force: true });
            continue;
        }
        if (!said) log("Waiting for another set-up of this folder.");
        said = true;
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const release = () => {
        clearInterval(heartbeat);
        process.off("exit", release);
        try {
            rmdirSync(path);
        } catch {
            // It was taken for stale, say after the machine slept.
        }
    };
    const touch = () => {
        try {
            utimesSync(path, new Date(), new Date());
        } catch {
            // As above.
        }
    };
    const heartbeat = setInterval(touch, STALE_MS / 4);
    process.on("exit", release);
    try {
        return await work();
    } finally {
        release();
    }
}

function digest(files) {
    const hash = createHash("sha256");
    for (const file of files) {
        const content = readFileSync(file);
        hash.update(`${relative(root, file).split(sep).join("/")}\0${content.length}\0`).update(content);
    }
    return hash.digest("hex");
}

function filesBelow(path) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return [];
    if (!found.isDirectory()) return [path];
    return readdirSync(path)
        .sort()
        .flatMap((name) => filesBelow(join(path, name)));
}

/** When a file was last changed; 0 when it isn't there. */
function changed(path) {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function readOr(path, otherwise) {
    return existsSync(path) ? readFileSync(path, "utf8") : otherwise;
}

function write(path, text) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
}

function seconds(started) {
    return `${Math.round((Date.now() - started) / 1000)} s`;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
    // `npm pack --json` and the like write what programs read to standard output.
    setUp({ log: console.error, only: process.argv[2] }).catch((error) => {
        console.error(error instanceof SetUpError ? error.message : error);
        process.exitCode = 1;
    });
}
