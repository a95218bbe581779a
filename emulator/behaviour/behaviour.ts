import * as v from "valibot";
import { EmulatorError } from "../errors";
import { checkNames, describeIssue } from "./issues";
import { oddFormNames, oddNeighbourNames } from "./odd-entries";
import { retryAfterFormNames } from "./retry-after";
import { urlFormNames } from "./url-forms";

/** At most `calls` calls in any `perSeconds` seconds. */
export interface RateLimit {
    readonly calls: number;
    readonly perSeconds: number;
}

const status = v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599));
/** Node's timers fire at once beyond 2^31 - 1 milliseconds. */
export const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(2 ** 31 - 1));
const oneOf = <const T extends string>(...values: [T, ...T[]]) => v.picklist(values);

/**
 * The switches, each with its type and its default. A docstring here is also the docstring of {@link Behaviour} and the
 * sentence in `docs/emulator.md`.
 */
export const switches = {
    /** The status for an id (of a webhook or a video) that doesn't exist. */
    unknownIdStatus: v.optional(status, 404),
    /** The status for a `url` that is not an absolute http or https URL. */
    badUrlStatus: v.optional(status, 400),
    /** The status for an event that is not in `events`. */
    unknownEventStatus: v.optional(status, 400),
    /** The status for a body that is not JSON, or lacks a field. */
    badRequestStatus: v.optional(status, 400),
    /** The status for a missing or wrong `x-api-key`. */
    badKeyStatus: v.optional(status, 401),
    /** Whether the account lacks the enterprise contract that webhooks need. */
    noContract: v.optional(v.boolean(), false),
    /** The status when `noContract` is on. */
    noContractStatus: v.optional(status, 403),
    /** The status of a second webhook on one URL, when `duplicateUrls` is `refused`. */
    duplicateUrlStatus: v.optional(status, 409),
    /** The status beyond `rateLimit`. */
    rateLimitStatus: v.optional(status, 429),
    /** The form of an error's body: `{"error": "…"}`, `{"message": "…"}`, text, a page, or nothing. */
    errorBody: v.optional(oneOf("json-error", "json-message", "text", "html", "empty"), "json-error"),
    /**
     * Whether errors repeat the request with its API key, and the account's secrets, as debugging pages do. For tests
     * that a client passes none of it on.
     */
    echoSecrets: v.optional(v.boolean(), false),

    /**
     * What a second `/register` on one URL does. `merged` returns the existing webhook as it is; `merged-new-secret`
     * rotates its secret first.
     */
    duplicateUrls: v.optional(oneOf("allowed", "refused", "merged", "merged-new-secret"), "allowed"),
    /**
     * Fields that the API accepts and ignores. `/update` rotates the secret, leaves such a field as it was, and returns
     * what is stored; `/register` enables all events if it ignores `enabledEvents` (it never ignores `url`).
     */
    ignoredFields: v.optional(v.array(oneOf("url", "enabledEvents")), () => []),
    /** What `/delete` of an unknown id returns: an error, `{"success": true}` or `{"success": false}`. */
    deleteUnknown: v.optional(oneOf("error", "success", "false"), "error"),
    /** Whether `/delete` of a known id returns `{"success": false}` and deletes nothing. */
    deleteAnswersFalse: v.optional(v.boolean(), false),

    /**
     * How far `/list` is behind what was registered, updated and deleted, in milliseconds (10 minutes are remembered).
     */
    listLagMs: v.optional(milliseconds, 0),
    /** The order of the webhooks in `/list`. */
    listOrder: v.optional(oneOf("oldest-first", "newest-first", "shuffled"), "oldest-first"),
    /** Entries of somebody else, before the webhooks in `/list`, that don't match the documentation. */
    oddNeighbours: v.optional(v.array(v.picklist(oddNeighbourNames)), () => []),
    /** Webhooks, by their id, that `/list` shows in a form that doesn't match the documentation. */
    oddWebhooks: v.optional(v.record(v.string(), v.picklist(oddFormNames)), () => ({})),
    /** The order of `enabledEvents` in answers; `doubled` names each twice. */
    eventOrder: v.optional(oneOf("as-sent", "reversed", "sorted", "shuffled", "doubled"), "as-sent"),
    /**
     * How `url` comes back in answers; `normalised` is the WHATWG form, the `percent-` forms encode the same path
     * differently, and `tracking-query` is really another URL.
     */
    urlForm: v.optional(v.picklist(urlFormNames), "as-sent"),
    /** How `url` comes back in `/list` only; null: as `urlForm` says. */
    listUrlForm: v.optional(v.nullable(v.picklist(urlFormNames)), null),
    /** How secrets come back: `masked` is `********` in every answer, `masked-in-list` in `/list` only. */
    secrets: v.optional(oneOf("clear", "masked-in-list", "masked", "empty", "missing"), "clear"),
    /** Whether answers have fields that the documentation doesn't know. */
    extraFields: v.optional(v.boolean(), false),
    /** The `Content-Type` of answers that are JSON. */
    contentType: v.optional(v.pipe(v.string(), v.regex(/^[\x20-\x7e]+$/)), "application/json; charset=utf-8"),
    /** The `Content-Encoding` of answers, where the request accepts it. */
    compression: v.optional(oneOf("none", "gzip", "br", "deflate"), "none"),
    /** The time before a call is worked on, in milliseconds. */
    latencyMs: v.optional(milliseconds, 0),
    /** The limit on the five webhook endpoints together; calls that it rejects don't count. Null: no limit. */
    rateLimit: v.optional(
        v.nullable(
            v.strictObject({
                calls: v.pipe(v.number(), v.integer(), v.minValue(1)),
                perSeconds: v.pipe(v.number(), v.gtValue(0), v.maxValue(86_400)),
            }),
        ),
        null,
    ),
    /** The form of `Retry-After` beyond `rateLimit`: how long to wait, no such header, or a value that doesn't help. */
    retryAfter: v.optional(v.picklist(retryAfterFormNames), "seconds"),
    /** The names of the events, as `/events` returns them. */
    events: v.optional(v.array(v.string()), () => ["creator.success", "creator.failure"]),

    /** The most attempts of a delivery, until a receiver answers 2xx. */
    deliveryAttempts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 1),
    /** The time between two attempts of a delivery, in milliseconds. */
    deliveryRetryDelayMs: v.optional(milliseconds, 1000),
    /** How long a receiver may take for an answer, in milliseconds. */
    deliveryTimeoutMs: v.optional(v.pipe(milliseconds, v.minValue(1)), 10_000),
    /** What stands for `url` in the delivery of a failed video. */
    failedUrl: v.optional(oneOf("missing", "empty", "null"), "missing"),
    /** How long a video takes until it succeeds by itself, in seconds; 0: it waits until it is told to. */
    videoSeconds: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(86_400)), 0),
};

const schema = v.strictObject(switches);

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/**
 * The switches: one for each point that the documentation of the Captions API leaves open. The defaults are the
 * plainest reading of it; a client is right when it is right with every value. All of them with their defaults:
 * `docs/emulator.md`.
 */
export type Behaviour = {
    readonly [Name in keyof typeof switches]: DeepReadonly<v.InferOutput<(typeof switches)[Name]>>;
};

/** What {@link Behaviour} is unless it is told otherwise. */
export const defaultBehaviour: Behaviour = v.parse(schema, {});

/**
 * The behaviour with some switches changed; those that are undefined stay as they are.
 *
 * @throws {EmulatorError} naming a switch that doesn't exist or a value that it doesn't have
 */
export function changeBehaviour(current: Behaviour, change: unknown): Behaviour {
    if (typeof change !== "object" || change === null || Array.isArray(change)) {
        throw new EmulatorError('A behaviour is an object of switches, for example {"listLagMs": 2000}.');
    }
    checkNames("switch", change, Object.keys(switches));
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    const result = v.safeParse(schema, { ...current, ...Object.fromEntries(given) });
    if (result.success) return result.output;
    throw new EmulatorError(`Wrong value of the switch ${describeIssue(result.issues[0])}`);
}
