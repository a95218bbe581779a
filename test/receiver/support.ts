import { once } from "node:events";
import type { RequestListener, Server } from "node:http";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, vi } from "vitest";
import type { AtEnd } from "../support/shared";
import { secret } from "./secret";

// In a file of its own, for processes that have no vitest.
export { secret };

/** A signed URL, as a delivery holds it. It must not turn up anywhere else. */
export const videoUrl = "https://videos.example.com/v1.mp4?signature=5f0c3a";

export function success(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return { url: videoUrl, event: "creator.success", operationId: "op_1", creditsSpent: 12, ...changes };
}

export function post(body: unknown = success(), token = secret): Request {
    return new Request("https://receiver.example.com/hook", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: typeof body === "string" || body instanceof ReadableStream ? body : JSON.stringify(body),
        ...(body instanceof ReadableStream && { duplex: "half" }),
    });
}

/** A body that comes in chunks, with no length declared, and counts how many were asked for. */
export function chunked(chunk: Uint8Array, count: number): { stream: ReadableStream<Uint8Array>; sent: () => number } {
    let sent = 0;
    const stream = new ReadableStream<Uint8Array>(
        {
            pull(controller) {
                if (sent === count) controller.close();
                else {
                    sent++;
                    controller.enqueue(chunk);
                }
            },
        },
        { highWaterMark: 0 },
    );
    return { stream, sent: () => sent };
}

/** Starts a server on a free port until the test ends. */
export async function listen(server: Server | RequestListener, atEnd: AtEnd = onTestFinished): Promise<string> {
    const listening = typeof server === "function" ? createServer(server) : server;
    listening.listen(0, "127.0.0.1");
    await once(listening, "listening");
    atEnd(async () => {
        listening.closeAllConnections();
        await new Promise<void>((resolve) => listening.close(() => resolve()));
    });
    return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

export interface Sent {
    status: number;
    headers: Record<string, string | string[] | undefined>;
    body: string;
}

/** Sends what `fetch` does not let one send: headers twice, methods such as TRACE. */
export async function send(url: string, method: string, headers: string[], body = ""): Promise<Sent> {
    const sending = httpRequest(url, { method, headers: ["host", "receiver.example.com", ...headers] });
    sending.end(body);
    const [answer] = await once(sending, "response");
    let text = "";
    for await (const chunk of answer) text += chunk;
    return { status: answer.statusCode, headers: answer.headers, body: text };
}

/** A promise that is settled from outside. */
export function deferred<T = void>(): {
    promise: Promise<T>;
    resolve: (value: T) => void;
    reject: (e: unknown) => void;
} {
    let resolve: (value: T) => void = () => undefined;
    let reject: (error: unknown) => void = () => undefined;
    const promise = new Promise<T>((yes, no) => {
        resolve = yes;
        reject = no;
    });
    return { promise, resolve, reject };
}

/** Time stands still until the test moves it. */
export function holdTime(): void {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
}

/** Moves the time until the promise is settled. */
export async function passTimeUntil<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => {
        settled = true;
    };
    promise.then(settle, settle);
    while (!settled) {
        await vi.advanceTimersByTimeAsync(100);
        await new Promise((resolve) => setImmediate(resolve));
    }
    return promise;
}
