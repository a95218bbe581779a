import { spawn } from "node:child_process";
import { type Engine, engineEnvironment } from "./index";

/** What a command of the engine came to. */
export interface PulumiResult {
    readonly code: number;
    /** What it wrote to standard output. */
    readonly stdout: string;
    /** All that stood on the screen: standard output and standard error, as they came. */
    readonly text: string;
}

export interface PulumiOptions {
    /** The folder of the project. */
    readonly project: string;
    /** Where the engine keeps its state and everything else that it writes. */
    readonly temporaryFolder: string;
    /** What is set besides. */
    readonly env?: Readonly<Record<string, string>> | undefined;
    /** Is called with each line as it comes. */
    readonly onLine?: (line: string) => void;
    readonly signal?: AbortSignal | undefined;
}

/** Runs a command of the Pulumi engine, cut off from the user's own Pulumi, to its end, whatever that is. */
export function runPulumi(engine: Engine, args: readonly string[], options: PulumiOptions): Promise<PulumiResult> {
    const child = spawn(engine.pulumi, [...args, "--non-interactive"], {
        cwd: options.project,
        env: { ...engineEnvironment(engine, options.temporaryFolder), ...options.env },
        stdio: ["ignore", "pipe", "pipe"],
        ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: "SIGINT" as const }),
    });
    let stdout = "";
    let text = "";
    let line = "";
    const take = (part: string): void => {
        text += part;
        const lines = (line + part).split("\n");
        line = lines.pop() ?? "";
        for (const whole of lines) options.onLine?.(whole);
    };
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
        stdout += part;
        take(part);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    return new Promise((resolve, reject) => {
        child.on("error", (error) => {
            if (error.name !== "AbortError") reject(error);
        });
        child.on("close", (code) => resolve({ code: code ?? -1, stdout, text }));
    });
}
