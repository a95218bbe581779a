import http from "node:http";
import https from "node:https";
import axios, { type AxiosError, type AxiosInstance } from "axios";
import { ConnectionError, TlsError } from "../errors";
import { connectingBy, NoConnection } from "./connecting";
import { proxyFor } from "./proxy";

/** How long this provider waits, and for what. All in milliseconds. */
export interface Limits {
    /** For a connection, with its TLS handshake. */
    readonly connect: number;
    /** For a whole call, from the connection to the last byte of the answer. */
    readonly call: number;
    /** For `/list` to show what has been changed: it may lag. */
    readonly listLag: number;
    /** In all, while the API says 429 or 503 to every call. */
    readonly patience: number;
    /** The first wait before a call is tried again, where the API names none; it doubles from one to the next. */
    readonly backoff: number;
}

export const defaultLimits: Limits = {
    connect: 10_000,
    call: 60_000,
    listLag: 10_000,
    patience: 15 * 60_000,
    backoff: 1_000,
};

export interface HttpAnswer {
    readonly status: number;
    readonly body: string;
    readonly retryAfter: string | undefined;
}

/** Sends one `POST`, and answers whatever the server says. Never tries again. */
export type Transport = (path: string, body: unknown) => Promise<HttpAnswer>;

/** A list of 1,000 webhooks is about 300 KB. */
const mostBytes = 10 * 1024 * 1024;

const loopbackHost = /^(localhost|(.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** Whether a host name of a URL stands for this machine. */
export function isLoopback(hostname: string): boolean {
    return loopbackHost.test(hostname);
}

export function createTransport(
    account: { readonly apiKey: string; readonly baseUrl: string },
    limits: Limits,
    mostConnections: number,
): Transport {
    const url = new URL(account.baseUrl);
    // Plain http is only for this machine, where a proxy would read the key.
    const proxy = isLoopback(url.hostname) ? undefined : proxyFor(url, process.env);
    const agents = (keepAlive: boolean) => {
        const options = { keepAlive, maxSockets: mostConnections, scheduling: "lifo" } as const;
        const connecting = { limit: limits.connect, proxy };
        return {
            httpAgent: connectingBy(new http.Agent(options), connecting),
            httpsAgent: connectingBy(new https.Agent(options), connecting),
        };
    };
    const client = axios.create({
        baseURL: account.baseUrl,
        headers: { "x-api-key": account.apiKey, Accept: "application/json", "User-Agent": "pulumi-captions" },
        ...agents(true),
        // axios takes a proxy's refusals for answers of the API, and has no limit on a proxy that hangs.
        proxy: false,
        // A redirect would take the key to another place.
        maxRedirects: 0,
        maxContentLength: mostBytes,
        maxBodyLength: mostBytes,
        responseType: "text",
        transformResponse: (body: unknown) => body,
        validateStatus: () => true,
    });
    return async (path, body) => {
        try {
            return await send(client, path, body, limits);
        } catch (error) {
            // A server that closes kept connections does so again: from here on each call gets one of its own.
            if (error instanceof ConnectionError && error.stale) Object.assign(client.defaults, agents(false));
            throw error;
        }
    };
}

async function send(client: AxiosInstance, path: string, body: unknown, limits: Limits): Promise<HttpAnswer> {
    const signal = AbortSignal.timeout(limits.call);
    try {
        const answer = await client.post<unknown>(path, body, { signal });
        const retryAfter: unknown = answer.headers["retry-after"];
        return {
            status: answer.status,
            body: typeof answer.data === "string" ? answer.data : "",
            retryAfter: typeof retryAfter === "string" ? retryAfter : undefined,
        };
    } catch (error) {
        // An AxiosError carries the request with the API key: nothing of it but its code goes on from here.
        throw connectionError(error as AxiosError, signal.aborted, limits);
    }
}

function connectionError(error: AxiosError, timedOut: boolean, limits: Limits): ConnectionError {
    if (timedOut) return new ConnectionError(`no complete answer within ${limits.call / 1000} s`, "unknown");
    const { cause } = error;
    if (cause instanceof NoConnection) return new (cause.isTls ? TlsError : ConnectionError)(cause.reason, "none");
    if (/maxContentLength/.test(error.message)) {
        return new ConnectionError(`the answer is larger than ${mostBytes / 1024 / 1024} MB`, "unknown");
    }
    const stale = (error.request as { reusedSocket?: boolean } | undefined)?.reusedSocket === true;
    return new ConnectionError(
        `the connection broke before the answer was there (${error.code ?? "unknown"})`,
        "unknown",
        stale,
    );
}
