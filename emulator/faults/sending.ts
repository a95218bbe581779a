import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { brotliCompress, deflate, gzip } from "node:zlib";
import type { Answer } from "../api/answers";
import type { Behaviour } from "../behaviour/behaviour";

/** More than any client should take for an answer of this API. */
const hugeBytes = 64 * 1024 * 1024;

/** An answer on its way: `body` is what is sent of `answer.body`, compressed where the client accepts that. */
export interface Transmission {
    readonly response: ServerResponse;
    readonly answer: Answer;
    readonly body: Buffer;
    /** Ends what takes long. */
    readonly signal: AbortSignal;
}

const compressors = { gzip: promisify(gzip), br: promisify(brotliCompress), deflate: promisify(deflate) };

export async function compress(
    answer: Answer,
    compression: Behaviour["compression"],
    acceptEncoding: string | string[] | undefined,
): Promise<Pick<Transmission, "answer" | "body">> {
    const body = Buffer.from(answer.body);
    if (compression === "none" || answer.body === "" || !String(acceptEncoding).includes(compression)) {
        return { answer, body };
    }
    const headers = { ...answer.headers, "Content-Encoding": compression };
    return { answer: { ...answer, headers }, body: await compressors[compression](body) };
}

/** Resolves when all is sent, or can't be sent any more. */
export async function sendWhole({ response, answer, body }: Transmission): Promise<void> {
    const bodiless = answer.status < 200 || answer.status === 204 || answer.status === 304;
    response.writeHead(answer.status, { ...answer.headers, ...(bodiless ? {} : { "Content-Length": body.length }) });
    await ended(response, bodiless ? Buffer.alloc(0) : body);
}

export async function sendHuge({ response, answer, signal }: Transmission): Promise<void> {
    const { "Content-Encoding": _, ...headers } = answer.headers;
    response.writeHead(answer.status, headers);
    const part = Buffer.alloc(64 * 1024, " ");
    // It begins like an answer that is worth waiting for.
    await written(response, Buffer.from('{"id":"wh_'));
    for (let sent = 0; sent < hugeBytes && !response.destroyed && !signal.aborted; sent += part.length) {
        await written(response, part);
    }
    if (!response.destroyed) await ended(response, Buffer.from('"}'));
}

export async function sendSlowly({ response, answer, body, signal }: Transmission, delayMs: number): Promise<void> {
    response.writeHead(answer.status, { ...answer.headers, "Content-Length": body.length });
    for (let at = 0; at < body.length && !response.destroyed; at++) {
        if (at > 0) await wait(delayMs, undefined, { signal }).catch(() => undefined);
        if (signal.aborted || response.destroyed) return;
        await written(response, body.subarray(at, at + 1));
    }
    if (!response.destroyed) await ended(response, Buffer.alloc(0));
}

/** A reset instead of an orderly end: the client can't know whether anything was done. */
export function resetConnection(response: ServerResponse): void {
    const socket = response.socket;
    // Only a plain TCP socket can be reset.
    if (socket?.constructor === Socket) socket.resetAndDestroy();
    else socket?.destroy();
}

/** Connections that are reset as soon as they are used again. */
const doomed = new WeakSet<Socket>();

export function doomConnection({ socket }: ServerResponse): void {
    if (socket !== null) doomed.add(socket);
}

export function isDoomed({ socket }: IncomingMessage): boolean {
    return doomed.has(socket);
}

/** Resolves when the system has taken the headers, or the connection is gone. */
export function flushHeaders(response: ServerResponse): Promise<void> {
    response.flushHeaders();
    return new Promise((resolve) => {
        if (response.socket === null || response.socket.destroyed) resolve();
        else response.socket.write("", () => resolve());
    });
}

/** Resolves when the system has taken it, or the connection is gone. */
export function written(response: ServerResponse, part: Buffer): Promise<void> {
    return new Promise((resolve) => {
        const done = (): void => {
            response.off("close", done);
            resolve();
        };
        response.once("close", done);
        response.write(part, done);
    });
}

export function ended(response: ServerResponse, part: Buffer): Promise<void> {
    return new Promise((resolve) => {
        response.once("close", resolve).once("finish", resolve);
        response.end(part);
    });
}
