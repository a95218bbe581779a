import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Ran {
    readonly code: number;
    /** All that stood on the screen. */
    readonly text: string;
}

/** Runs a script with bash to its end, whatever that is, with nothing of this environment but what is given. */
export async function bash(script: string, options: readonly string[], cwd: string, env: Env): Promise<Ran> {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-step-"));
    const file = join(folder, "step.sh");
    writeFileSync(file, script);
    const child = spawn("bash", [...options, file], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (part: string) => {
            text += part;
        });
    }
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
            rmSync(folder, { recursive: true, force: true });
            resolve({ code: code ?? -1, text });
        });
    });
}

export type Env = Record<string, string>;
