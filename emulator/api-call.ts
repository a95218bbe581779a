import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { type Answer, echo } from "./answers";
import { type Call, endpointOf, withoutSecrets } from "./calls";
import { courseOf } from "./faults/kinds";
import { readBody } from "./requests";
import { compress, isDoomed, resetConnection } from "./sending";
import type { Parts } from "./server";
import type { Traffic } from "./traffic";

/** Stands for the API's answer where the work is not done before it. */
const promised: Answer = {
    status: 200,
    headers: { "Content-Type": "application/json" },
    body: '{"id":"wh_pending","secret":"whsec_pending"}',
};

/** One call from its arrival to its answer, with what goes wrong in between. */
export async function handleApiCall(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    parts: Parts,
    traffic: Traffic,
): Promise<void> {
    if (isDoomed(request)) return resetConnection(response);
    traffic.begin(request, response);
    const { emulator, api, calls, webhooks, signal } = parts;
    const at = parts.now();
    const endpoint = endpointOf(path);
    const body = await readBody(request);
    const webhookId = textIn(body.json, "id");
    const fault = parts.faults.take({ endpoint, webhookId, url: textIn(body.json, "url") });
    const call = calls.add({
        at,
        endpoint,
        path: String(withoutSecrets(path, emulator.apiKey)),
        ...(body.json === undefined ? {} : { body: withoutSecrets(body.json, emulator.apiKey) }),
        ...(webhookId === undefined ? {} : { webhookId }),
        ...(fault === undefined ? {} : { fault: fault.kind }),
        answered: false,
    });
    const { latencyMs, compression } = emulator.behaviour;
    if (latencyMs > 0) await wait(latencyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || body.problem === "aborted") return;

    const course = courseOf(fault);
    const before = webhooks.all;
    const work = (): Answer => {
        const answer = api.answer({ endpoint, method: request.method ?? "", headers: request.headers, body });
        const id = endpoint === "register" && answer.status === 200 ? textIn(JSON.parse(answer.body), "id") : undefined;
        if (id !== undefined) calls.amend(call, { webhookId: id });
        return answer;
    };
    const answer = course.answer({
        answer: course.work === "before" ? work() : promised,
        // A deleted webhook is in none but the first, a new one in none but the second.
        echoed: () => echo(request.headers, body.json, new Set([...before, ...webhooks.all])),
    });
    response.once("finish", () => calls.amend(call, { answered: true }));
    if (!course.silent) calls.amend(call, { status: answer.status });
    parts.log(describe(call));
    const sent = course.send({
        response,
        ...(await compress(answer, compression, request.headers["accept-encoding"])),
        signal,
    });
    if (typeof course.work === "object") {
        const { afterMs } = course.work;
        parts.lateWork.schedule(sent, afterMs, () => {
            const { status } = work();
            parts.log(`${endpoint.padEnd(9)} done late: ${status}`);
        });
    }
    await sent;
}

function textIn(json: unknown, name: "id" | "url"): string | undefined {
    const value = typeof json === "object" && json !== null ? (json as Record<string, unknown>)[name] : undefined;
    return typeof value === "string" ? value : undefined;
}

function describe({ endpoint, status, webhookId, fault }: Call): string {
    const words = [endpoint.padEnd(9), status ?? "no answer", webhookId, fault && `(fault: ${fault})`];
    return words.filter((word) => word !== undefined).join(" ");
}
