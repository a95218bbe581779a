import type { IncomingMessage, ServerResponse } from "node:http";
import * as v from "valibot";
import { maskedSecret } from "../api/answers";
import type { Call } from "../api/calls";
import { readBody } from "../api/requests";
import type { Behaviour } from "../behaviour/behaviour";
import { describeIssue } from "../behaviour/issues";
import type { Delivery } from "../deliveries";
import { EmulatorError } from "../errors";
import type { Fault } from "../faults/fault";
import { type ViewOptions, view } from "../page/view";
import type { Changes } from "../store/changes";
import { type Outcome, outcomes } from "../store/videos";
import { sendJson } from "./answering";
import { sendChanges } from "./live";

/** What can be done with an emulator by HTTP. */
export interface Controllable {
    readonly url: string;
    readonly baseUrl: string;
    readonly apiKey: string;
    readonly behaviour: Behaviour;
    readonly calls: Call[];
    readonly deliveries: Delivery[];
    readonly videos: { operationId: string; outcome: Outcome | undefined }[];
    behave(change: Partial<Behaviour>): void;
    inject(fault: Fault): void;
    clearFaults(): void;
    submitVideo(): string;
    finishVideo(operationId: string, outcome: Outcome): Promise<Delivery[]>;
    redeliver(deliveryId: string): Promise<Delivery>;
    reset(): void;
}

export interface ControlOptions extends ViewOptions {
    readonly emulator: Controllable;
    readonly changes: Changes;
}

/** How many calls, deliveries and videos `GET /state` has. */
const mostShown = 100;

type Handler = (options: ControlOptions, body: unknown, query: URLSearchParams) => unknown;

/** Method and path below `/_emulator` of what answers at once. */
const routes: Readonly<Record<string, Handler>> = {
    "GET /state": (options) => snapshot(options),
    "GET /view": (options, _body, query) => {
        return { apiKey: options.emulator.apiKey, ...view(options, query) };
    },
    "GET /calls": ({ emulator }) => ({ calls: emulator.calls }),
    "GET /deliveries": ({ emulator }) => ({ deliveries: emulator.deliveries }),
    "POST /behaviour": ({ emulator }, body) => {
        // What it really is, is checked there.
        emulator.behave(body as Partial<Behaviour>);
        return { behaviour: emulator.behaviour };
    },
    "POST /faults": ({ emulator }, body) => {
        emulator.inject(body as Fault);
        return { injected: true };
    },
    "DELETE /faults": ({ emulator }) => {
        emulator.clearFaults();
        return { cleared: true };
    },
    "POST /videos/finish": async ({ emulator }, body) => {
        const { operationId = emulator.submitVideo(), outcome } = parse(finishSchema, body);
        return { operationId, deliveries: await emulator.finishVideo(operationId, outcome) };
    },
    "POST /deliveries/redeliver": async ({ emulator }, body) => {
        const { id } = parse(redeliverSchema, body);
        return { delivery: await emulator.redeliver(id) };
    },
    "POST /reset": ({ emulator }) => {
        emulator.reset();
        return { reset: true };
    },
};

const finishSchema = v.strictObject({
    /** Without it, a new video is asked for. */
    operationId: v.optional(v.string()),
    outcome: v.picklist(outcomes),
});

const redeliverSchema = v.strictObject({
    /** Of the delivery. */
    id: v.string(),
});

/**
 * The control endpoints, for the page and for tests in other processes, below `/_emulator`. Whether the request may use
 * them has been checked before.
 */
export async function handleControl(
    request: IncomingMessage,
    response: ServerResponse,
    options: ControlOptions,
): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://emulator");
    const name = `${request.method} ${pathname.slice("/_emulator".length)}`;
    if (name === "GET /live") return sendChanges(response, options.changes);
    const secretOf = /^GET \/webhooks\/([^/]+)\/secret$/.exec(name)?.[1];
    if (secretOf !== undefined) {
        const webhook = options.webhooks.find(decode(secretOf));
        if (webhook === undefined) return sendJson(response, 404, { error: "There is no such webhook." });
        return sendJson(response, 200, { secret: webhook.secret });
    }
    const handler = Object.hasOwn(routes, name) ? routes[name] : undefined;
    if (handler === undefined) return sendJson(response, 404, { error: "There is no such control endpoint." });
    const body = await readBody(request);
    if (body.problem !== undefined) {
        return sendJson(response, 400, { error: `The body is not usable: ${body.problem}.` });
    }
    try {
        sendJson(response, 200, await handler(options, body.json, searchParams));
    } catch (error) {
        if (!(error instanceof EmulatorError)) throw error;
        sendJson(response, 400, { error: error.message });
    }
}

function decode(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

/** For tests in other processes: no secret is in it. */
function snapshot({ emulator, webhooks, calls, deliveries }: ControlOptions): object {
    const last = <Entry>(entries: readonly Entry[]): Entry[] => entries.slice(0, mostShown).reverse();
    return {
        url: emulator.url,
        baseUrl: emulator.baseUrl,
        apiKey: emulator.apiKey,
        behaviour: emulator.behaviour,
        webhooks: webhooks.all.map((webhook) => ({ ...webhook, secret: maskedSecret })),
        videos: emulator.videos.slice(-mostShown),
        calls: last(calls.newestFirst()),
        deliveries: last(deliveries.newestFirst()),
    };
}

function parse<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
    const result = v.safeParse(schema, body);
    if (!result.success) throw new EmulatorError(`The body is not usable: ${describeIssue(result.issues[0])}`);
    return result.output;
}
