import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import type { AtEnd } from "../../support/shared";

export interface Started {
    readonly child: ChildProcess;
    /** What it wrote when it was ready, as the pattern matched it. */
    readonly match: RegExpExecArray;
    /** All that it has written. */
    readonly output: () => string;
}

/** Starts a program, waits until it writes what `ready` matches, and ends it with the test, or later. */
export async function startProgram(
    command: string,
    args: readonly string[],
    ready: RegExp,
    {
        end = "SIGTERM",
        atEnd = onTestFinished,
        ...options
    }: SpawnOptions & { end?: NodeJS.Signals; atEnd?: AtEnd | undefined } = {},
): Promise<Started> {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    const ended = new Promise<void>((resolve) => {
        child.once("close", () => resolve());
        child.once("error", () => resolve());
    });
    atEnd(async () => {
        child.kill(end);
        await ended;
    });
    let output = "";
    const match = await new Promise<RegExpExecArray>((resolve, reject) => {
        for (const stream of [child.stdout, child.stderr]) {
            stream?.setEncoding("utf8").on("data", (text: string) => {
                output += text;
                const found = ready.exec(output);
                if (found) resolve(found);
            });
        }
        child.once("error", reject);
        child.once("close", (code) =>
            reject(new Error(`${command} ended with ${code} before it was ready:\n${output}`)),
        );
    });
    return { child, match, output: () => output };
}
