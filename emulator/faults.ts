import * as v from "valibot";
import { describeIssue } from "./behaviour";
import type { Endpoint } from "./calls";
import { EmulatorError } from "./errors";

/** The kinds without work done first, as in the table of {@link FaultKind}. */
const kinds = [
    "lost-request",
    "hang",
    "error-before",
    "rate-limited",
    "redirect",
    "lost-answer",
    "hang-after",
    "error-after",
    "echo-secrets",
    "garbage",
    "wrong-shape",
    "truncated",
    "huge",
    "slow-body",
    "masked-secret",
    "empty-secret",
    "missing-secret",
    "wrong-content-type",
    "close-after",
    "close-on-reuse",
] as const;

/**
 * What goes wrong with a call.
 *
 * | kind | work done | what the client sees |
 * | --- | --- | --- |
 * | `lost-request` | no | a connection reset |
 * | `hang` | no | nothing, for ever |
 * | `error-before` | no | `status` (default 500) |
 * | `rate-limited` | no | `status` (default 429) with `retryAfter` |
 * | `redirect` | no | `status` (default 302) to another path |
 * | `lost-answer` | yes | a connection reset |
 * | `hang-after` | yes | nothing, for ever |
 * | `error-after` | yes | `status` (default 500) |
 * | `echo-secrets` | yes | `status` (default 500), repeating the API key and the secrets |
 * | `garbage` | yes | a body that is no JSON |
 * | `wrong-shape` | yes | JSON of another shape |
 * | `truncated` | yes | half of the promised body, then a connection reset |
 * | `huge` | yes | a body of 64 MiB |
 * | `slow-body` | yes | the body a byte at a time, `delayMs` (default 100) apart |
 * | `masked-secret` | yes | `********` for each secret |
 * | `empty-secret`, `missing-secret` | yes | an empty secret, or none |
 * | `wrong-content-type` | yes | the right body as `text/html` |
 * | `close-after` | yes | the right answer, and a connection that closes although keep-alive was promised |
 * | `close-on-reuse` | yes | the right answer, and a connection reset as soon as the next call comes on it |
 */
export type FaultKind = (typeof kinds)[number];

/** One thing that goes wrong, once or more often. */
export interface Fault {
    /** The endpoint that it happens to; `any` is all of the webhooks and of the creator. */
    readonly endpoint: Exclude<Endpoint, "other"> | "any";
    readonly kind: FaultKind;
    /** How many calls it happens to. Default: 1. */
    readonly times?: number;
    /** How many matching calls pass unharmed first. Default: 0. */
    readonly after?: number;
    /** The status, where the kind has one. */
    readonly status?: number;
    /** The `Retry-After`, where the kind answers an error: seconds, or the header's text. Default: no such header. */
    readonly retryAfter?: string | number;
    /** The time between two bytes of `slow-body`, in milliseconds. Default: 100. */
    readonly delayMs?: number;
    /** Another body for the kinds that answer an error, `garbage` and `wrong-shape`. */
    readonly body?: string;
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const schema = v.strictObject({
    endpoint: v.picklist(["events", "register", "list", "update", "delete", "submit", "poll", "any"]),
    kind: v.picklist(kinds),
    times: v.optional(v.pipe(count, v.minValue(1)), 1),
    after: v.optional(count, 0),
    status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599))),
    retryAfter: v.optional(v.union([v.pipe(v.string(), v.regex(/^[\x20-\x7e]*$/)), v.number()])),
    delayMs: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2 ** 31 - 1))),
    body: v.optional(v.string()),
});

/** The faults that are still to happen, in the order in which they were asked for. */
export class FaultQueue {
    #waiting: { fault: Fault; times: number; after: number }[] = [];

    /** @throws {EmulatorError} naming what is not possible about it */
    inject(fault: unknown): void {
        const result = v.safeParse(schema, fault);
        if (!result.success) throw new EmulatorError(`The fault is not possible: ${describeIssue(result.issues[0])}`);
        const { times, after, ...rest } = result.output;
        this.#waiting.push({ fault: rest as Fault, times, after });
    }

    /** The fault that happens to this call, if any: a call has at most one. */
    take(endpoint: Endpoint): Fault | undefined {
        for (const waiting of this.#waiting) {
            const matches = waiting.fault.endpoint === endpoint || waiting.fault.endpoint === "any";
            if (!matches || endpoint === "other") continue;
            if (waiting.after > 0) {
                waiting.after--;
                continue;
            }
            waiting.times--;
            if (waiting.times === 0) this.#waiting = this.#waiting.filter((other) => other !== waiting);
            return waiting.fault;
        }
        return undefined;
    }

    clear(): void {
        this.#waiting = [];
    }
}
