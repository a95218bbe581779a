import http from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import type { AxiosError, AxiosInstance, AxiosStatic } from "axios";
import { connectingBy, NoConnection } from "./connecting";
import type { Attempt } from "./endings";
import type { Limits } from "./limits";
import { proxyFor } from "./proxy";
import { isLoopback } from "./urls";

/** Sends one `POST`, once, and says what became of it. Never throws, also where `signal` ends it early. */
export type Transport = (path: string, body: unknown, signal?: AbortSignal) => Promise<Attempt>;

/** A list of 1,000 webhooks is about 300 KB. */
const maxResponseBytes = 10 * 1024 * 1024;

/** @param baseUrlName what users call the base URL, for a message on a connection that fails */
export function createTransport(
    account: { readonly apiKey: string; readonly baseUrl: string },
    limits: Limits,
    baseUrlName: string,
): Transport {
    const url = new URL(account.baseUrl);
    // Plain http is only for this machine, where a proxy would read the key.
    const proxy = isLoopback(url.hostname) ? undefined : proxyFor(url, process.env);
    let client: AxiosInstance | undefined;
    return async (path, body, signal) => {
        const abandon = new AbortController();
        const onCancel = () => abandon.abort();
        signal?.addEventListener("abort", onCancel);
        let isConnected = false;
        let timer: NodeJS.Timeout | undefined;
        const connecting = {
            timeoutMs: limits.connectTimeoutMs,
            proxy,
            baseUrlName,
            onConnected: () => {
                isConnected = true;
                timer = setTimeout(() => abandon.abort(), limits.callTimeoutMs);
            },
        };
        try {
            client ??= createClient(account);
            const { data, status, headers } = await client.post<Readable>(path, body, {
                signal: abandon.signal,
                // A connection of its own for each call: on a kept one nobody can tell whether a call that breaks had
                // come.
                httpAgent: connectingBy(new http.Agent({ keepAlive: false }), connecting),
                httpsAgent: connectingBy(new https.Agent({ keepAlive: false }), connecting),
            });
            const header: unknown = headers["retry-after"];
            const retryAfter = typeof header === "string" ? header : undefined;
            return { kind: "response", status, retryAfter, ...(await readBody(data, abandon.signal, limits)) };
        } catch (error) {
            // An AxiosError carries the request with the API key: nothing of it but its code goes on from here.
            return failed(error as AxiosError, isConnected, abandon.signal.aborted, limits);
        } finally {
            clearTimeout(timer);
            signal?.removeEventListener("abort", onCancel);
        }
    };
}

function createClient({ apiKey, baseUrl }: { readonly apiKey: string; readonly baseUrl: string }): AxiosInstance {
    // Loaded at the first call, as most runs make none: 50 of the 70 ms that all of this package takes to load.
    const { default: axios } = require("axios") as { readonly default: AxiosStatic };
    return axios.create({
        baseURL: baseUrl,
        headers: { "x-api-key": apiKey, Accept: "application/json", "User-Agent": "pulumi-captions" },
        // axios takes a proxy's rejections for responses of the API, and has no limit on a proxy that hangs.
        proxy: false,
        // A redirect would take the key to another place.
        maxRedirects: 0,
        maxBodyLength: maxResponseBytes,
        responseType: "stream",
        validateStatus: () => true,
    });
}

/** The whole body, or why there is none. */
async function readBody(
    stream: Readable,
    signal: AbortSignal,
    limits: Limits,
): Promise<{ readonly body: string | undefined; readonly reason?: string }> {
    const chunks: Buffer[] = [];
    let length = 0;
    signal.addEventListener("abort", () => stream.destroy());
    try {
        for await (const chunk of stream as AsyncIterable<Buffer>) {
            chunks.push(chunk);
            length += chunk.length;
            if (length > maxResponseBytes) {
                const reason = `the response is larger than ${maxResponseBytes / 1024 / 1024} MB`;
                return { body: undefined, reason };
            }
        }
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        return { body: undefined, reason: signal.aborted ? tooLate(limits) : `the response was cut off (${code})` };
    }
    // A byte order mark is no part of the text.
    return {
        body: Buffer.concat(chunks)
            .toString("utf8")
            .replace(/^\ufeff/, ""),
    };
}

function failed(error: AxiosError, isConnected: boolean, timedOut: boolean, limits: Limits): Attempt {
    if (timedOut) return { kind: "no response", timedOut, reason: tooLate(limits) };
    const { cause } = error;
    if (cause instanceof NoConnection) return { kind: "no connection", reason: cause.reason, isTls: cause.isTls };
    const code = error.code ?? "unknown";
    if (!isConnected) return { kind: "no connection", reason: `cannot connect (${code})`, isTls: false };
    return { kind: "no response", timedOut, reason: `the connection was closed before a response arrived (${code})` };
}

function tooLate(limits: Limits): string {
    return `no complete response within ${limits.callTimeoutMs / 1000} s`;
}
