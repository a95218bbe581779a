/**
 * The receiver is not wired up as it has to be, so that it cannot take a genuine delivery. Told to `onError`, never
 * thrown; the delivery is answered with 500.
 */
export class SetupError extends Error {
    override readonly name = "SetupError";
}
