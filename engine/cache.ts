import {
    chmodSync,
    copyFileSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    renameSync,
    rmSync,
    statSync,
    utimesSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { lock } from "proper-lockfile";
import { homeFolder, interruptible } from "./processes";
import { duration, type Reporter } from "./progress";

/**
 * The folder outside every clone where engines are kept, once per machine.
 *
 * For root on Linux it isn't below the home folder, which in containers and CI is often empty or new at every run.
 * Nobody but root can write to /var/cache, so nobody else can put a program there.
 */
export function cacheFolder(
    env: NodeJS.ProcessEnv = process.env,
    platform: NodeJS.Platform = process.platform,
    userId: number | undefined = process.getuid?.(),
): string {
    const name = "pulumi-captions";
    if (env.PULUMI_CAPTIONS_CACHE) return env.PULUMI_CAPTIONS_CACHE;
    if (platform === "linux" && userId === 0) return join("/var/cache", name);
    const home = homeFolder(env);
    if (home === undefined) throw new Error("this user has no home folder");
    if (platform === "win32") return join(env.LOCALAPPDATA || join(home, "AppData", "Local"), name, "Cache");
    if (platform === "darwin") return join(home, "Library", "Caches", name);
    return join(env.XDG_CACHE_HOME || join(home, ".cache"), name);
}

/** Makes the folder; refuses one that another user could put programs into, unless it was named on purpose. */
export function prepareCacheFolder(folder: string, env: NodeJS.ProcessEnv): void {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const userId = process.getuid?.();
    if (env.PULUMI_CAPTIONS_CACHE || userId === undefined) return;
    const { uid, mode } = statSync(folder);
    if ((uid !== userId && uid !== 0) || (mode & 0o022) !== 0) {
        throw new Error(
            `${folder} belongs to or can be written by other users of this machine, so a program in it can't be trusted`,
        );
    }
}

// proper-lockfile's holder renews its lock every STALE_MS / 2; one that wasn't renewed belongs to a process that was
// killed.
const STALE_MS = 10_000;
const ASK_AGAIN_MS = 250;
const REMIND_MS = 15_000;
// A temporary folder is touched every few seconds while it is filled. It is judged by its time, as processes in other
// containers or on other machines may share the cache. The judging comes last, so that whoever was asleep with the
// machine has had the time to touch its folder again, and what a process left that was killed just now is old enough.
const TOUCH_MS = 5_000;
const LEFT_BEHIND_MS = 60_000;

/**
 * Fills `folder` by `fill`, unless `ready` finds it good already; as a rule, no two processes fill it at once.
 *
 * `fill` works in a temporary folder beside it that is renamed at the end, so that a half-filled folder is never seen.
 * Several that wait for the lock of a process that was killed may get it at the same time: then each works in a folder
 * of its own, and the first one that is in place stays.
 */
export async function fillOnce(
    folder: string,
    what: string,
    reporter: Reporter,
    ready: () => Promise<boolean>,
    fill: (temporaryFolder: string) => Promise<void>,
): Promise<void> {
    const parent = dirname(folder);
    const temporaryPrefix = `${basename(folder)}.unfinished-`;
    const release = await acquire(`${folder}.lock`, what, reporter, ready);
    if (release === undefined) return;
    try {
        if (await ready()) return;
        const temporary = mkdtempSync(join(parent, temporaryPrefix));
        const touching = setInterval(() => touch(temporary), TOUCH_MS);
        try {
            await interruptible(
                () => remove(temporary),
                () => fill(temporary),
            );
            chmodSync(temporary, 0o755);
            await replace(folder, temporary, ready);
        } finally {
            clearInterval(touching);
            remove(temporary);
        }
        for (const name of readdirSync(parent)) {
            if (name.startsWith(temporaryPrefix) && isLeftBehind(join(parent, name))) remove(join(parent, name));
        }
    } finally {
        await release().catch(() => undefined);
    }
}

/** Whether a temporary folder is that of a process that was killed. */
function isLeftBehind(temporary: string): boolean {
    const { mtimeMs = Date.now() } = statSync(temporary, { throwIfNoEntry: false }) ?? {};
    return Date.now() - mtimeMs > LEFT_BEHIND_MS;
}

function touch(temporary: string): void {
    try {
        const now = new Date();
        utimesSync(temporary, now, now);
    } catch {
        // Whoever fills it will notice that it is gone.
    }
}

/** Puts a filled folder into its place, unless a good one has come to be there meanwhile. */
async function replace(folder: string, temporary: string, ready: () => Promise<boolean>): Promise<void> {
    // Removes only what it has looked at: another may be good, and in use.
    while (!renamed(temporary, folder)) {
        const judged = identity(folder);
        if (await ready()) return;
        if (identity(folder) === judged) remove(folder);
    }
}

function identity(folder: string): number | undefined {
    return statSync(folder, { throwIfNoEntry: false })?.ino;
}

/** Whether there was nothing in the way. */
function renamed(from: string, to: string): boolean {
    try {
        renameSync(from, to);
        return true;
    } catch (error) {
        if (existsSync(to)) return false;
        throw error;
    }
}

/** Waits for the lock; undefined when `ready` became true while another process held it. */
async function acquire(
    path: string,
    what: string,
    reporter: Reporter,
    ready: () => Promise<boolean>,
): Promise<(() => Promise<void>) | undefined> {
    const started = Date.now();
    let nextReminder = started;
    for (;;) {
        try {
            return await lock(path, {
                realpath: false,
                lockfilePath: path,
                stale: STALE_MS,
                // The worst case is that two processes build the same.
                onCompromised: () => undefined,
            });
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
        }
        if (Date.now() >= nextReminder) {
            const waited = Date.now() > started + 1000 ? `, ${duration(Date.now() - started)} so far` : "";
            reporter.log(`Waiting for another process on this machine that gets ${what} right now${waited}.`);
            nextReminder = Date.now() + REMIND_MS;
        }
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
        if (await ready()) return undefined;
    }
}

/**
 * The shell script (Windows: batch file) by which the engine starts dynamic providers, as `@pulumi/pulumi` ships it.
 */
export const DYNAMIC_PROVIDER =
    process.platform === "win32" ? "pulumi-resource-pulumi-nodejs.cmd" : "pulumi-resource-pulumi-nodejs";

/** Puts that script into a folder. */
export function supplyDynamicProvider(folder: string): void {
    mkdirSync(folder, { recursive: true });
    const copy = join(folder, `.${DYNAMIC_PROVIDER}.${process.pid}`);
    copyFileSync(join(dirname(require.resolve("@pulumi/pulumi/package.json")), DYNAMIC_PROVIDER), copy);
    chmodSync(copy, 0o755);
    renameSync(copy, join(folder, DYNAMIC_PROVIDER));
}

function remove(path: string): void {
    // Processes that were just ended may still be writing.
    rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
