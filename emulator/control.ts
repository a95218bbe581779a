import type { IncomingMessage, ServerResponse } from "node:http";
import * as v from "valibot";
import { maskedSecret } from "./answers";
import { type Behaviour, describeIssue } from "./behaviour";
import { EmulatorError } from "./errors";
import type { Fault } from "./faults/fault";
import { readBody } from "./requests";
import type { Parts } from "./server";

/** How many calls and deliveries the page shows. */
const mostShown = 100;

/** How long changes are gathered before the page is told, in milliseconds: a burst of calls is one message. */
const gatherMs = 50;

type Handler = (parts: Parts, body: unknown) => unknown;

/** Method and path below `/_emulator` of what answers at once. */
const routes: Readonly<Record<string, Handler>> = {
    "GET /state": (parts) => snapshot(parts),
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
    "POST /reset": ({ emulator }) => {
        emulator.reset();
        return { reset: true };
    },
};

const finishSchema = v.strictObject({
    /** Without it, a new video is asked for. */
    operationId: v.optional(v.string()),
    outcome: v.picklist(["success", "failure"]),
});

/**
 * The control endpoint, for the page and for tests in other processes: what can be done with an emulator by HTTP, below
 * `/_emulator`. `isFromHere` has let the request through already.
 */
export async function handleControl(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
    const { emulator } = parts;
    const path = (request.url ?? "").split("?", 1)[0]?.slice("/_emulator".length) ?? "";
    const name = `${request.method} ${path}`;
    if (name === "GET /live") return live(response, parts);
    const secretOf = /^GET \/webhooks\/([^/]+)\/secret$/.exec(name)?.[1];
    if (secretOf !== undefined) {
        const webhook = emulator.webhooks.find(({ id }) => encodeURIComponent(id) === secretOf);
        if (webhook === undefined) return sendJson(response, 404, { error: "There is no such webhook." });
        return sendJson(response, 200, { secret: webhook.secret });
    }
    const handler = Object.hasOwn(routes, name) ? routes[name] : undefined;
    if (handler === undefined) return sendJson(response, 404, { error: "There is no such control." });
    const body = await readBody(request);
    if (body.problem !== undefined)
        return sendJson(response, 400, { error: `The body is not usable: ${body.problem}.` });
    try {
        sendJson(response, 200, await handler(parts, body.json));
    } catch (error) {
        if (!(error instanceof EmulatorError)) throw error;
        sendJson(response, 400, { error: error.message });
    }
}

/** What the page shows: no secret is in it. */
function snapshot({ emulator, webhooks }: Parts): object {
    return {
        url: emulator.url,
        baseUrl: emulator.baseUrl,
        apiKey: emulator.apiKey,
        behaviour: emulator.behaviour,
        webhooks: webhooks.all.map((webhook) => ({ ...webhook, secret: maskedSecret })),
        videos: emulator.videos,
        calls: emulator.calls.slice(-mostShown),
        deliveries: emulator.deliveries.slice(-mostShown),
    };
}

/** Sends the state now and after each change, as Server-Sent Events. */
function live(response: ServerResponse, parts: Parts): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    const tell = (): void => {
        response.write(`data: ${JSON.stringify(snapshot(parts))}\n\n`);
    };
    let timer: NodeJS.Timeout | undefined;
    const forget = parts.emulator.onChange(() => {
        timer ??= setTimeout(() => {
            timer = undefined;
            tell();
        }, gatherMs);
    });
    const end = (): void => {
        clearTimeout(timer);
        forget();
        response.end();
    };
    response.once("close", end);
    parts.signal.addEventListener("abort", end, { once: true });
    tell();
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
    response
        .writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" })
        .end(JSON.stringify(value));
}

function parse<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
    const result = v.safeParse(schema, body);
    if (!result.success) throw new EmulatorError(`The body is not usable: ${describeIssue(result.issues[0])}`);
    return result.output;
}
