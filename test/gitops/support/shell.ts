import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Ran {
    readonly code: number;
    /** All that stood on the screen. */
    readonly text: string;
}

/**
 * Runs a script with bash to its end, whatever that is, with nothing of this environment but what is given.
 *
 * @param cancel ends it as GitHub's runner does: SIGINT to bash alone, after 7.5 s SIGTERM, after 2.5 s more SIGKILL to
 * all of it
 */
export async function bash(
    script: string,
    options: readonly string[],
    cwd: string,
    env: Env,
    cancel?: AbortSignal,
): Promise<Ran> {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-step-"));
    const file = join(folder, "step.sh");
    writeFileSync(file, script);
    const child = spawn("bash", [...options, file], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const timers: NodeJS.Timeout[] = [];
    const end = (): void => {
        child.kill("SIGINT");
        timers.push(setTimeout(() => child.kill("SIGTERM"), 7_500));
        timers.push(setTimeout(() => killTree(child.pid ?? 0), 10_000));
    };
    cancel?.addEventListener("abort", end, { once: true });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (part: string) => {
            text += part;
        });
    }
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
            cancel?.removeEventListener("abort", end);
            for (const timer of timers) clearTimeout(timer);
            rmSync(folder, { recursive: true, force: true });
            resolve({ code: code ?? -1, text });
        });
    });
}

/**
 * Kills a process and all that it has started: Pulumi's plugins are in process groups of their own, and outlive an
 * engine that is killed.
 */
export function killTree(pid: number): void {
    const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
    const processes = lines.map((line) => line.trim().split(/\s+/).map(Number));
    const tree = new Set([pid]);
    // A set hands out what is added while it is gone through.
    for (const parent of tree) {
        for (const [child = 0, of] of processes) if (of === parent) tree.add(child);
    }
    for (const one of tree) {
        try {
            process.kill(one, "SIGKILL");
        } catch {
            // It has ended by itself meanwhile.
        }
    }
}

export type Env = Record<string, string>;
