/**
 * The webhook's secrets are not available, so that no delivery can be accepted.
 *
 * Neither the message nor any property contains a secret. The error that fetching failed with is not attached, because
 * such errors often carry credentials (see `onFetchError` of {@link cachedSecrets}).
 */
export class SecretsError extends Error {
    override readonly name = "SecretsError";

    constructor(
        /**
         * `secrets-unavailable`: fetching failed or took too long. `secrets-malformed`: what was found is not a list of
         * secrets. `secrets-missing`: there is none (yet).
         */
        readonly code: "secrets-unavailable" | "secrets-malformed" | "secrets-missing",
        message: string,
    ) {
        super(message);
    }
}

export function secretsMissing(): SecretsError {
    return new SecretsError(
        "secrets-missing",
        "The receiver has no secret to compare with, so deliveries are answered with 503 until it has one. " +
            "Give it the webhook's secret as `secrets`.",
    );
}

/** @param problem What is wrong, without what is there: that may be a secret. */
export function secretsMalformed(problem: string): SecretsError {
    return new SecretsError(
        "secrets-malformed",
        `The webhook's secrets cannot be read: ${problem}. Give one secret, or a list such as ["…", "…"].`,
    );
}
