/** Something is not as it should be. The message is one sentence for the user, and never holds a secret. */
export class CommandError extends Error {
    override readonly name: string = "CommandError";
}

/** The command line is wrong. */
export class UsageError extends CommandError {
    override readonly name = "UsageError";
}
