import * as v from "valibot";
import type { Endpoint } from "../api/calls";
import { milliseconds } from "../behaviour/behaviour";
import { checkNames, describeIssue, unknownName } from "../behaviour/issues";
import { EmulatorError } from "../errors";
import type { FaultDetails } from "./details";
import { canWorkLate, type FaultKind, faultKindNames } from "./kinds";

/** One thing that goes wrong, once or more often. */
export interface Fault extends FaultDetails {
    /** The endpoint that it happens to; `any` is all of the webhooks and of the creator. */
    readonly endpoint: Exclude<Endpoint, "other"> | "any";
    /** What goes wrong, as in the table of kinds in `docs/emulator.md`. */
    readonly kind: FaultKind;
    /** How many calls it happens to. Default: 1. */
    readonly times?: number;
    /** How many matching calls pass unharmed first. Default: 0. */
    readonly after?: number;
    /**
     * Happens only to calls whose body has this `id`; no other call counts for `times` and `after`. Default: all calls.
     */
    readonly webhookId?: string;
    /** Happens only to calls whose body has this `url`, as `/register` has no id yet. Default: all calls. */
    readonly url?: string;
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const headerText = v.pipe(v.string(), v.regex(/^[\x20-\x7e]*$/));

const entries = {
    endpoint: v.picklist(["events", "register", "list", "update", "delete", "submit", "poll", "any"]),
    kind: v.picklist(faultKindNames),
    times: v.optional(v.pipe(count, v.minValue(1)), 1),
    after: v.optional(count, 0),
    webhookId: v.exactOptional(v.string()),
    url: v.exactOptional(v.string()),
    doneAfterMs: v.exactOptional(milliseconds),
    status: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(599))),
    retryAfter: v.exactOptional(v.union([headerText, v.number(), v.array(headerText)])),
    delayMs: v.exactOptional(milliseconds),
    body: v.exactOptional(v.string()),
};

const schema = v.pipe(
    v.strictObject(entries),
    v.forward(
        v.check(
            ({ endpoint, webhookId }) => webhookId === undefined || !["events", "register", "list"].includes(endpoint),
            ({ input }) => `a call of ${input.endpoint} has no webhook id, so that it would never happen`,
        ),
        ["webhookId"],
    ),
    v.forward(
        v.check(
            ({ endpoint, url }) => url === undefined || ["register", "update", "any"].includes(endpoint),
            ({ input }) => `a call of ${input.endpoint} has no url, so that it would never happen`,
        ),
        ["url"],
    ),
    v.forward(
        v.check(
            ({ kind, doneAfterMs }) => doneAfterMs === undefined || canWorkLate(kind),
            ({ input }) => `${input.kind} needs the work before its answer, or does none`,
        ),
        ["doneAfterMs"],
    ),
) satisfies v.GenericSchema<Fault>;

/** A fault with its defaults. */
export type CheckedFault = v.InferOutput<typeof schema>;

/** @throws {EmulatorError} naming what is not possible about it */
export function checkFault(fault: unknown): CheckedFault {
    const kind = typeof fault === "object" && fault !== null && "kind" in fault ? fault.kind : undefined;
    if (typeof kind === "string" && !(faultKindNames as readonly string[]).includes(kind)) {
        throw unknownName("kind of fault", kind, faultKindNames);
    }
    if (typeof fault === "object" && fault !== null) checkNames("property of a fault", fault, Object.keys(entries));
    const result = v.safeParse(schema, fault);
    if (result.success) return result.output;
    throw new EmulatorError(`The fault is not possible: ${describeIssue(result.issues[0])}`);
}
