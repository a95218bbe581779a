import { OptionsCheck } from "./options.js";
import { type FetchSecrets, hasSecret, keep, listOf, type SecretSource } from "./secrets.js";
import { SecretsError, secretsMissing } from "./secrets-error.js";

export interface CachedSecretsOptions {
    /**
     * For how long fetched secrets are used without asking again, in seconds; never less than `minRefetchSeconds`. 0 or
     * more; default: 300.
     */
    maxAgeSeconds?: number;
    /**
     * The least time from one fetch to the next, in seconds: how often unknown secrets can make the receiver ask. 0 to
     * 86,400; default: 5.
     */
    minRefetchSeconds?: number;
    /**
     * For how long the last secrets are used while fetching fails, in seconds since they were fetched. 0 or more;
     * default: 86,400 (a day).
     */
    maxStaleSeconds?: number;
    /** After how many seconds a fetch counts as failed. 0.001 to 86,400; default: 10. */
    timeoutSeconds?: number;
    /**
     * How many deliveries may wait for the next fetch at a time; what comes on top is answered 503 at once. Default:
     * 100.
     */
    maxWaiting?: number;
    /**
     * Told of what a fetch failed with, also when it found no secret. Such an error may contain credentials: log it
     * with care.
     */
    onFetchError?: (error: unknown) => void;
    /** The time in milliseconds; for tests. Default: `Date.now`. */
    now?: () => number;
}

/** One call of the function: running, or over. */
interface Attempt {
    number: number;
    startedAt: number;
    running: boolean;
    result: Promise<readonly string[]>;
}

/**
 * Secrets that a function fetches, kept for a time, and fetched again before an unknown secret is rejected.
 *
 * - A secret that is in the cache is accepted without asking.
 * - A secret that is not makes the function be called again, so that a new secret is taken up without a restart. There
 *   are at least `minRefetchSeconds` from one call to the next; a delivery that comes in between waits for the next
 *   call (at most `maxWaiting` of them), and is rejected only after a fetch that began later than it came.
 * - Calls at the same time share one fetch.
 * - A fetch that finds no secret at all has failed: a file that is being written is empty for a moment, and a webhook
 * always has one.
 * - While fetching fails, the last secrets stay valid for `maxStaleSeconds`; a secret that is not among them is neither
 *   accepted nor rejected: a `SecretsError` is thrown, which a receiver answers with 503, so that the delivery is sent
 *   again.
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
 * export const receiver = createReceiver({ secrets, onDelivery: (delivery) => console.log(delivery.event) });
 * ```
 */
export function cachedSecrets(fetchSecrets: FetchSecrets, options: CachedSecretsOptions = {}): SecretSource {
    if (typeof fetchSecrets !== "function") {
        throw new TypeError("cachedSecrets: the first argument must be a function.");
    }
    new OptionsCheck("cachedSecrets", options)
        .numbers("maxAgeSeconds", "minRefetchSeconds", "maxStaleSeconds", "timeoutSeconds", "maxWaiting")
        .functions("onFetchError", "now")
        .only();
    const { maxWaiting = 100, onFetchError, now = Date.now } = options;
    const minRefetch = (options.minRefetchSeconds ?? 5) * 1000;
    // Otherwise a known secret would have to wait until it may be asked for again.
    const maxAge = Math.max(minRefetch, (options.maxAgeSeconds ?? 300) * 1000);
    const maxStale = (options.maxStaleSeconds ?? 86_400) * 1000;
    const timeout = (options.timeoutSeconds ?? 10) * 1000;

    let latest: Attempt | undefined;
    let last: { startedAt: number; secrets: readonly string[] } | undefined;
    let failed = false;
    let waiting = 0;

    function start(): Attempt {
        const startedAt = now();
        const result = fetchOnce(startedAt);
        const attempt: Attempt = { number: (latest?.number ?? 0) + 1, startedAt, running: true, result };
        const end = () => {
            attempt.running = false;
        };
        result.then(end, end); // Also so that a failure that nobody waits for is not an unhandled one.
        latest = attempt;
        return attempt;
    }

    async function fetchOnce(startedAt: number): Promise<readonly string[]> {
        try {
            const secrets = keep(listOf(await within(timeout, fetchSecrets())));
            if (!hasSecret(secrets)) throw secretsMissing();
            last = { startedAt, secrets };
            failed = false;
            return secrets;
        } catch (error) {
            failed = true;
            // What a hook does wrong does not hide what the fetch did.
            await (async () => onFetchError?.(error))().catch(() => undefined);
            throw error;
        }
    }

    /**
     * An attempt that began after `seen`; or the one that is running; or the next that may begin; none if too many wait
     * for it.
     */
    async function nextAttempt(seen: number): Promise<Attempt | undefined> {
        if (latest && latest.number > seen) return latest;
        if (latest?.running && now() - latest.startedAt < timeout) return latest;
        const before = latest;
        const wait = before ? Math.min(minRefetch, before.startedAt + minRefetch - now()) : 0;
        if (wait > 0) {
            if (waiting >= maxWaiting) return undefined;
            waiting++;
            await new Promise((resolve) => setTimeout(resolve, wait)).finally(() => waiting--);
        }
        return latest !== before && latest ? latest : start();
    }

    /**
     * The last secrets, if they were fetched within so many milliseconds. (The time is below 0 if the clock was set
     * back.)
     */
    function lastWithin(milliseconds: number) {
        const age = last ? now() - last.startedAt : -1;
        return age >= 0 && age <= milliseconds ? last : undefined;
    }

    /** The secrets that may be used without asking first. */
    function atHand() {
        // While fetching fails, one delivery at a time tries again, and the others do not wait for it.
        const asked = latest && (latest.running || now() - latest.startedAt < minRefetch);
        return lastWithin(maxAge) ?? (failed && asked ? lastWithin(maxStale) : undefined);
    }

    return {
        async *lists() {
            const seen = latest?.number ?? 0;
            const known = atHand();
            if (known) yield known.secrets;
            let offered = known !== undefined;
            for (;;) {
                const attempt = await nextAttempt(seen);
                if (!attempt) throw unavailable("too many deliveries wait for them");
                let secrets: readonly string[];
                try {
                    // With a timer of its own: on Cloudflare Workers, the request that began to fetch may be cancelled,
                    // and the fetch with it.
                    secrets = await within(timeout, attempt.result);
                } catch (error) {
                    const stale = offered ? undefined : lastWithin(maxStale);
                    if (stale) yield stale.secrets;
                    throw error instanceof SecretsError
                        ? error
                        : unavailable(`fetching them failed (${kindOf(error)})`);
                }
                yield secrets;
                offered = true;
                if (attempt.number > seen) return;
            }
        },
    };
}

/** An error's class and code. Not its message, which may contain the credentials that the secrets are fetched with. */
function kindOf(error: unknown): string {
    if (!(error instanceof Error)) return typeof error;
    return "code" in error && typeof error.code === "string" ? `${error.name}, ${error.code}` : error.name;
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
        `The webhook's secrets are not available: ${why}. The delivery was neither accepted nor rejected; it has to be sent again.`,
    );
}
