import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { CommandError } from "../errors";
import type { Io } from "../io";
import { within } from "./within";

/** The user's own command while it runs. */
export interface Child {
    /**
     * Its exit code; 128 and the signal's number where one has ended it, as shells count it. Rejects where it cannot
     * start.
     */
    readonly ended: Promise<number>;
    /** Hands a signal on. */
    readonly send: (signal: NodeJS.Signals) => void;
    /** Ends it, and waits for that. */
    readonly stop: () => Promise<void>;
}

/** After this it has had the time to end by itself. */
const graceMs = 10_000;

export function startChild([command = "", ...args]: readonly string[], env: Io["env"]): Child {
    const child = spawnNow(command, args, env);
    const ended = new Promise<number>((resolve, reject) => {
        child.once("error", (error: NodeJS.ErrnoException) => reject(notStarted(error, command)));
        child.once("exit", (code, signal) => resolve(signal === null ? (code ?? 0) : exitCodeOf(signal)));
    });
    const isOver = ended.then(
        () => undefined,
        () => undefined,
    );
    // It must not outlive this process, however that ends.
    const kill = (): void => void child.kill("SIGKILL");
    process.once("exit", kill);
    void isOver.then(() => process.off("exit", kill));
    return {
        ended,
        send: (signal) => {
            // A terminal has sent its Ctrl-C to the command as well, and many take a second one for impatience.
            if (signal !== "SIGINT" || !isatty(0)) {
                child.kill(signal);
            }
        },
        stop: async () => {
            child.kill("SIGTERM");
            await within(graceMs, isOver);
            kill();
            await isOver;
        },
    };
}

function spawnNow(command: string, args: readonly string[], env: Io["env"]): ChildProcess {
    try {
        return spawn(command, args, { stdio: "inherit", env });
    } catch (error) {
        // Such as arguments that are too long.
        throw notStarted(error as NodeJS.ErrnoException, command);
    }
}

/** As shells count it. */
export function exitCodeOf(signal: NodeJS.Signals): number {
    return 128 + constants.signals[signal];
}

function notStarted(error: NodeJS.ErrnoException, command: string): CommandError {
    if (error.code === "ENOENT") {
        return new CommandError(`Cannot run "${command}": there is no such command. Check its spelling, and PATH.`);
    }
    return new CommandError(`Cannot run "${command}" (${error.code ?? error.name}).`);
}
