import { constants } from "node:os";
import type { Clock } from "../probe";

/** What a command needs of the process that it runs in. */
export interface Io {
    /** Prints a line, or several, of the result. */
    readonly out: (text: string) => void;
    /** Prints a line about a mistake, or about progress. */
    readonly err: (text: string) => void;
    /** Reads all of standard input, in whichever encoding it comes. */
    readonly input: () => Promise<Uint8Array>;
    readonly env: Readonly<Record<string, string | undefined>>;
    /** How wide the result may be. Infinity for a file or a pipe, whose readers want each row on one line. */
    readonly columns: number;
    readonly colours: boolean;
    /** Aborted by Ctrl-C and its like; the reason is the signal's name, see {@link signalOf}. */
    readonly signal: AbortSignal;
    /** What time is taken from. Default: the system's clock. */
    readonly clock?: Clock;
}

/** The signal that has aborted `io.signal`. */
export function signalOf({ signal }: Pick<Io, "signal">): NodeJS.Signals {
    const { reason } = signal;
    return typeof reason === "string" && reason in constants.signals ? (reason as NodeJS.Signals) : "SIGTERM";
}

/** Whether the result is shown to somebody at once. A pipe and a file have no width. */
export function isTerminal({ columns }: Pick<Io, "columns">): boolean {
    return Number.isFinite(columns);
}

/** The exit codes, as every help documents them. */
export const exit = {
    good: 0,
    /** A check failed, or could not be completed. */
    bad: 1,
    /** Wrong usage. */
    usage: 2,
    /** `plan --fail-on-rotation`: a deployment would, or may, lose deliveries. */
    rotation: 3,
    /** `list --fail-on-orphans`: a webhook looks orphaned. */
    orphan: 4,
    /** Ctrl-C, as shells count it: 128 + SIGINT. */
    interrupted: 130,
} as const;

export interface Command {
    /** One line, for the list of the commands. */
    readonly summary: string;
    readonly help: string;
    /** Ctrl-C is the normal way to end it, so its own end is waited for. */
    readonly endsByInterrupt?: true;
    /** @returns the exit code */
    readonly run: (argv: readonly string[], io: Io) => Promise<number>;
}
