/**
 * The webhook's secrets could not be had, so that no delivery can be accepted.
 *
 * Neither the message nor any property holds a secret. The error that fetching failed with is not attached, because such
 * errors often carry credentials
 * (see `onFetchError` of {@link cachedSecrets}).
 */
export class SecretsError extends Error {
    override readonly name = "SecretsError";

    constructor(
        /**
         * `secrets-unavailable`: fetching failed or took too long. `secrets-malformed`: what was found is not a list of secrets.
         * `secrets-missing`: there is none, so that every delivery is refused.
         */
        readonly code: "secrets-unavailable" | "secrets-malformed" | "secrets-missing",
        message: string,
    ) {
        super(message);
    }
}
