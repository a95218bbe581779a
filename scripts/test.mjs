// `npm test`: sets up, checks format, lint and types, gets the engine and a browser, packs the package, runs the tests.
// In the end no process may work in the tests' temporary folder, and nothing may be in it.
// A step that fails doesn't keep the next ones from running where they can. What follows `--` goes to vitest.
// The last line is `N passed, N failed`: format and lint, types, and each test count as one; so does any other step
// that fails.
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { filesLeft, processesBelow } from "./leftovers.mjs";
import { SetUpError, setUp } from "./setup.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name, path) => join(root, "node_modules", name, path);
const temporary = realpathSync(mkdtempSync(join(tmpdir(), "pulumi-captions-test-")));
/** Where the tests' own temporary folders are. Short, as the path of a socket may have a hundred characters only. */
const sandbox = join(temporary, "t");
// Where root runs the tests, PostgreSQL runs as another user, who has to get to its folder in there.
chmodSync(temporary, 0o711);
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const counts = { passed: 0, failed: 0 };
const summary = [];

/**
 * Runs a step and notes how it ended; `counted` steps count when they pass, too. Answers what `work` does, or
 * undefined.
 */
async function step(name, counted, work) {
    const started = Date.now();
    const note = (mark, more = "") => {
        const line = `${mark.padEnd(6)} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)${more}`;
        summary.push(line);
        return line;
    };
    try {
        const result = await work();
        if (counted) counts.passed++;
        console.log(note("ok"));
        return result;
    } catch (error) {
        counts.failed++;
        console.log(`${note("failed")}\n${indent(error.message)}`);
        return { error };
    }
}

/**
 * Runs a Node program of ours to its end and answers its standard output; with `name`, shows its standard error at
 * once.
 */
function node(args, options) {
    return execute(process.execPath, args, options);
}

function execute(command, args, { name, shows = false, env = {}, shell = false } = {}) {
    return new Promise((resolve, reject) => {
        const child = spawn(command, args, {
            cwd: root,
            env: { ...process.env, ...env },
            stdio: ["ignore", shows ? "inherit" : "pipe", shows ? "inherit" : "pipe"],
            shell,
        });
        let stdout = "";
        let stderr = "";
        child.stdout?.setEncoding("utf8").on("data", (text) => {
            stdout += text;
        });
        child.stderr?.setEncoding("utf8").on("data", (text) => {
            stderr += text;
            if (name) process.stdout.write(text.replace(/^(?=.)/gm, `${name}: `));
        });
        child.on("error", reject);
        child.on("close", (code) => {
            if (code === 0) resolve(stdout);
            else reject(new Error(`${stdout}${stderr}`.trim() || `it ended with code ${code}`));
        });
    });
}

async function checks() {
    await step("format and lint", true, () =>
        node([bin("@biomejs/biome", "bin/biome"), "check", "--error-on-warnings", "--colors=off", "."]),
    );
    await step("types", true, () => node([bin("typescript", "bin/tsc"), "--noEmit", "--pretty", "false"]));
}

async function packed() {
    const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", temporary];
    // The npm that runs us, else the one on PATH.
    const own = /npm-cli\.[cm]?js$/.test(process.env.npm_execpath ?? "") && process.env.npm_execpath;
    const onWindows = process.platform === "win32";
    const output = own
        ? await node([own, ...args])
        : await execute(onWindows ? "npm.cmd" : "npm", args, { shell: onWindows });
    return join(temporary, JSON.parse(output)[0].filename);
}

async function tests(env) {
    const report = join(temporary, "report.json");
    const started = Date.now();
    const exit = await node(
        [
            bin("vitest", "vitest.mjs"),
            "run",
            "--reporter=default",
            "--reporter=json",
            `--outputFile.json=${report}`,
            ...process.argv.slice(2),
        ],
        { shows: true, env },
    ).then(
        () => 0,
        () => 1,
    );
    const results = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : { testResults: [] };
    const passed = results.numPassedTests ?? 0;
    // A file that can't even be loaded has no tests to count.
    const brokenFiles = results.testResults.filter(
        (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
    ).length;
    let failed = (results.numFailedTests ?? 0) + brokenFiles;
    // Nothing ran, or an error outside of any test.
    if (failed === 0 && (exit !== 0 || passed === 0)) failed = 1;
    counts.passed += passed;
    counts.failed += failed;
    const skipped = (results.numPendingTests ?? 0) + (results.numTodoTests ?? 0);
    summary.push(
        `${(failed === 0 ? "ok" : "failed").padEnd(6)} tests (${((Date.now() - started) / 1000).toFixed(1)} s): ` +
            `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
    );
}

/** How long a process may take to end after the test that ended it. */
const ENDING_MS = 10_000;

/** Fails if the tests have left a process or a file behind. Such a process is ended: nobody else ever would. */
async function leftovers() {
    let processes = processesBelow(sandbox);
    for (const until = Date.now() + ENDING_MS; processes.length > 0 && Date.now() < until; ) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        processes = processesBelow(sandbox);
    }
    for (const { pid } of processes) {
        try {
            process.kill(pid, "SIGKILL");
        } catch {
            // It has ended in the meantime.
        }
    }
    const left = [
        ...processes.map(({ pid, command }) => `The tests left process ${pid} running: ${command}`),
        ...filesLeft(sandbox).map((name) => `The tests left ${join(sandbox, name)} behind.`),
    ];
    if (left.length > 0) throw new Error(left.join("\n"));
}

async function main() {
    const setUpDone = await step("set-up", false, () => setUp({ log: console.log }));
    // Without the packages nothing can run; with a build that failed, the rest shows why.
    if (setUpDone?.error && !(setUpDone.error instanceof SetUpError && setUpDone.error.step === "build")) return;

    const tsx = ["--import", "tsx"];
    const [, engine, browser, tarball] = await Promise.all([
        checks(),
        step("engine", false, () => node([...tsx, "engine/main.ts", "--json"], { name: "engine" })),
        // One after the other, as both may have to install Debian's packages.
        step("browser", false, () => node([...tsx, "test/prerequisites/browser.ts"], { name: "browser" })).then(
            async (browser) => {
                await step("prerequisites", false, () =>
                    node([...tsx, "test/prerequisites/main.ts"], { name: "prerequisites" }),
                );
                return browser;
            },
        ),
        step("package", false, packed),
    ]);
    mkdirSync(sandbox);
    const env = { TMPDIR: sandbox, TMP: sandbox, TEMP: sandbox };
    if (typeof tarball === "string") env.PULUMI_CAPTIONS_TARBALL = tarball;
    if (typeof browser === "string") env.CHROMIUM_PATH = browser.trim();
    if (engine?.error) env.PULUMI_CAPTIONS_ENGINE_ERROR = engine.error.message;
    await tests(env);
    await step("nothing left behind", false, leftovers);
}

function indent(text) {
    return text.replace(/^(?=.)/gm, "    ");
}

await main().catch((error) => {
    counts.failed++;
    console.error(error);
});
process.exitCode = counts.failed === 0 ? 0 : 1;
console.log(`\n${summary.join("\n")}\n${counts.passed} passed, ${counts.failed} failed`);
