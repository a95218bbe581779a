import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { CommandError } from "../errors";
import type { Io } from "../io";
import { findPublicUrl } from "./public-url";
import { within } from "./within";

/** A program that leads a public address to this machine. */
export interface Tunnel {
    /** The origin that it has named. */
    readonly url: string;
    /** Resolves when it has ended, with a sentence about it. */
    readonly ended: Promise<string>;
    readonly stop: () => Promise<void>;
}

/** After this it has had the time to end by itself. */
const graceMs = 5_000;

/** What it writes may have the user's token in it (ngrok's errors do), so none of it is shown. */
const advice = "Run the command by itself to see what it says.";

/**
 * Starts a tunnel by the user's command line, and waits until it names its public address.
 *
 * @throws CommandError where it names none in time, or ends
 */
export async function startTunnel(
    command: string,
    { env, timeoutSeconds, signal }: { env: Io["env"]; timeoutSeconds: number; signal: AbortSignal },
): Promise<Tunnel> {
    signal.throwIfAborted();
    const child = spawn(command, {
        shell: true,
        // A group of its own: what its shell starts ends with it, and Ctrl-C in the terminal is ours to handle.
        detached: process.platform !== "win32",
        stdio: ["ignore", "pipe", "pipe"],
        env,
    });
    const ended = new Promise<string>((resolve) => {
        child.once("error", ({ code, name }: NodeJS.ErrnoException) => resolve(endedWith(code ?? name)));
        // Not `exit`: what its shell has started, and has not waited for, may go on.
        child.once("close", (code, name) => resolve(endedWith(name ?? `exit code ${code}`)));
    });
    const kill = (): void => endGroup(child, "SIGKILL");
    process.once("exit", kill);
    const stop = async (): Promise<void> => {
        endGroup(child, "SIGTERM");
        await within(graceMs, ended);
        kill();
        process.off("exit", kill);
        child.stdout.destroy();
        child.stderr.destroy();
    };
    const waiting = new AbortController();
    try {
        const url = await Promise.race([
            addressIn(child),
            ended.then((how) => {
                throw new CommandError(`No public URL: ${how}. ${advice}`);
            }),
            setTimeout(timeoutSeconds * 1000, undefined, { signal: waiting.signal }).then(() => {
                throw new CommandError(
                    `The tunnel has not named an https URL within ${timeoutSeconds} s. ngrok does so only with \`--log stdout\`. ` +
                        `${advice} If its address is always the same, start it yourself and use --url.`,
                );
            }),
            once(signal, "abort").then(() => {
                throw new CommandError("Ended before the tunnel had named its URL.");
            }),
        ]);
        return { url, ended, stop };
    } catch (error) {
        await stop();
        throw error;
    } finally {
        waiting.abort();
    }
}

function endedWith(how: string): string {
    return `the tunnel has ended (${how})`;
}

/** How much is kept of what a tunnel has written, in characters. */
const longestText = 20_000;

function addressIn({ stdout, stderr }: ChildProcess): Promise<string> {
    return new Promise((resolve) => {
        let isFound = false;
        for (const stream of [stdout, stderr]) {
            let text = "";
            // Read on after that: a program whose output nobody reads comes to a halt.
            stream?.setEncoding("utf8").on("data", (part: string) => {
                if (isFound) {
                    return;
                }
                text += part;
                const url = findPublicUrl(text);
                if (url !== undefined) {
                    isFound = true;
                    resolve(url);
                }
                // Enough for a line that is not whole yet.
                text = isFound ? "" : text.slice(-longestText);
            });
        }
    });
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
    try {
        if (process.platform === "win32") {
            child.kill(signal);
        } else if (child.pid !== undefined) {
            process.kill(-child.pid, signal);
        }
    } catch {
        // It has ended.
    }
}
