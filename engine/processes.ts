import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { constants as osConstants, userInfo } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

/** The search path of an environment; Windows may call it `Path`. */
export function searchPath(env: NodeJS.ProcessEnv): string {
    const name = Object.keys(env).find((key) => key.toUpperCase() === "PATH");
    return (name && env[name]) || "";
}

/** The user's home folder, also where no HOME is set; undefined when there is none. */
export function homeFolder(env: NodeJS.ProcessEnv): string | undefined {
    const named = env.HOME || env.USERPROFILE;
    if (named) return named;
    try {
        return userInfo().homedir || undefined;
    } catch {
        return undefined;
    }
}

/** Every executable file of this name on the search path, the first one first. */
export function findOnPath(name: string, env: NodeJS.ProcessEnv): string[] {
    const endings = process.platform === "win32" ? [".exe", ".cmd", ".bat"] : [""];
    return searchPath(env)
        .split(delimiter)
        .filter((folder) => isAbsolute(folder))
        .flatMap((folder) => endings.map((ending) => join(folder, name + ending)))
        .filter(isExecutable);
}

export function isExecutable(path: string): boolean {
    try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
    } catch {
        return false;
    }
}

export interface RunResult {
    /** null when the process was ended by a signal or could not be started. */
    code: number | null;
    stdout: string;
    /** Standard output and standard error as they came. */
    output: string;
    timedOut: boolean;
}

const running = new Set<ChildProcess>();

/** Runs a command to its end, with a closed standard input. Never throws. */
export function run(
    command: string,
    args: string[],
    options: { env: NodeJS.ProcessEnv; cwd?: string; timeoutMs?: number; onLine?: (line: string) => void },
): Promise<RunResult> {
    return new Promise((resolve) => {
        let stdout = "";
        let output = "";
        let unfinishedLine = "";
        let timedOut = false;
        const onWindows = process.platform === "win32";
        const child = spawn(command, args, {
            env: options.env,
            ...(options.cwd && { cwd: options.cwd }),
            stdio: ["ignore", "pipe", "pipe"],
            windowsHide: true,
            shell: onWindows && /\.(cmd|bat)$/i.test(command),
            // A process group of its own, so that its children (compilers) can be ended with it.
            detached: !onWindows,
        });
        running.add(child);
        const timer =
            options.timeoutMs === undefined
                ? undefined
                : setTimeout(() => {
                      timedOut = true;
                      endTree(child);
                  }, options.timeoutMs);
        const take = (text: string) => {
            output += text;
            const lines = (unfinishedLine + text).split(/\r?\n/);
            unfinishedLine = lines.pop() ?? "";
            for (const line of lines) options.onLine?.(line);
        };
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
            stdout += text;
            take(text);
        });
        child.stderr.setEncoding("utf8").on("data", take);
        const end = (code: number | null, text = "") => {
            clearTimeout(timer);
            running.delete(child);
            resolve({ code, stdout, output: output + text, timedOut });
        };
        child.on("error", (error) => end(null, error.message));
        child.on("close", (code) => end(code));
    });
}

/**
 * While `work` runs, Ctrl-C (and SIGTERM, SIGHUP) ends what `run` started, then calls `cleanUp`, then ends this
 * process.
 */
export async function interruptible<T>(cleanUp: () => void, work: () => Promise<T>): Promise<T> {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const stop = (signal: (typeof signals)[number]) => {
        for (const child of running) endTree(child);
        cleanUp();
        process.exit(128 + osConstants.signals[signal]);
    };
    for (const signal of signals) process.on(signal, stop);
    try {
        return await work();
    } finally {
        for (const signal of signals) process.off(signal, stop);
    }
}

function endTree(child: ChildProcess): void {
    if (child.pid === undefined) return;
    try {
        if (process.platform === "win32") {
            spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore" });
        } else {
            process.kill(-child.pid, "SIGKILL");
        }
    } catch {
        // It ended in the meantime.
    }
}
