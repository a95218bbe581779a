import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { type Answer, echo } from "./answers";
import { type Call, type Endpoint, endpointOf, withoutSecrets } from "./calls";
import type { Fault } from "./faults";
import { readBody } from "./requests";
import { answerChanged, answerInstead, resetConnection, send } from "./sending";
import type { Parts } from "./server";
import type { Traffic } from "./traffic";

/** Connections that are reset as soon as they are used again. */
const doomed = new WeakSet<Socket>();

/** One call from its arrival to its answer, with what goes wrong in between. */
export async function handleApiCall(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    parts: Parts,
    traffic: Traffic,
): Promise<void> {
    if (doomed.has(request.socket)) return resetConnection(response);
    traffic.begin(request, response);
    const { emulator, api, calls, webhooks, signal } = parts;
    const at = Date.now();
    const endpoint = endpointOf(path);
    const body = await readBody(request);
    const fault = parts.faults.take(endpoint);
    const call = calls.add({
        at,
        endpoint,
        path: String(withoutSecrets(path, emulator.apiKey)),
        ...(body.json === undefined ? {} : { body: withoutSecrets(body.json, emulator.apiKey) }),
        ...withWebhookId(idIn(body.json)),
        ...(fault === undefined ? {} : { fault: fault.kind }),
        answered: false,
    });
    const { latencyMs } = emulator.behaviour;
    if (latencyMs > 0) await wait(latencyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || body.problem === "aborted") return;

    const respond = async (answer: Answer): Promise<void> => {
        response.once("finish", () => {
            if (fault?.kind !== "truncated") calls.amend(call, { answered: true });
        });
        calls.amend(call, { status: answer.status });
        parts.log(describe(call, fault));
        const { compression } = emulator.behaviour;
        const acceptEncoding = String(request.headers["accept-encoding"] ?? "");
        await send(response, answer, fault, { compression, acceptEncoding, signal });
    };
    const giveUp = (hang: boolean): void => {
        parts.log(describe(call, fault));
        if (!hang) resetConnection(response);
    };

    if (fault?.kind === "lost-request" || fault?.kind === "hang") return giveUp(fault.kind === "hang");
    const instead = fault && answerInstead(fault);
    if (instead !== undefined) return respond(instead);
    const before = webhooks.all;
    const answer = api.answer({ endpoint, method: request.method ?? "", headers: request.headers, body });
    if (endpoint === "register")
        calls.amend(call, withWebhookId(answer.status === 200 ? idIn(JSON.parse(answer.body)) : undefined));
    if (fault === undefined) return respond(answer);
    if (fault.kind === "lost-answer" || fault.kind === "hang-after") return giveUp(fault.kind === "hang-after");
    if (fault.kind === "close-on-reuse") doomed.add(request.socket);
    // A deleted webhook is in none but the first, a new one in none but the second.
    const echoed = () => echo(request.headers, body.json, new Set([...before, ...webhooks.all]));
    return respond(answerChanged(answer, fault, echoed));
}

function withWebhookId(id: string | undefined): Pick<Call, "webhookId"> {
    return id === undefined ? {} : { webhookId: id };
}

function idIn(json: unknown): string | undefined {
    const id = typeof json === "object" && json !== null && "id" in json ? json.id : undefined;
    return typeof id === "string" ? id : undefined;
}

function describe({ endpoint, status, webhookId }: Call, fault: Fault | undefined): string {
    const words = [
        (endpoint as Endpoint).padEnd(9),
        status ?? "no answer",
        webhookId,
        fault && `(fault: ${fault.kind})`,
    ];
    return words.filter((word) => word !== undefined).join(" ");
}
