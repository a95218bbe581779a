// Finds a Chrome or Chromium for the page tests, or installs one. `npx tsx test/prerequisites/browser.ts` prints where
// it is.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { findOnPath, homeFolder, isExecutable, run } from "../../engine/processes";
import { type Reporter, standardErrorReporter, withProgress } from "../../engine/progress";

/** No browser could be had. The message says what was tried and what to do. */
export class BrowserError extends Error {
    override readonly name = "BrowserError";
}

/** What the search looks at; tests bring their own. */
export interface Machine {
    env: NodeJS.ProcessEnv;
    platform: NodeJS.Platform;
    /** Where the usual places are looked for: "/" but for tests. */
    root: string;
    /** Undefined on Windows. */
    userId: number | undefined;
}

const THIS_MACHINE: Machine = {
    env: process.env,
    platform: process.platform,
    root: "/",
    userId: process.getuid?.(),
};

const NAMES = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome", "microsoft-edge"];
const VERSION_MS = 30_000;
const INSTALL_MS = 5 * 60_000;
const DEBIAN_PACKAGES = ["chromium", "fonts-dejavu-core"];

/**
 * The path of a browser that is there and runs: `CHROMIUM_PATH`, on PATH, in the usual places, in Playwright's cache.
 *
 * @throws {BrowserError} when `CHROMIUM_PATH` names one that doesn't run.
 */
export async function findBrowser(machine: Machine = THIS_MACHINE): Promise<string | undefined> {
    const named = machine.env.CHROMIUM_PATH;
    if (named) {
        if (await runs(named, machine)) return named;
        throw new BrowserError(`CHROMIUM_PATH names ${named}, which isn't there or doesn't run.`);
    }
    const candidates = [
        ...NAMES.flatMap((name) => findOnPath(name, machine.env)),
        ...usualPlaces(machine),
        ...inPlaywrightCache(machine),
    ];
    for (const candidate of candidates) {
        if (await runs(candidate, machine)) return candidate;
    }
    return undefined;
}

/**
 * The path of a browser; where there is none, it installs Debian's (as root on Debian), else Playwright's own.
 *
 * @throws {BrowserError} when that isn't possible.
 */
export async function findOrInstallBrowser(reporter: Reporter, machine: Machine = THIS_MACHINE): Promise<string> {
    const found = await findBrowser(machine);
    if (found !== undefined) return found;
    const tried: string[] = [];
    for (const [what, install] of [
        [`Debian's ${DEBIAN_PACKAGES[0]}`, installFromDebian],
        ["Playwright's Chromium", installFromPlaywright],
    ] as const) {
        const reason = await install(machine, (work) => {
            reporter.log(`Installing ${what} for the tests of the emulator's page (about a minute, at most 5).`);
            return withProgress(reporter, () => `installing ${what}`, work);
        });
        if (reason !== undefined) {
            tried.push(`${what}: ${reason}`);
            continue;
        }
        const installed = await findBrowser(machine);
        if (installed !== undefined) return installed;
        tried.push(`${what}: installed, but it doesn't run`);
    }
    throw new BrowserError(
        [
            "No Chrome or Chromium was found, and none could be installed. What was tried:",
            ...tried.map((line) => `  - ${line}`),
            "Install one, or name one that is there in the environment variable CHROMIUM_PATH.",
        ].join("\n"),
    );
}

function usualPlaces({ env, platform, root }: Machine): string[] {
    if (platform === "win32") {
        return [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA]
            .filter((folder): folder is string => !!folder)
            .flatMap((folder) => [
                join(folder, "Google", "Chrome", "Application", "chrome.exe"),
                join(folder, "Chromium", "Application", "chrome.exe"),
                join(folder, "Microsoft", "Edge", "Application", "msedge.exe"),
            ]);
    }
    if (platform === "darwin") {
        return ["Google Chrome", "Chromium", "Microsoft Edge"].flatMap((name) =>
            [join(root, "Applications"), join(homeFolder(env) ?? root, "Applications")].map((folder) =>
                join(folder, `${name}.app`, "Contents", "MacOS", name),
            ),
        );
    }
    return ["opt/google/chrome/chrome", "usr/bin/chromium", "usr/lib/chromium/chromium", "snap/bin/chromium"].map(
        (path) => join(root, path),
    );
}

/** Whatever versions are there, the newest first: https://playwright.dev/docs/browsers#managing-browser-binaries */
function inPlaywrightCache({ env, platform }: Machine): string[] {
    const home = homeFolder(env);
    const usual: Partial<Record<NodeJS.Platform, string | undefined>> = {
        win32: env.LOCALAPPDATA && join(env.LOCALAPPDATA, "ms-playwright"),
        darwin: home && join(home, "Library", "Caches", "ms-playwright"),
        linux: home && join(env.XDG_CACHE_HOME || join(home, ".cache"), "ms-playwright"),
    };
    const cache = env.PLAYWRIGHT_BROWSERS_PATH || usual[platform];
    if (!cache || !existsSync(cache)) return [];
    const revision = (name: string) => Number(/\d+$/.exec(name)?.[0] ?? 0);
    return readdirSync(cache)
        .filter((name) => /^chromium(_headless_shell)?-\d+$/.test(name))
        .sort((one, other) => revision(other) - revision(one) || one.length - other.length)
        .flatMap((name) =>
            readdirSync(join(cache, name)).flatMap((system) => [
                join(cache, name, system, "chrome"),
                join(cache, name, system, "headless_shell"),
                join(cache, name, system, "chrome-headless-shell"),
                join(cache, name, system, "chrome.exe"),
                join(cache, name, system, "Chromium.app", "Contents", "MacOS", "Chromium"),
                join(
                    cache,
                    name,
                    system,
                    "Google Chrome for Testing.app",
                    "Contents",
                    "MacOS",
                    "Google Chrome for Testing",
                ),
            ]),
        );
}

/** Ubuntu's `chromium-browser` is there and only says that it wants to be a snap, so the file alone tells nothing. */
async function runs(path: string, { env, platform }: Machine): Promise<boolean> {
    if (!isExecutable(path)) return false;
    // On Windows, Chrome opens a window instead of telling its version.
    if (platform === "win32") return true;
    const { code, stdout } = await run(path, ["--version"], { env, timeoutMs: VERSION_MS });
    return code === 0 && /\d+\.\d+\.\d+/.test(stdout);
}

/** Undefined when it is done, else the reason why not. */
type Install = (machine: Machine, start: <T>(work: () => Promise<T>) => Promise<T>) => Promise<string | undefined>;

const installFromDebian: Install = async ({ env, userId }, start) => {
    const apt = findOnPath("apt-get", env)[0];
    const aptCache = findOnPath("apt-cache", env)[0];
    if (apt === undefined || aptCache === undefined) return "there is no apt-get on PATH";
    if (userId !== 0) return "only root may install it";
    const quiet = { ...env, DEBIAN_FRONTEND: "noninteractive" };
    const update = () => run(apt, ["update", "-q"], { env: quiet, timeoutMs: INSTALL_MS });
    const candidate = async () =>
        /Candidate: (\S+)/.exec((await run(aptCache, ["policy", "chromium"], { env })).stdout)?.[1] ?? "(none)";
    return start(async () => {
        let updated = (await candidate()) === "(none)";
        if (updated) await update();
        const version = await candidate();
        if (version === "(none)") return "this system has no such package";
        if (version.includes("snap")) return "this system's package is a snap only";
        const args = [
            "install",
            "-q",
            "-y",
            "--no-install-recommends",
            "-o",
            "DPkg::Lock::Timeout=300",
            ...DEBIAN_PACKAGES,
        ];
        for (;;) {
            const { code, output, timedOut } = await run(apt, args, { env: quiet, timeoutMs: INSTALL_MS });
            if (code === 0) return undefined;
            // A list of packages that is out of date names files that are no longer there.
            if (updated) return lastLines(output, timedOut);
            await update();
            updated = true;
        }
    });
};

const installFromPlaywright: Install = async ({ env }, start) => {
    const cli = join(dirname(require.resolve("playwright-core/package.json")), "cli.js");
    return start(async () => {
        const { code, output, timedOut } = await run(process.execPath, [cli, "install", "chromium"], {
            env,
            timeoutMs: INSTALL_MS,
        });
        return code === 0 ? undefined : lastLines(output, timedOut);
    });
};

function lastLines(output: string, timedOut: boolean): string {
    if (timedOut) return `it took longer than ${INSTALL_MS / 60_000} minutes`;
    return output.trim().split("\n").slice(-5).join("\n    ");
}

if (require.main === module) {
    findOrInstallBrowser(standardErrorReporter()).then(
        (path) => console.log(path),
        (error: unknown) => {
            console.error(error instanceof BrowserError ? error.message : error);
            process.exitCode = 1;
        },
    );
}
