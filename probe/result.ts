import type { Answer, Outcome } from "./answer";

/** Where to deliver, and what must be accepted there. */
export interface ProbeTarget {
    /** An absolute https URL (http only for this machine). */
    readonly url: string;
    /** Every secret that the receiver must accept, newest first. */
    readonly secrets: readonly string[];
}

/**
 * How a secret is named, as it is never shown: its place in {@link ProbeTarget.secrets}, or `wrong` for the made-up
 * one.
 */
export type SecretPlace = number | "wrong";

/** One secret at one URL: the latest answer, and how the answers were in all. */
export interface CheckResult extends Answer {
    readonly place: SecretPlace;
    readonly expected: "accepted" | "rejected";
    /** What the latest answer was. */
    readonly outcome: Outcome;
    /** Whether the latest answer was as expected. */
    readonly ok: boolean;
    /** How many deliveries were sent with it. */
    readonly requests: number;
    /** How many of them were answered as expected. */
    readonly right: number;
    /**
     * How many instances have answered as expected since the last wrong answer of this URL. 0 where they give no names.
     */
    readonly instances: number;
    /** The latest answer that was not as expected, if there was one. */
    readonly latestWrong?: Answer;
}

/** What was found out about one URL. */
export interface TargetResult {
    /** Host and generation only, as {@link describeUrl} shows them. */
    readonly url: string;
    /** Whether all that was asked for is proven. */
    readonly ok: boolean;
    /** For how many seconds, up to the end, every answer was as expected. */
    readonly steadySeconds: number;
    /** How many instances have given their name, whatever they answered. */
    readonly instances: number;
    /** Every secret, the wrong one too, was rejected alike, and nothing shows that it was the receiver who did it. */
    readonly sameForAll: boolean;
    /** One for each secret, newest first, then one for the wrong secret. */
    readonly checks: readonly CheckResult[];
}

/**
 * Why a probe ended.
 *
 * - `proven`: all that was asked for was shown
 * - `deadline`: the time was over, or too short for what was missing
 * - `forgeable`: a receiver accepted a wrong secret, which does not change by itself
 * - `request-limit`: `maxRequests` deliveries were sent
 */
export type ProbeEnd = "proven" | "deadline" | "forgeable" | "request-limit";

/** What a probe knows so far. There is no secret in it, and nothing of a server's texts. */
export interface ProbeProgress {
    /** The event that was delivered. */
    readonly event: string;
    readonly rounds: number;
    readonly requests: number;
    readonly elapsedSeconds: number;
    /** What was asked for. */
    readonly wanted: {
        readonly steadySeconds: number;
        readonly instances?: number | undefined;
        readonly waitSeconds: number;
        readonly timeoutSeconds: number;
    };
    /** In the order of the options' `targets`. */
    readonly targets: readonly TargetResult[];
}

/** What a probe found out. */
export interface ProbeResult extends ProbeProgress {
    /** Whether everything was proven, for every URL. */
    readonly ok: boolean;
    readonly end: ProbeEnd;
}
