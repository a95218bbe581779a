/** A command cannot do its work. The message is for the user, and never contains a secret. */
export class CommandError extends Error {
    override readonly name: string = "CommandError";
}

/** The arguments are wrong. */
export class UsageError extends CommandError {
    override readonly name = "UsageError";
}
