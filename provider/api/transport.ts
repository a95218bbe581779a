import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import axios, { type AxiosError, type AxiosInstance } from "axios";
import { ConnectionError, TlsError } from "../errors";

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

/** Codes of errors that arise before the first byte of a request is on its way. */
const neverSent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ECONNLIMIT"]);

export function createTransport(
    account: { readonly apiKey: string; readonly baseUrl: string },
    limits: Limits,
    mostConnections: number,
): Transport {
    const agents = (keepAlive: boolean) => {
        const options = { keepAlive, maxSockets: mostConnections, scheduling: "lifo" } as const;
        return {
            httpAgent: limitConnecting(new http.Agent(options), "connect", limits.connect),
            httpsAgent: limitConnecting(new https.Agent(options), "secureConnect", limits.connect),
        };
    };
    const local = isLoopback(new URL(account.baseUrl).hostname);
    const client = axios.create({
        baseURL: account.baseUrl,
        headers: { "x-api-key": account.apiKey, Accept: "application/json", "User-Agent": "pulumi-captions" },
        ...agents(true),
        // A proxy gets a CONNECT tunnel for https; plain http is only for this machine, where a proxy would read the key.
        ...(local ? { proxy: false } : {}),
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
    const code = error.code ?? "unknown";
    if (timedOut) return new ConnectionError(`no complete answer within ${limits.call / 1000} s`, "unknown");
    if (code === connectTimeout)
        return new ConnectionError(
            `no connection within ${limits.connect / 1000} s: is captions:baseUrl right?`,
            "none",
        );
    if (neverSent.has(code))
        return new ConnectionError(
            `cannot connect (${code}): is the network there, and captions:baseUrl right?`,
            "none",
        );
    if (isTlsError(code)) {
        return new TlsError(
            `the server's certificate is not trusted (${code}); a private authority is made known by NODE_EXTRA_CA_CERTS`,
            "none",
        );
    }
    if (/maxContentLength/.test(error.message)) {
        return new ConnectionError(`the answer is larger than ${mostBytes / 1024 / 1024} MB`, "unknown");
    }
    const stale = (error.request as { reusedSocket?: boolean } | undefined)?.reusedSocket === true;
    return new ConnectionError(`the connection broke before the answer was there (${code})`, "unknown", stale);
}

function isTlsError(code: string): boolean {
    return /CERT|^ERR_TLS|UNABLE_TO_/.test(code);
}

const connectTimeout = "CAPTIONS_CONNECT_TIMEOUT";

/** Makes an agent give up on connections that are not there in time. Node.js has only a limit on idle time. */
function limitConnecting<A extends http.Agent>(agent: A, ready: "connect" | "secureConnect", limit: number): A {
    const pool = agent as A & { createConnection: (...args: unknown[]) => Socket | undefined };
    const connect = pool.createConnection.bind(pool);
    pool.createConnection = (...args) => {
        const socket = connect(...args);
        if (socket === undefined) return socket;
        const timer = setTimeout(() => {
            socket.destroy(Object.assign(new Error("connect timeout"), { code: connectTimeout }));
        }, limit);
        const stop = () => clearTimeout(timer);
        socket.once(ready, stop);
        socket.once("close", stop);
        return socket;
    };
    return agent;
}
