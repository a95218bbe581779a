import type { ServerResponse } from "node:http";
import { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { brotliCompress, deflate, gzip } from "node:zlib";
import { type Answer, changeSecrets } from "./answers";
import type { Behaviour } from "./behaviour";
import type { Fault } from "./faults";

/** More than any client should take for an answer of this API. */
const hugeBytes = 64 * 1024 * 1024;

/** The answer of a fault that happens before the work, or undefined for those that never answer. */
export function answerInstead(fault: Fault): Answer | undefined {
    const status = fault.status;
    switch (fault.kind) {
        case "error-before":
            return faultAnswer(fault, status ?? 500, "Something went wrong, nothing was done.");
        case "rate-limited":
            return faultAnswer(fault, status ?? 429, "Too many calls.");
        case "redirect":
            return { status: status ?? 302, headers: { Location: "/elsewhere" }, body: "" };
        default:
            return undefined;
    }
}

/** The answer after the work, as the fault changes it. `echoed` is what `echo-secrets` repeats. */
export function answerChanged(answer: Answer, fault: Fault, echoed: () => string): Answer {
    switch (fault.kind) {
        case "error-after":
            return faultAnswer(fault, fault.status ?? 500, "Something went wrong after the work was done.");
        case "echo-secrets":
            return faultAnswer(fault, fault.status ?? 500, `${echoed()} and the answer ${answer.body}`);
        case "garbage":
            return { ...answer, body: fault.body ?? '{"id": "wh_' };
        case "wrong-shape":
            return { ...answer, body: fault.body ?? '{"result": [{"ok": 1}], "id": 42}' };
        case "masked-secret":
            return withSecrets(answer, "masked");
        case "empty-secret":
            return withSecrets(answer, "empty");
        case "missing-secret":
            return withSecrets(answer, "missing");
        case "wrong-content-type":
            return { ...answer, headers: { ...answer.headers, "Content-Type": "text/html; charset=utf-8" } };
        default:
            return answer;
    }
}

function withSecrets(answer: Answer, form: Behaviour["secrets"]): Answer {
    // Only what the API answers itself is known to be JSON; an error may be a page.
    if (answer.status !== 200) return answer;
    return { ...answer, body: JSON.stringify(changeSecrets(JSON.parse(answer.body), form)) };
}

function faultAnswer(fault: Fault, status: number, message: string): Answer {
    const retryAfter: Record<string, string> =
        fault.retryAfter === undefined ? {} : { "Retry-After": String(fault.retryAfter) };
    return {
        status,
        headers: { "Content-Type": "application/json", ...retryAfter },
        body: fault.body ?? JSON.stringify({ error: message }),
    };
}

export interface SendOptions {
    readonly compression: Behaviour["compression"];
    readonly acceptEncoding: string;
    /** Ends what takes long. */
    readonly signal: AbortSignal;
}

/** Sends an answer, in the way that the fault asks for. Resolves when all is sent, or can't be sent any more. */
export async function send(
    response: ServerResponse,
    answer: Answer,
    fault: Fault | undefined,
    options: SendOptions,
): Promise<void> {
    const { body, encoding } = await compress(answer.body, options);
    const headers = { ...answer.headers, ...encoding };
    switch (fault?.kind) {
        case "truncated":
            response.writeHead(answer.status, { ...headers, "Content-Length": Math.max(2, body.length) });
            await written(response, body.subarray(0, Math.floor(body.length / 2)));
            resetConnection(response);
            return;
        case "huge":
            response.writeHead(answer.status, answer.headers);
            await sendHuge(response, options.signal);
            return;
        case "slow-body":
            response.writeHead(answer.status, { ...headers, "Content-Length": body.length });
            await sendSlowly(response, body, fault.delayMs ?? 100, options.signal);
            return;
        case "close-after": {
            // Once all is sent, the response has let go of it.
            const { socket } = response;
            response.writeHead(answer.status, {
                ...headers,
                "Content-Length": body.length,
                Connection: "keep-alive",
                "Keep-Alive": "timeout=60",
            });
            await ended(response, body);
            socket?.end();
            return;
        }
        default:
            response.writeHead(answer.status, { ...headers, "Content-Length": body.length });
            await ended(response, body);
    }
}

/** A reset instead of an orderly end: the client can't know whether anything was done. */
export function resetConnection(response: ServerResponse): void {
    const socket = response.socket;
    // Only a plain TCP socket can be reset.
    if (socket?.constructor === Socket) socket.resetAndDestroy();
    else socket?.destroy();
}

async function compress(text: string, { compression, acceptEncoding }: SendOptions) {
    const body = Buffer.from(text);
    const compressors = { gzip: promisify(gzip), br: promisify(brotliCompress), deflate: promisify(deflate) };
    if (compression === "none" || text === "" || !acceptEncoding.includes(compression)) return { body, encoding: {} };
    return { body: await compressors[compression](body), encoding: { "Content-Encoding": compression } };
}

async function sendHuge(response: ServerResponse, signal: AbortSignal): Promise<void> {
    const part = Buffer.alloc(64 * 1024, " ");
    // It begins like an answer that is worth waiting for.
    await written(response, Buffer.from('{"id":"wh_'));
    for (let sent = 0; sent < hugeBytes && !response.destroyed && !signal.aborted; sent += part.length) {
        await written(response, part);
    }
    if (!response.destroyed) await ended(response, Buffer.from('"}'));
}

async function sendSlowly(response: ServerResponse, body: Buffer, delayMs: number, signal: AbortSignal): Promise<void> {
    for (let at = 0; at < body.length && !response.destroyed; at++) {
        if (at > 0) await wait(delayMs, undefined, { signal }).catch(() => undefined);
        if (signal.aborted || response.destroyed) return;
        await written(response, body.subarray(at, at + 1));
    }
    if (!response.destroyed) await ended(response, Buffer.alloc(0));
}

/** Resolves when the system has taken it, or the connection is gone. */
function written(response: ServerResponse, part: Buffer): Promise<void> {
    return new Promise((resolve) => {
        const done = (): void => {
            response.off("close", done);
            resolve();
        };
        response.once("close", done);
        response.write(part, done);
    });
}

function ended(response: ServerResponse, part: Buffer): Promise<void> {
    return new Promise((resolve) => {
        response.once("close", resolve).once("finish", resolve);
        response.end(part);
    });
}
