import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished } from "vitest";
import { type Behaviour, type Emulator, type EmulatorOptions, startEmulator } from "../../emulator";

export const both = ["creator.success", "creator.failure"];
export const renders = { url: "https://api.example.com/hooks/captions", enabledEvents: both };

/** An emulator that stops with the test. */
export async function start(behaviour: Partial<Behaviour> = {}, options: EmulatorOptions = {}): Promise<Emulator> {
    const emulator = await startEmulator({ behaviour, ...options });
    onTestFinished(() => emulator.stop());
    return emulator;
}

/** Looks again until it is as expected, for longer than a busy machine needs. */
export function eventually<T>(look: () => T) {
    return expect.poll(look, { timeout: 20_000, interval: 20 });
}

export interface Answer {
    readonly status: number;
    readonly headers: Headers;
    readonly text: string;
    /** The body as JSON; undefined if it isn't. */
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
    readonly json: any;
}

/** Calls an endpoint: `"register"` of the webhooks, or a whole URL. */
export async function call(
    emulator: Emulator,
    endpoint: string,
    body?: unknown,
    init: RequestInit & { headers?: Record<string, string> } = {},
): Promise<Answer> {
    const url = endpoint.startsWith("http") ? endpoint : `${emulator.baseUrl}/${endpoint}`;
    const answer = await fetch(url, {
        method: "POST",
        redirect: "manual",
        ...init,
        headers: {
            "x-api-key": emulator.apiKey,
            ...(body === undefined ? {} : { "Content-Type": "application/json" }),
            ...init.headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    let json: unknown;
    try {
        json = JSON.parse(text);
    } catch {}
    return { status: answer.status, headers: answer.headers, text, json };
}

export interface Received {
    readonly method: string | undefined;
    readonly path: string | undefined;
    readonly headers: IncomingHttpHeaders;
    readonly text: string;
}

export interface Receiver {
    readonly url: string;
    readonly received: Received[];
}

/** A receiver of deliveries that stops with the test. Default: it answers 200. */
export async function receive(
    answer: RequestListener = (_request, response) => {
        response.end("thanks");
    },
): Promise<Receiver> {
    const received: Received[] = [];
    const server = createServer((request, response) => {
        const parts: Buffer[] = [];
        request.on("data", (part: Buffer) => parts.push(part));
        request.on("end", () => {
            const { method, url, headers } = request;
            received.push({ method, path: url, headers, text: Buffer.concat(parts).toString() });
            answer(request, response);
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
        server.close();
        server.closeAllConnections();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}
