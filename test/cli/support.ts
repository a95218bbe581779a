import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { exit, type Io } from "../../cli/io";
import { run } from "../../cli/run";
import { engineEnvironment, ensureEngine } from "../../engine";
import type { Clock } from "../../probe";
import { createReceiver, type HandedDelivery, type Secrets, toNodeListener } from "../../receiver";
import { serve } from "../probe/support";
import { findLeaks } from "../support/leaks";
import type { Project } from "../support/project";

export { exit, serve };

const root = dirname(dirname(__dirname));

export interface Result {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
}

export interface RunOptions {
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly input?: string | Uint8Array;
    readonly columns?: number;
    readonly colours?: boolean;
    readonly clock?: Clock;
}

/** Runs a command line in this process. */
export async function cli(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
    const out: string[] = [];
    const err: string[] = [];
    const io: Io = {
        out: (line) => out.push(`${line}\n`),
        err: (line) => err.push(`${line}\n`),
        input: async () => Buffer.from(options.input ?? ""),
        env: options.env ?? {},
        columns: options.columns ?? Number.POSITIVE_INFINITY,
        colours: options.colours ?? false,
        signal: new AbortController().signal,
        ...(options.clock === undefined ? {} : { clock: options.clock }),
    };
    const code = await run(argv, io);
    return { code, stdout: out.join(""), stderr: err.join("") };
}

/** Starts the packed command as a process of its own, with nothing of this environment but PATH. */
export function start(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [join(inject("nodeModules"), "pulumi-captions/dist/cli/main.js"), ...argv], {
        cwd: root,
        env: { PATH: process.env.PATH ?? "", ...env },
        stdio: "pipe",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
        stdout += part;
    });
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
        stderr += part;
    });
    const result = once(child, "close").then(([code]): Result => ({ code: Number(code), stdout, stderr }));
    onTestFinished(() => {
        child.kill("SIGKILL");
    });
    return { child, result, stdout: () => stdout };
}

/** A receiver as users have it, and what it handed on. */
export async function serveReceiver(secrets: Secrets): Promise<{ url: string; handed: HandedDelivery[] }> {
    const handed: HandedDelivery[] = [];
    const receiver = createReceiver({
        secrets,
        onDelivery: (delivery) => handed.push(delivery),
        onError: () => undefined,
    });
    return { url: await serve(toNodeListener(receiver)), handed };
}

/** How to ask about a stack of a test from the command line: the arguments, and the environment to run in. */
export async function reach({ emulator, stack }: Project): Promise<{ args: string[]; env: Record<string, string> }> {
    const engine = await ensureEngine({ log: () => undefined });
    return {
        args: ["--stack", "test", "--cwd", join(stack.folder, "project"), "--pulumi", engine.pulumi],
        env: {
            ...engineEnvironment(engine, stack.folder),
            CAPTIONS_API_KEY: emulator.apiKey,
            CAPTIONS_BASE_URL: emulator.baseUrl,
        },
    };
}

/** Where a result holds a secret, in clear or in an encoding that anyone can undo. */
export function leaks({ stdout, stderr }: Result, secrets: Iterable<string>): readonly string[] {
    return findLeaks(
        new Map([
            ["stdout", stdout],
            ["stderr", stderr],
        ]),
        secrets,
    );
}
