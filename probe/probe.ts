import { type Clock, systemClock } from "./clock";
import { harmlessEvent } from "./delivery";
import { proxyOf } from "./proxy";
import type { ProbeEnd, ProbeProgress, ProbeResult, ProbeTarget } from "./result";
import { isSecret } from "./secret";
import { defaultTimeoutSeconds } from "./send";
import { type Proof, Target } from "./target";
import { isSafeForSecrets } from "./url";

/** What to deliver where, and how much to ask for. */
export interface ProbeOptions {
    /** The URLs, each with the secrets that must be accepted there. */
    readonly targets: readonly ProbeTarget[];
    /**
     * The event to deliver. Default: `pulumi-captions.test`, which `createReceiver` answers with 200 and passes to
     * nobody.
     */
    readonly event?: string;
    /**
     * For how many seconds every answer must be as expected, round after round. One good round proves one instance of
     * what may be several behind a load balancer. Default: 0, one good round.
     */
    readonly steadySeconds?: number;
    /**
     * How many instances of each receiver must have accepted each secret. They are told apart by the
     * response header `Captions-Receiver-Instance`. Default: they are not counted.
     */
    readonly instances?: number;
    /**
     * For how many seconds in all to go on until that is proven. No round begins later. Default: `steadySeconds`, and
     * 60 more where `instances` is given.
     */
    readonly waitSeconds?: number;
    /**
     * How long to wait for each answer, in seconds. Default: 20, as a receiver may look for a secret that it does not
     * know for 5 s before it rejects it.
     */
    readonly timeoutSeconds?: number;
    /** How many deliveries to send at most. Default: 10,000. */
    readonly maxRequests?: number;
    /** Told after each round what is known so far. */
    readonly onRound?: (soFar: ProbeProgress) => void;
    /** Ends the probe: it rejects with the signal's reason. */
    readonly signal?: AbortSignal;
    /** Default: the system's. */
    readonly clock?: Clock;
    /** Where `HTTPS_PROXY` and `NO_PROXY` are looked up. Default: `process.env`. */
    readonly environment?: Readonly<Record<string, string | undefined>>;
    /** Numbers from 0 to 1, for the order of the deliveries in a round. Default: `Math.random`. */
    readonly random?: () => number;
}

const defaultMaxRequests = 10_000;
/** For a balancer to come to every instance, if nothing else is said. */
const defaultSecondsForInstances = 60;

/** Milliseconds between two rounds: seconds, or less where there is hardly any time. */
const usualGap = 1_000;
const shortestGap = 20;
const longestSteadyGap = 10_000;
const longestBackoff = 15_000;
/**
 * If one instance of five answers otherwise, a balancer that chooses at random hides it from 0.8^30 = 0.1 % of probes.
 */
const roundsWhileSteady = 30;

/**
 * Finds out whether receivers accept their secrets, by harmless test deliveries: in each round one with each secret,
 * which must be accepted, and one with a wrong secret, which must be rejected. Every delivery is sent on a connection
 * of its own, so that a load balancer may choose another instance for it. Rounds go on until what is asked for is
 * proven, or the time is over.
 *
 * @throws TypeError where a URL, a secret or a number cannot be used; the message names its place, never its value
 * @throws ConfigurationError where `HTTPS_PROXY` is not a URL
 *
 * @example
 * ```ts
 * const result = await probe({
 *     targets: [{ url: "https://api.example.com/hooks/captions", secrets: [newest, older] }],
 *     steadySeconds: 60,
 *     waitSeconds: 900,
 * });
 * if (!result.ok) throw new Error(describe(result));
 * ```
 */
export async function probe(options: ProbeOptions): Promise<ProbeResult> {
    checkOptions(options);
    const { event = harmlessEvent, timeoutSeconds = defaultTimeoutSeconds, clock = systemClock, onRound } = options;
    const { maxRequests = defaultMaxRequests, signal = new AbortController().signal } = options;
    const { environment = process.env, random = Math.random } = options;
    const proof: Proof = { steadySeconds: options.steadySeconds ?? 0, instances: options.instances };
    const waitSeconds = options.waitSeconds ?? defaultWait(proof);
    const targets = options.targets.map((target) => {
        return new Target(target, { proxy: proxyOf(new URL(target.url), environment), random });
    });
    const startedAt = clock.now();
    const deadline = startedAt + waitSeconds * 1000;
    const firstGap = Math.min(usualGap, Math.max(shortestGap, (waitSeconds * 1000) / 20));

    for (let rounds = 1, badRounds = 0; ; rounds++) {
        signal.throwIfAborted();
        await Promise.all(targets.map((target) => target.ask(event, { timeoutSeconds, signal, now: clock.now })));
        const now = clock.now();
        const results = targets.map((target) => target.result(proof));
        const progress: ProbeProgress = {
            event,
            rounds,
            requests: results.flatMap(({ checks }) => checks).reduce((sum, check) => sum + check.requests, 0),
            elapsedSeconds: (now - startedAt) / 1000,
            wanted: { ...proof, waitSeconds, timeoutSeconds },
            targets: results,
        };
        const isForgeable = targets.some((target) => target.isForgeable);
        const allRight = targets.every(({ isRight }) => isRight);
        const gap = allRight ? steadyGap(proof, firstGap) : backoff(++badRounds, firstGap);
        const nextRound = Math.min(now + gap, deadline);
        const isTooLate =
            now >= deadline || targets.some((target) => target.earliestProof(proof, nextRound) > deadline);
        const end = endOf({ isProven: results.every(({ ok }) => ok), isForgeable, isTooLate });
        if (end !== undefined) {
            return { ok: end === "proven", end, ...progress };
        }
        if (progress.requests + targets.reduce((sum, { size }) => sum + size, 0) > maxRequests) {
            return { ok: false, end: "request-limit", ...progress };
        }
        onRound?.(progress);
        await clock.sleep(nextRound - now, signal);
    }
}

function endOf(state: {
    readonly isProven: boolean;
    readonly isForgeable: boolean;
    readonly isTooLate: boolean;
}): Exclude<ProbeEnd, "request-limit"> | undefined {
    if (state.isProven) {
        return "proven";
    }
    if (state.isForgeable) {
        return "forgeable";
    }
    return state.isTooLate ? "deadline" : undefined;
}

function steadyGap({ steadySeconds }: Proof, firstGap: number): number {
    return Math.min(longestSteadyGap, Math.max(firstGap, (steadySeconds * 1000) / roundsWhileSteady));
}

/** Not reset by a good round, so that a receiver that is right now and then is not asked ever more often. */
function backoff(badRounds: number, firstGap: number): number {
    return Math.min(longestBackoff, firstGap * 2 ** (badRounds - 1));
}

function defaultWait({ steadySeconds, instances }: Proof): number {
    return steadySeconds + (instances === undefined ? 0 : defaultSecondsForInstances);
}

function checkOptions({ targets, ...numbers }: ProbeOptions): void {
    const fail = (problem: string): never => {
        throw new TypeError(`probe: ${problem}`);
    };
    if (targets.length === 0) {
        fail("targets is empty; name at least one URL with its secrets");
    }
    for (const [index, { url, secrets }] of targets.entries()) {
        if (!isSafeForSecrets(url)) {
            fail(
                `targets[${index}].url must be an absolute https URL (http only for localhost), as secrets are sent ` +
                    "there",
            );
        }
        if (secrets.length === 0) {
            fail(`targets[${index}].secrets is empty; there is nothing to deliver with`);
        }
        const bad = secrets.findIndex((secret) => !isSecret(secret));
        if (bad >= 0) {
            fail(
                `targets[${index}].secrets[${bad}] is not a webhook's secret: it must be printable ASCII without ` +
                    "spaces",
            );
        }
    }
    const {
        steadySeconds = 0,
        waitSeconds = steadySeconds,
        timeoutSeconds = 1,
        instances = 1,
        maxRequests = 1,
    } = numbers;
    for (const [name, value] of Object.entries({ steadySeconds, waitSeconds, timeoutSeconds })) {
        if (!Number.isFinite(value) || value < 0) {
            fail(`${name} must be a number of seconds`);
        }
    }
    for (const [name, value] of Object.entries({ instances, maxRequests })) {
        if (!Number.isInteger(value) || value < 1) {
            fail(`${name} must be a whole number from 1 on`);
        }
    }
    if (waitSeconds < steadySeconds) {
        fail("waitSeconds must not be less than steadySeconds");
    }
}
