import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, onTestFinished } from "vitest";
import { type Behaviour, type Emulator, startEmulator } from "../../../emulator";
import { unusedPort } from "../../support/ports";

const root = join(__dirname, "../../..");

export interface Screen {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
}

export interface Running {
    readonly pid: number;
    /** When all that it has started has ended, too. */
    readonly result: Promise<Screen>;
    /** When it has ended itself. */
    readonly gone: Promise<void>;
    /** All that has been written so far. */
    readonly text: () => string;
    /** Waits until that matches. */
    readonly says: (pattern: RegExp | string) => Promise<void>;
    readonly kill: (signal: NodeJS.Signals) => void;
    /** Closes what reads its output, as when a terminal is closed. */
    readonly closeOutput: () => void;
    /** Writes to its standard input, where that is a pipe. */
    readonly type: (text: string) => void;
}

/** The command line as it is packed: it starts in a quarter of the time that tsx takes to compile it. */
export const packedMain = (): string => join(inject("nodeModules"), "pulumi-captions/dist/cli/main.js");

/** Starts a program in a group of its own, which ends with the test. */
export function startGroup(
    command: string,
    args: readonly string[],
    { cwd = root, env, stdin = "ignore" }: { cwd?: string; env: NodeJS.ProcessEnv; stdin?: "ignore" | "pipe" },
): Running {
    const child = spawn(command, args, { cwd, env, stdio: [stdin, "pipe", "pipe"], detached: true });
    const pid = child.pid ?? 0;
    const written = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
        child[name]?.setEncoding("utf8").on("data", (part: string) => {
            written[name] += part;
        });
    }
    const text = (): string => written.stdout + written.stderr;
    const closed = once(child, "close");
    const gone = once(child, "exit").then(() => undefined);
    onTestFinished(async () => {
        try {
            process.kill(-pid, "SIGKILL");
        } catch {
            // All of it has ended.
        }
        await closed;
    });
    return {
        pid,
        result: closed.then(([code]) => ({ code: code === null ? -1 : Number(code), ...written })),
        gone,
        text,
        says: (pattern) =>
            expect
                .poll(text, { timeout: 30_000, interval: 20 })
                .toMatch(
                    typeof pattern === "string" ? new RegExp(pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")) : pattern,
                ),
        // Not process.kill: nothing of it may be left by then.
        kill: (signal) => void child.kill(signal),
        closeOutput: () => {
            for (const stream of [child.stdout, child.stderr]) stream?.destroy();
        },
        type: (text) => void child.stdin?.write(text),
    };
}

/** A machine on which `dev` runs, with an emulator as the Captions API. */
export class Desk {
    readonly folder = mkdtempSync(join(tmpdir(), "pulumi-captions-dev-"));
    readonly port: string;
    readonly emulator: Emulator;

    static async open(behaviour: Partial<Behaviour> = {}): Promise<Desk> {
        const emulator = await startEmulator({ behaviour, apiKey: "key-6XqR2mVn8sLw4TzYb1Kd" });
        onTestFinished(() => emulator.stop());
        return new Desk(emulator, String(await unusedPort()));
    }

    private constructor(emulator: Emulator, port: string) {
        this.emulator = emulator;
        this.port = port;
        onTestFinished(() => rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 }));
    }

    get env(): Record<string, string> {
        return {
            PATH: process.env.PATH ?? "",
            HOME: this.folder,
            XDG_STATE_HOME: join(this.folder, "state"),
            PORT: this.port,
            CAPTIONS_BASE_URL: this.emulator.baseUrl,
            CAPTIONS_API_KEY: this.emulator.apiKey,
            CAPTIONS_LIST_LAG_SECONDS: "0.3",
        };
    }

    /** The files of runs whose webhooks may still be registered. */
    get ledger(): string[] {
        try {
            return readdirSync(join(this.folder, "state", "pulumi-captions", "dev"));
        } catch {
            return [];
        }
    }

    /** The names of the calls so far. */
    get calls(): string[] {
        return this.emulator.calls.map(({ endpoint }) => endpoint);
    }

    /** Writes a program in JavaScript. @returns its path */
    program(name: string, code: string): string {
        const path = join(this.folder, name);
        writeFileSync(path, code);
        return path;
    }

    /** A receiver that says what it receives, and whether it knows the secret. */
    receiver(more = ""): string[] {
        const code = `
            const { createServer } = require("node:http");
            const { PORT, CAPTIONS_WEBHOOK_SECRETS } = process.env;
            const [secret] = JSON.parse(CAPTIONS_WEBHOOK_SECRETS);
            createServer(({ url, headers }, response) => {
                const isKnown = headers.authorization === "Bearer " + secret;
                console.log("received at", url, isKnown);
                response.writeHead(isKnown ? 200 : 401).end();
            }).listen(PORT, "127.0.0.1", () => console.log("receiver is up"));
            ${more}`;
        return [process.execPath, this.program("receiver.cjs", code)];
    }

    dev(options: readonly string[], command: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
        return startGroup(process.execPath, this.command(options, command).args, { env: { ...this.env, ...env } });
    }

    /** The arguments of Node.js that run `dev`. */
    command(options: readonly string[], command: readonly string[]): { args: string[] } {
        return { args: [packedMain(), "dev", ...options, "--", ...command] };
    }
}

export const publicUrl = ["--url", "https://dev.example.com/hooks/T0ken-Xk29Fm3LqPz"];
