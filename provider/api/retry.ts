/** When a call waits and is sent again: pure functions of what is known. All times are in milliseconds. */

/** How often a call is sent in all where it is sent again `a few times`. */
export const maxAttempts = 3;

/** The longest pause of our own. */
const maxBackoffMs = 60_000;

/** A hundred years: longer waits are not told apart. */
const maxRetryAfterMs = 3_155_760_000_000;

/**
 * The pause before a call is sent again: it doubles from one to the next, up to a minute, and half of it is random, so
 * that many clients don't come back at the same moment.
 *
 * @param count 1 for the first pause in a row
 */
export function backoffMs(firstMs: number, count: number, random = Math.random()): number {
    return Math.min(firstMs * 2 ** (count - 1), maxBackoffMs) * (0.5 + random / 2);
}

/** How long to wait: what the API asks for, and never less than our own pause. */
export function waitMs(askedMs: number | undefined, backoff: number): number {
    return Math.max(askedMs ?? 0, backoff);
}

/**
 * The wait that a `Retry-After` header asks for: a whole number of seconds, or an HTTP date (RFC 9110, 10.2.3).
 *
 * @returns undefined for any other text: then the API did not say how long
 */
export function parseRetryAfter(header: string | undefined, now = Date.now()): number | undefined {
    const text = header?.trim() ?? "";
    if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, maxRetryAfterMs);
    // `Date.parse` alone takes "0.3" and "-5" for dates. The three forms of an HTTP date begin with the day's name.
    if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/.test(text)) return undefined;
    const date = Date.parse(/GMT$/.test(text) ? text : `${text} GMT`);
    return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
