import * as v from "valibot";
import { CommandError } from "../errors";
import { isRotatingWebhookType, stackType } from "../resources";

/**
 * The output of `pulumi preview --json`, in its two forms: one object with all steps, and the engine's events, one per
 * line, with PULUMI_ENABLE_STREAMING_JSON_PREVIEW (as in `--event-log`). As measured with Pulumi 3.274.1:
 *
 * - the object leaves out resources that stay the same, but for the stack (unless `--show-sames`);
 * - only the object says what a resource depends on;
 * - only the events have the outputs of the stack and of components as they will be.
 */
export interface Preview {
    readonly steps: readonly Step[];
    /** Whether the preview was completed without an error. */
    readonly complete: boolean;
    /** Whether it shows what depends on what. */
    readonly hasDependencies: boolean;
    readonly outputs: {
        readonly before: Values;
        /** Undefined if the preview does not show them. */
        readonly after: Values | undefined;
    };
    /**
     * The outputs of each RotatingWebhook that is not deleted, by its URN: in events as they will be, in the object as
     * they are, and none if it is new.
     */
    readonly rotating: ReadonlyMap<string, Values>;
}

/** One step of the engine on one resource. */
export interface Step {
    readonly op: string;
    readonly urn: string;
    readonly before: State | undefined;
    readonly after: State | undefined;
}

export type Values = Readonly<Record<string, unknown>>;

const values = v.nullish(v.record(v.string(), v.unknown()), {});
const state = v.object({
    type: v.string(),
    id: v.nullish(v.string()),
    parent: v.nullish(v.string()),
    inputs: values,
    outputs: values,
    dependencies: v.nullish(v.array(v.string()), []),
    propertyDependencies: v.nullish(v.record(v.string(), v.nullish(v.array(v.string()), []))),
    retainOnDelete: v.nullish(v.boolean()),
    initErrors: v.nullish(v.array(v.string()), []),
});

/** A resource before or after a step. Its inputs and outputs may contain secrets in plain text. */
export type State = v.InferOutput<typeof state>;

const whole = v.object({
    steps: v.nullish(
        v.array(v.object({ op: v.string(), urn: v.string(), oldState: v.nullish(state), newState: v.nullish(state) })),
        [],
    ),
    diagnostics: v.nullish(v.array(v.object({ severity: v.nullish(v.string()) })), []),
    // Only there at the end of a preview.
    changeSummary: v.nullish(v.record(v.string(), v.unknown())),
});

const metadata = v.object({ op: v.string(), urn: v.string(), old: v.nullish(state), new: v.nullish(state) });
const event = v.object({
    sequence: v.number(),
    resourcePreEvent: v.optional(v.object({ metadata })),
    resOutputsEvent: v.optional(v.object({ metadata })),
    diagnosticEvent: v.optional(v.object({ severity: v.nullish(v.string()) })),
    summaryEvent: v.optional(v.object({ result: v.nullish(v.string()) })),
});

/** @throws CommandError where the text is neither */
export function parsePreview(text: string): Preview {
    const documents = parseDocuments(text);
    if (documents.length === 1) {
        const parsed = v.safeParse(whole, documents[0]);
        if (parsed.success && isObjectWith(documents[0], "changeSummary", "steps")) {
            return fromWhole(parsed.output);
        }
    }
    const events = v.safeParse(v.array(event), documents);
    if (events.success && events.output.length > 0) {
        return fromEvents(events.output);
    }
    throw new CommandError(
        "This is not the output of `pulumi preview --json`. Create it with: pulumi preview --json > preview.json",
    );
}

function fromWhole({ steps, diagnostics, changeSummary }: v.InferOutput<typeof whole>): Preview {
    const all = steps.map(
        ({ op, urn, oldState, newState }): Step => ({
            op,
            urn,
            before: oldState ?? undefined,
            after: newState ?? undefined,
        }),
    );
    const stack = all.find(({ op, before }) => op !== "refresh" && before?.type === stackType);
    return {
        steps: all,
        complete: changeSummary != null && diagnostics.every(({ severity }) => severity !== "error"),
        hasDependencies: true,
        outputs: { before: stack?.before?.outputs ?? {}, after: undefined },
        rotating: rotatingIn(all.map(({ urn, op, before }) => ({ urn, op, state: before }))),
    };
}

function fromEvents(events: readonly v.InferOutput<typeof event>[]): Preview {
    const steps = events.flatMap(({ resourcePreEvent, resOutputsEvent }): Step[] => {
        const found = resourcePreEvent?.metadata ?? resOutputsEvent?.metadata;
        // What a refresh found is known only after it.
        if (found === undefined || (found.op === "refresh") !== (resOutputsEvent !== undefined)) {
            return [];
        }
        return [{ op: found.op, urn: found.urn, before: found.old ?? undefined, after: found.new ?? undefined }];
    });
    const stack = events.findLast(
        ({ resOutputsEvent: { metadata } = {} }) =>
            metadata !== undefined && metadata.op !== "refresh" && metadata.new?.type === stackType,
    )?.resOutputsEvent?.metadata;
    const summary = events.findLast(({ summaryEvent }) => summaryEvent !== undefined)?.summaryEvent;
    return {
        steps,
        complete:
            summary !== undefined &&
            summary.result !== "failed" &&
            events.every(({ diagnosticEvent }) => diagnosticEvent?.severity !== "error"),
        hasDependencies: false,
        outputs: { before: stack?.old?.outputs ?? {}, after: stack?.new?.outputs },
        rotating: rotatingIn(
            events.flatMap(({ resourcePreEvent, resOutputsEvent }) => {
                const found = resOutputsEvent?.metadata ?? resourcePreEvent?.metadata;
                return found === undefined ? [] : [{ ...found, state: resOutputsEvent?.metadata.new ?? found.old }];
            }),
        ),
    };
}

interface Seen {
    readonly urn: string;
    readonly op: string;
    readonly state: State | null | undefined;
}

function rotatingIn(seen: readonly Seen[]): ReadonlyMap<string, Values> {
    const rotating = new Map<string, Values>();
    for (const { urn, op, state } of seen) {
        if (op === "delete") {
            rotating.delete(urn);
        } else if (state != null && isRotatingWebhookType(state.type)) {
            rotating.set(urn, state.outputs);
        }
    }
    return rotating;
}

/** One JSON document, or one per line; lines before them, such as those of `npm run`, are skipped. */
function parseDocuments(text: string): unknown[] {
    const start = text.search(/^\{/m);
    if (start < 0) {
        return [];
    }
    const json = text.slice(start);
    const one = parseJson(json);
    if (one !== undefined) {
        return [one];
    }
    const lines = json.split("\n").filter((line) => line.startsWith("{"));
    const documents = lines.map(parseJson);
    return documents.includes(undefined) ? [] : documents;
}

function parseJson(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

function isObjectWith(value: unknown, ...keys: readonly string[]): boolean {
    return typeof value === "object" && value !== null && keys.some((key) => Object.hasOwn(value, key));
}
