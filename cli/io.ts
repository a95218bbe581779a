/** What a command needs of the process that it runs in. */
export interface Io {
    /** Prints a line, or several, of the result. */
    readonly out: (text: string) => void;
    /** Prints a line about a mistake, or about what is going on. */
    readonly err: (text: string) => void;
    /** Reads all of standard input. */
    readonly input: () => Promise<string>;
    readonly env: Readonly<Record<string, string | undefined>>;
    /** How wide the result may be. Infinity where it goes into a file or a pipe, whose readers want one row a line. */
    readonly columns: number;
    readonly colours: boolean;
    /** Aborted by Ctrl-C. */
    readonly signal: AbortSignal;
}

/** What is documented in every help. */
export const exit = {
    good: 0,
    /** Not as it should be, or it could not be told. */
    bad: 1,
    /** Wrong usage. */
    usage: 2,
    /** `plan --fail-on-rotation`, where a secret would change in place. */
    rotation: 3,
    /** Ctrl-C, as shells count it: 128 + SIGINT. */
    interrupted: 130,
} as const;

export interface Command {
    /** One line, for the list of the commands. */
    readonly summary: string;
    readonly help: string;
    /** Ctrl-C is how it is meant to end, so it is waited for. */
    readonly endsByInterrupt?: true;
    /** @returns the exit code */
    readonly run: (argv: readonly string[], io: Io) => Promise<number>;
}
