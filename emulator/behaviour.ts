import * as v from "valibot";
import { EmulatorError } from "./errors";

/** At most `calls` calls in any `perSeconds` seconds. */
export interface RateLimit {
    readonly calls: number;
    readonly perSeconds: number;
}

/**
 * The switches: one for each point that the documentation of the Captions API leaves open. The defaults are the plainest
 * reading of it; a client is right when it is right with every value.
 */
export interface Behaviour {
    /** The status for an id (of a webhook or a video) that doesn't exist. Default: 404. */
    readonly unknownIdStatus: number;
    /** The status for a `url` that is no absolute http or https URL. Default: 400. */
    readonly badUrlStatus: number;
    /** The status for an event that is not in `events`. Default: 400. */
    readonly unknownEventStatus: number;
    /** The status for a body that is no JSON, or lacks something. Default: 400. */
    readonly badRequestStatus: number;
    /** The status for a missing or wrong `x-api-key`. Default: 401. */
    readonly badKeyStatus: number;
    /** Whether the account lacks the enterprise contract that webhooks need. Default: false. */
    readonly noContract: boolean;
    /** The status when `noContract` is on. Default: 403. */
    readonly noContractStatus: number;
    /** The status of a second webhook on one URL, when `duplicateUrls` is `refused`. Default: 409. */
    readonly duplicateUrlStatus: number;
    /** The status beyond `rateLimit`. Default: 429. */
    readonly rateLimitStatus: number;
    /** The form of an error's body: `{"error": "…"}`, `{"message": "…"}`, text, a page, or nothing. Default: `json-error`. */
    readonly errorBody: "json-error" | "json-message" | "text" | "html" | "empty";
    /**
     * Whether errors repeat the request with its API key, and the account's secrets, as debugging pages do. For tests that
     * a client passes none of it on. Default: false.
     */
    readonly echoSecrets: boolean;

    /**
     * What a second `/register` on one URL does. `merged` answers the webhook that is there, as it is; `merged-new-secret`
     * does so and rotates its secret. Default: `allowed`.
     */
    readonly duplicateUrls: "allowed" | "refused" | "merged" | "merged-new-secret";
    /** What `/delete` of an unknown id answers: an error, `{"success": true}` or `{"success": false}`. Default: `error`. */
    readonly deleteUnknown: "error" | "success" | "false";
    /** Whether `/delete` of a known id answers `{"success": false}` and deletes nothing. Default: false. */
    readonly deleteAnswersFalse: boolean;

    /** How far `/list` is behind what was registered, updated and deleted, in milliseconds (10 minutes are remembered). Default: 0. */
    readonly listLagMs: number;
    /** The order of the webhooks in `/list`. Default: `oldest-first`. */
    readonly listOrder: "oldest-first" | "newest-first" | "shuffled";
    /** The order of `enabledEvents` in answers; `doubled` names each twice. Default: `as-sent`. */
    readonly eventOrder: "as-sent" | "reversed" | "sorted" | "shuffled" | "doubled";
    /** How `url` comes back in answers; `normalised` is the WHATWG form. Default: `as-sent`. */
    readonly urlForm: "as-sent" | "normalised" | "trailing-slash" | "upper-case-host";
    /** How secrets come back: `masked` is `********` in every answer, `masked-in-list` in `/list` only. Default: `clear`. */
    readonly secrets: "clear" | "masked-in-list" | "masked" | "empty" | "missing";
    /** Whether answers have fields that the documentation doesn't know. Default: false. */
    readonly extraFields: boolean;
    /** The `Content-Type` of answers that are JSON. Default: `application/json; charset=utf-8`. */
    readonly contentType: string;
    /** The `Content-Encoding` of answers, where the request accepts it. Default: `none`. */
    readonly compression: "none" | "gzip" | "br" | "deflate";
    /** The time before a call is worked on, in milliseconds. Default: 0. */
    readonly latencyMs: number;
    /** The limit on the five webhook endpoints together; calls that it refuses don't count. Default: null, no limit. */
    readonly rateLimit: RateLimit | null;
    /** The form of `Retry-After` beyond `rateLimit`. Default: `seconds`. */
    readonly retryAfter: "seconds" | "http-date" | "none";
    /** The names of the events, as `/events` answers them. Default: `creator.success` and `creator.failure`. */
    readonly events: readonly string[];

    /** How often a delivery is tried in all, until a receiver answers 2xx. Default: 1. */
    readonly deliveryAttempts: number;
    /** The time between two attempts of a delivery, in milliseconds. Default: 1000. */
    readonly deliveryRetryDelayMs: number;
    /** How long a receiver may take for an answer, in milliseconds. Default: 10,000. */
    readonly deliveryTimeoutMs: number;
    /** What stands for `url` in the delivery of a failed video. Default: `missing`. */
    readonly failedUrl: "missing" | "empty" | "null";
    /** How long a video takes until it succeeds by itself, in seconds; 0: it waits until it is told to. Default: 0. */
    readonly videoSeconds: number;
}

/** The events that the documentation of the Captions API names. */
const knownEvents = ["creator.success", "creator.failure"];

/** What {@link Behaviour} is unless it is told otherwise. */
export const defaultBehaviour: Behaviour = {
    unknownIdStatus: 404,
    badUrlStatus: 400,
    unknownEventStatus: 400,
    badRequestStatus: 400,
    badKeyStatus: 401,
    noContract: false,
    noContractStatus: 403,
    duplicateUrlStatus: 409,
    rateLimitStatus: 429,
    errorBody: "json-error",
    echoSecrets: false,
    duplicateUrls: "allowed",
    deleteUnknown: "error",
    deleteAnswersFalse: false,
    listLagMs: 0,
    listOrder: "oldest-first",
    eventOrder: "as-sent",
    urlForm: "as-sent",
    secrets: "clear",
    extraFields: false,
    contentType: "application/json; charset=utf-8",
    compression: "none",
    latencyMs: 0,
    rateLimit: null,
    retryAfter: "seconds",
    events: knownEvents,
    deliveryAttempts: 1,
    deliveryRetryDelayMs: 1000,
    deliveryTimeoutMs: 10_000,
    failedUrl: "missing",
    videoSeconds: 0,
};

const status = v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599));
/** Node's timers fire at once beyond 2^31 - 1 milliseconds. */
const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(2 ** 31 - 1));
const oneOf = <const T extends string>(...values: T[]) => v.picklist(values);

const schema = v.partial(
    v.strictObject({
        unknownIdStatus: status,
        badUrlStatus: status,
        unknownEventStatus: status,
        badRequestStatus: status,
        badKeyStatus: status,
        noContract: v.boolean(),
        noContractStatus: status,
        duplicateUrlStatus: status,
        rateLimitStatus: status,
        errorBody: oneOf("json-error", "json-message", "text", "html", "empty"),
        echoSecrets: v.boolean(),
        duplicateUrls: oneOf("allowed", "refused", "merged", "merged-new-secret"),
        deleteUnknown: oneOf("error", "success", "false"),
        deleteAnswersFalse: v.boolean(),
        listLagMs: milliseconds,
        listOrder: oneOf("oldest-first", "newest-first", "shuffled"),
        eventOrder: oneOf("as-sent", "reversed", "sorted", "shuffled", "doubled"),
        urlForm: oneOf("as-sent", "normalised", "trailing-slash", "upper-case-host"),
        secrets: oneOf("clear", "masked-in-list", "masked", "empty", "missing"),
        extraFields: v.boolean(),
        contentType: v.pipe(v.string(), v.regex(/^[\x20-\x7e]+$/)),
        compression: oneOf("none", "gzip", "br", "deflate"),
        latencyMs: milliseconds,
        rateLimit: v.nullable(
            v.strictObject({
                calls: v.pipe(v.number(), v.integer(), v.minValue(1)),
                perSeconds: v.pipe(v.number(), v.gtValue(0), v.maxValue(86_400)),
            }),
        ),
        retryAfter: oneOf("seconds", "http-date", "none"),
        events: v.array(v.string()),
        deliveryAttempts: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)),
        deliveryRetryDelayMs: milliseconds,
        deliveryTimeoutMs: v.pipe(milliseconds, v.minValue(1)),
        failedUrl: oneOf("missing", "empty", "null"),
        videoSeconds: v.pipe(v.number(), v.minValue(0), v.maxValue(86_400)),
    }),
) satisfies v.GenericSchema<Partial<Behaviour>>;

/**
 * The behaviour with some switches changed; those that are undefined stay as they are.
 *
 * @throws {EmulatorError} naming a switch that doesn't exist or a value that it doesn't have
 */
export function changeBehaviour(current: Behaviour, change: unknown): Behaviour {
    const result = v.safeParse(schema, change);
    if (!result.success) throw new EmulatorError(`The behaviour is not possible: ${describeIssue(result.issues[0])}`);
    const given = Object.entries(result.output).filter(([, value]) => value !== undefined);
    return { ...current, ...Object.fromEntries(given) };
}

/** An issue of the schema library with the place that it is about, which its message alone leaves out. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
    const path = v.getDotPath(issue);
    return `${path === null ? "" : `${path}: `}${issue.message}.`;
}
