import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { type Answer, echo } from "../api/answers";
import type { Api } from "../api/api";
import { type Call, endpointOf, withoutSecrets } from "../api/calls";
import { readBody } from "../api/requests";
import type { Behaviour } from "../behaviour/behaviour";
import { courseOf } from "../faults/kinds";
import type { LateWork } from "../faults/late-work";
import type { FaultQueue } from "../faults/queue";
import { compress, isDoomed, resetConnection } from "../faults/sending";
import type { Journal } from "../store/journal";
import type { WebhookStore } from "../store/webhooks";
import type { Traffic } from "./traffic";

/** Stands for the API's answer where the work is not done before it. */
const promised: Answer = {
    status: 200,
    headers: { "Content-Type": "application/json" },
    body: '{"id":"wh_pending","secret":"whsec_pending"}',
};

export interface CallHandlerOptions {
    readonly api: Api;
    readonly apiKey: string;
    readonly behaviour: () => Behaviour;
    readonly faults: FaultQueue;
    readonly lateWork: LateWork;
    readonly calls: Journal<Call>;
    readonly webhooks: WebhookStore;
    readonly traffic: Traffic;
    readonly log: (line: string) => void;
    readonly now: () => number;
    /** Ends what takes long. */
    readonly signal: AbortSignal;
}

/** One call from its arrival to its answer, with what goes wrong in between. */
export async function handleCall(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    options: CallHandlerOptions,
): Promise<void> {
    if (isDoomed(request)) return resetConnection(response);
    const { api, apiKey, calls, webhooks, log, signal } = options;
    options.traffic.begin(request, response);
    const at = options.now();
    const endpoint = endpointOf(path);
    const body = await readBody(request);
    const webhookId = textIn(body.json, "id");
    const fault = options.faults.take({ endpoint, webhookId, url: textIn(body.json, "url") });
    const call = calls.add({
        at,
        endpoint,
        path: String(withoutSecrets(path, apiKey)),
        ...(body.json === undefined ? {} : { body: withoutSecrets(body.json, apiKey) }),
        ...(webhookId === undefined ? {} : { webhookId }),
        ...(fault === undefined ? {} : { fault: fault.kind }),
        answered: false,
    });
    const { latencyMs, compression } = options.behaviour();
    if (latencyMs > 0) await wait(latencyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || body.problem === "aborted") return;

    const course = courseOf(fault);
    // One that is deleted is in the account no longer when it is echoed.
    const named = webhookId === undefined ? undefined : webhooks.find(webhookId);
    const work = (): Answer => {
        const answer = api.answer({ endpoint, method: request.method ?? "", headers: request.headers, body });
        const id = endpoint === "register" && answer.status === 200 ? textIn(JSON.parse(answer.body), "id") : undefined;
        if (id !== undefined) calls.amend(call, { webhookId: id });
        return answer;
    };
    const answer = course.answer({
        answer: course.work === "before" ? work() : promised,
        echoed: () => echo(request.headers, body.json, [...(named === undefined ? [] : [named]), ...webhooks.all]),
    });
    response.once("finish", () => calls.amend(call, { answered: true }));
    if (!course.silent) calls.amend(call, { status: answer.status });
    log(describe(call));
    const sent = course.send({
        response,
        ...(await compress(answer, compression, request.headers["accept-encoding"])),
        signal,
    });
    if (typeof course.work === "object") {
        options.lateWork.schedule(sent, course.work.afterMs, () => {
            try {
                log(`${endpoint.padEnd(9)} late work done: ${work().status}`);
            } catch (error) {
                log(
                    `${endpoint.padEnd(9)} late work failed: ${error instanceof Error ? error.message : String(error)}`,
                );
            }
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
