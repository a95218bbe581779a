/** What varies within a kind of fault. */
export interface FaultDetails {
    /**
     * Does the work this many milliseconds after the client has seen the fault, even if the client is gone by then; see
     * `settled` of the emulator. For the kinds whose answer doesn't need the work. Default: when the kind does it, if
     * at all.
     */
    readonly doneAfterMs?: number;
    /** The status, where the kind has one: 100 to 599. One below 200 is informational: the client goes on waiting. */
    readonly status?: number;
    /**
     * The `Retry-After`, where the kind answers an error: seconds, any text, or a list for several
     * headers. Default: no such header.
     */
    readonly retryAfter?: string | number | readonly string[];
    /**
     * The time before a kind breaks the connection (default 0), or between two bytes of `slow-body` (default 100), in
     * milliseconds.
     */
    readonly delayMs?: number;
    /** Another body for the kinds that answer an error, `garbage`, `wrong-shape` and `truncated`. */
    readonly body?: string;
}
