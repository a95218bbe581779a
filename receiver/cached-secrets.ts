import type { FetchSecrets, SecretSource, SecretValues } from "./secrets.js";
import { SecretsError } from "./secrets-error.js";

export interface CachedSecretsOptions {
    /** For how long fetched secrets are used without asking again, in seconds. Default: 300. */
    maxAgeSeconds?: number;
    /** The least time from one fetch to the next, in seconds: how often unknown secrets can make the receiver ask. Default: 5. */
    minRefetchSeconds?: number;
    /** For how long the last secrets are used while fetching fails, in seconds since they were fetched. Default: 86,400 (a day). */
    maxStaleSeconds?: number;
    /** After how many seconds a fetch counts as failed. Default: 10. */
    timeoutSeconds?: number;
    /** How many deliveries may wait for the next fetch at a time; what comes on top is refused at once. Default: 100. */
    maxWaiting?: number;
    /** Told of what a fetch failed with. Such an error may hold credentials: log it with care. */
    onFetchError?: (error: unknown) => void;
    /** The time in milliseconds; for tests. Default: `Date.now`. */
    now?: () => number;
}

interface Fetched {
    startedAt: number;
    secrets: SecretValues;
}

/**
 * Secrets that a function fetches, kept for a time, and fetched again before an unknown secret is refused.
 *
 * - A secret that is in the cache is accepted without asking.
 * - A secret that is not makes the function be called again, so that a new secret is taken up without a restart. There are at
 *   least `minRefetchSeconds` from one call to the next; a delivery that comes in between waits for the next call (at most
 *   `maxWaiting` of them), and is refused only after a fetch that began later than it came.
 * - Calls at the same time share one fetch.
 * - While fetching fails, the last secrets stay valid for `maxStaleSeconds`; a secret that is not among them is neither
 *   accepted nor refused: a `SecretsError` is thrown, which a receiver answers with 503, so that the delivery is sent again.
 *
 * @example
 * ```ts
 * import { cachedSecrets, createReceiver, secretsFromText } from "pulumi-captions/receiver";
 *
 * const secrets = cachedSecrets(
 *     async () => {
 *         const answer = await fetch("https://vault.example.com/v1/captions-secrets");
 *         if (!answer.ok) throw new Error(`The secret store answered ${answer.status}.`);
 *         return secretsFromText(await answer.text());
 *     },
 *     { maxAgeSeconds: 60 },
 * );
 *
 * const receiver = createReceiver({ secrets, onDelivery: (delivery) => console.log(delivery.event) });
 * ```
 */
export function cachedSecrets(fetchSecrets: FetchSecrets, options: CachedSecretsOptions = {}): SecretSource {
    const { maxWaiting = 100, onFetchError, now = Date.now } = options;
    const maxAge = (options.maxAgeSeconds ?? 300) * 1000;
    const minRefetch = (options.minRefetchSeconds ?? 5) * 1000;
    const maxStale = (options.maxStaleSeconds ?? 86_400) * 1000;
    const timeout = (options.timeoutSeconds ?? 10) * 1000;

    let last: Fetched | undefined;
    let running: { startedAt: number; result: Promise<Fetched> } | undefined;
    let startedAt = Number.NEGATIVE_INFINITY;
    let failed = false;
    let waiting = 0;

    async function fetchOnce(begun: number): Promise<Fetched> {
        try {
            last = { startedAt: begun, secrets: await within(timeout, fetchSecrets()) };
            failed = false;
            return last;
        } catch (error) {
            failed = true;
            onFetchError?.(error);
            throw error;
        }
    }

    async function start(): Promise<Fetched> {
        startedAt = now();
        const current = { startedAt, result: fetchOnce(startedAt) };
        running = current;
        try {
            return await current.result;
        } finally {
            if (running === current) running = undefined;
        }
    }

    /** The fetch that is running, or else the next that may start; none if too many wait for it already. */
    async function nextFetch(): Promise<Fetched | undefined> {
        for (;;) {
            // Each waits with a timer of its own: on Cloudflare Workers, the request that began the fetch may be cancelled with it.
            if (running && now() - running.startedAt < timeout) return within(timeout, running.result);
            const wait = Math.min(minRefetch, startedAt + minRefetch - now());
            if (wait <= 0) return start();
            if (waiting >= maxWaiting) return undefined;
            waiting++;
            await new Promise((resolve) => setTimeout(resolve, wait)).finally(() => waiting--);
        }
    }

    /** The last secrets, if they may be used without asking first. */
    function atHand(): Fetched | undefined {
        const age = last === undefined ? Number.NaN : now() - last.startedAt;
        // While fetching fails, one delivery at a time tries again, and the others do not wait for it.
        const justFailed = failed && (running !== undefined || now() - startedAt < minRefetch);
        const limit = justFailed ? Math.max(maxAge, maxStale) : maxAge;
        return age >= 0 && age <= limit ? last : undefined; // Below 0, the clock was set back.
    }

    return {
        async *lists() {
            const arrivedAt = now();
            const known = atHand();
            if (known) yield known.secrets;
            let offered = known !== undefined;
            for (;;) {
                let fetched: Fetched | undefined;
                try {
                    fetched = await nextFetch();
                } catch (error) {
                    const stale = atHand();
                    if (stale && !offered) yield stale.secrets;
                    throw unavailable(`fetching them failed (${error instanceof Error ? error.name : typeof error})`);
                }
                if (fetched === undefined && offered) return;
                if (fetched === undefined) throw unavailable("too many deliveries wait for them");
                yield fetched.secrets;
                offered = true;
                if (fetched.startedAt >= arrivedAt) return;
            }
        },
    };
}

async function within<T>(milliseconds: number, result: T | Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new DOMException("It took too long.", "TimeoutError")), milliseconds);
    });
    return Promise.race([result, late]).finally(() => clearTimeout(timer));
}

function unavailable(why: string): SecretsError {
    return new SecretsError(
        "secrets-unavailable",
        `The webhook's secrets are not at hand: ${why}. The delivery was neither accepted nor refused; it has to be sent again.`,
    );
}
