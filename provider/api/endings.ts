/**
 * How a call can end, and what each ending means for a call that changes something. This table is the one place that
 * says so; `docs/how-calls-end.md` shows it to users.
 *
 * - `did nothing`: certain, whatever happens later.
 * - `done`: the response says so.
 * - `not known`: it was done, or was not, or will be done later: a gateway may give up on work that goes on behind it.
 */
export type Meaning = "did nothing" | "done" | "not known";

/** When a call is sent again by itself: after the wait that the API asked for, a few times with pauses, or never. */
export type Again = "after the wait" | "a few times" | "never";

interface Row {
    readonly meaning: Meaning;
    /** A call that changes something: `/register`, `/update`, `/delete`. */
    readonly writing: Again;
    /** A call that only reads: `/list`, `/events`. */
    readonly reading: Again;
}

export const endings = {
    "no connection": { meaning: "did nothing", writing: "a few times", reading: "a few times" },
    "no trusted TLS": { meaning: "did nothing", writing: "never", reading: "never" },
    "redirect (3xx)": { meaning: "did nothing", writing: "never", reading: "never" },
    "rate limit (429)": { meaning: "did nothing", writing: "after the wait", reading: "after the wait" },
    "rejected (other 4xx)": { meaning: "did nothing", writing: "never", reading: "never" },
    "timeout reported by a server (408, 499)": { meaning: "not known", writing: "never", reading: "a few times" },
    "unavailable (503)": { meaning: "not known", writing: "never", reading: "after the wait" },
    "server error (other 5xx)": { meaning: "not known", writing: "never", reading: "a few times" },
    "connection closed before a response": { meaning: "not known", writing: "never", reading: "a few times" },
    "no response within the time limit": { meaning: "not known", writing: "never", reading: "a few times" },
    "success (2xx), response cut off or unusable": { meaning: "not known", writing: "never", reading: "a few times" },
    "success (2xx)": { meaning: "done", writing: "never", reading: "never" },
} as const satisfies Readonly<Record<string, Row>>;

export type Ending = keyof typeof endings;

/** What became of one attempt at a call, as the transport saw it. */
export type Attempt =
    | {
          /** Nothing of the call was sent: the connection, with its TLS handshake and its proxy, never stood. */
          readonly kind: "no connection";
          readonly reason: string;
          readonly isTls: boolean;
      }
    | {
          /** The connection stood, and no status came. */
          readonly kind: "no response";
          readonly reason: string;
          readonly timedOut: boolean;
      }
    | {
          readonly kind: "response";
          readonly status: number;
          readonly retryAfter: string | undefined;
          /** Undefined where it did not arrive as a whole. */
          readonly body: string | undefined;
          /** Why it did not arrive as a whole. */
          readonly reason?: string;
      };

/** @param usable whether the body of a success is of the documented shape */
export function endingOf(attempt: Attempt, usable: boolean): Ending {
    if (attempt.kind === "no connection") return attempt.isTls ? "no trusted TLS" : "no connection";
    if (attempt.kind === "no response") {
        return attempt.timedOut ? "no response within the time limit" : "connection closed before a response";
    }
    const { status } = attempt;
    if (status >= 200 && status <= 299) {
        return usable ? "success (2xx)" : "success (2xx), response cut off or unusable";
    }
    if (status >= 300 && status <= 399) return "redirect (3xx)";
    if (status === 429) return "rate limit (429)";
    // 499 is what nginx calls a client that has gone; some gateways say 408 of a server behind them.
    if (status === 408 || status === 499) return "timeout reported by a server (408, 499)";
    if (status >= 400 && status <= 499) return "rejected (other 4xx)";
    return status === 503 ? "unavailable (503)" : "server error (other 5xx)";
}
