/** How long this provider waits, and for what. */
export interface Limits {
    /** For a connection, with its TLS handshake. */
    readonly connectTimeoutMs: number;
    /** For a response, from the connection to its last byte. */
    readonly callTimeoutMs: number;
    /** For `/list` to show what has been changed: it may lag. */
    readonly listLagMs: number;
    /**
     * For how long a response of `/list` tells what was there before a call: a webhook that appears while the response
     * to a `/register` is missing is taken for the one that was asked for only if `/list` was asked no longer ago.
     */
    readonly freshListMs: number;
    /** In all, while the API responds 429 or 503 to every call. */
    readonly maxWaitMs: number;
    /** The first pause before a call is sent again; it doubles from one to the next. */
    readonly firstBackoffMs: number;
}

export const defaultLimits: Limits = {
    connectTimeoutMs: 10_000,
    callTimeoutMs: 60_000,
    listLagMs: 10_000,
    freshListMs: 10_000,
    maxWaitMs: 15 * 60_000,
    firstBackoffMs: 1_000,
};
