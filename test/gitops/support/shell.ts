import { spawn } from "node:child_process";
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
 * @param cancel ends it as GitHub's runner does: SIGINT to bash alone, after 7.5 s SIGTERM, after 2.5 s more SIGKILL to all of it
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
    const child = spawn("bash", [...options, file], { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const timers: NodeJS.Timeout[] = [];
    const end = (): void => {
        child.kill("SIGINT");
        timers.push(setTimeout(() => child.kill("SIGTERM"), 7_500));
        timers.push(setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), 10_000));
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

export type Env = Record<string, string>;
