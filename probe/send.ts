import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { addAbortSignal } from "node:stream";
import { type Answer, answerOf, isSigned } from "./answer";
import { codeOf, connect, NoConnection } from "./connect";

/** An answer, and what it tells of who gave it. */
export interface Sent {
    readonly answer: Answer;
    /** The name that an instance of the receiver gives itself. */
    readonly instance?: string | undefined;
    /** Whether it is certain that the receiver itself answered. */
    readonly signed: boolean;
}

export interface SendLimits {
    readonly timeoutSeconds: number;
    readonly proxy: URL | undefined;
    readonly signal: AbortSignal;
}

/** The response header by which instances are told apart. */
export const instanceHeader = "Captions-Receiver-Instance";

/** A receiver may look for a secret that it does not know for 5 s before it rejects it. */
export const defaultTimeoutSeconds = 20;

/** Enough to see how an HTML document begins. */
const mostBytes = 1024;

/**
 * Delivers once, as Captions does, on a connection of its own. Redirects are not followed, because the secret would be
 * sent along. Nothing is tried again.
 */
export async function send(url: URL, secret: string, body: string | Uint8Array, limits: SendLimits): Promise<Sent> {
    const timeout = AbortSignal.timeout(limits.timeoutSeconds * 1000);
    const signal = AbortSignal.any([timeout, limits.signal]);
    try {
        const socket = await connect(url, limits.proxy, signal);
        return await exchange(socket, url, secret, body, signal);
    } catch (error) {
        limits.signal.throwIfAborted();
        if (error instanceof NoConnection) {
            return { answer: { outcome: error.outcome, ...error.detail }, signed: false };
        }
        const answer: Answer = timeout.aborted ? { outcome: "timeout" } : { outcome: "closed", code: codeOf(error) };
        return { answer, signed: false };
    }
}

async function exchange(
    socket: Socket,
    url: URL,
    secret: string,
    body: string | Uint8Array,
    signal: AbortSignal,
): Promise<Sent> {
    const request = (url.protocol === "https:" ? https : http).request(url, {
        method: "POST",
        headers: {
            "Content-Type": "application/json",
            "Content-Length": Buffer.byteLength(body),
            "User-Agent": "pulumi-captions",
            Authorization: `Bearer ${secret}`,
            Connection: "close",
        },
        createConnection: () => socket,
    });
    request.on("error", () => undefined).end(body);
    try {
        const [response] = (await once(request, "response", { signal })) as [http.IncomingMessage];
        response.on("error", () => undefined);
        const { statusCode = 0, headers } = response;
        const name = headers[instanceHeader.toLowerCase()];
        const instance = typeof name === "string" && name !== "" ? name : undefined;
        const wwwAuthenticate = headers["www-authenticate"] ?? "";
        const isPage = await isDocument(response, signal);
        const seen = { status: statusCode, wwwAuthenticate, isPage, instance };
        return { answer: answerOf(seen), instance, signed: isSigned(seen) };
    } finally {
        request.destroy();
        socket.destroy();
    }
}

/** By how the body begins: frameworks call any text of a handler `text/html`. */
async function isDocument(response: http.IncomingMessage, signal: AbortSignal): Promise<boolean> {
    if (!/html/i.test(response.headers["content-type"] ?? "html")) {
        return false;
    }
    let text = "";
    try {
        for await (const part of addAbortSignal(signal, response)) {
            text += String(part);
            if (text.length >= mostBytes) {
                break;
            }
        }
    } catch {
        // The status is known, and that is enough.
    }
    return /^\s*(<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(!doctype\s+html|html)\b/is.test(text);
}
