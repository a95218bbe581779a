import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { requestTunnel, withoutBrackets } from "./provider";

/** There is no connection to the receiver, so nothing was sent. */
export class NoConnection extends Error {
    constructor(
        readonly outcome: "no-connection" | "untrusted" | "proxy",
        readonly detail: { readonly code?: string; readonly status?: number },
    ) {
        super(outcome);
    }
}

/**
 * Opens a connection of its own to the host of a URL, TLS handshake included. A kept connection would lead to the same
 * instance behind a load balancer each time.
 *
 * @param proxy leads there by a CONNECT tunnel, so that it never sees the secret
 * @throws NoConnection, or whatever `signal` aborts with
 */
export async function connect(url: URL, proxy: URL | undefined, signal: AbortSignal): Promise<Socket> {
    const host = withoutBrackets(url.hostname);
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    const direct = proxy === undefined ? { host, port } : { host, socket: await tunnel(proxy, host, port, signal) };
    if (url.protocol === "https:") {
        const servername = isIP(host) === 0 ? host : "";
        return await ready(connectTls({ ...direct, servername, ALPNProtocols: ["http/1.1"] }), "secureConnect", signal);
    }
    return await ready(connectTcp({ host, port }), "connect", signal);
}

async function ready(socket: Socket, event: "connect" | "secureConnect", signal: AbortSignal): Promise<Socket> {
    // Stays, as a socket without a listener would end the process when its connection breaks.
    socket.on("error", () => undefined);
    try {
        await once(socket, event, { signal });
        return socket;
    } catch (error) {
        socket.destroy();
        signal.throwIfAborted();
        const code = codeOf(error);
        throw new NoConnection(isTls(code) ? "untrusted" : "no-connection", { code });
    }
}

async function tunnel(proxy: URL, host: string, port: number, signal: AbortSignal): Promise<Socket> {
    const request = requestTunnel(proxy, host, port);
    request.on("error", () => undefined).end();
    try {
        const [{ statusCode = 0 }, socket] = (await once(request, "connect", { signal })) as [IncomingMessage, Socket];
        if (statusCode >= 200 && statusCode <= 299) {
            return socket;
        }
        socket.destroy();
        throw new NoConnection("proxy", { status: statusCode });
    } catch (error) {
        request.destroy();
        signal.throwIfAborted();
        throw error instanceof NoConnection ? error : new NoConnection("proxy", { code: codeOf(error) });
    }
}

function isTls(code: string): boolean {
    return /CERT|^ERR_TLS|^ERR_SSL|UNABLE_TO_|^EPROTO/.test(code);
}

/** Only the code of an error goes on: its message may repeat what was sent. */
export function codeOf(error: unknown): string {
    const { code } = (error ?? {}) as { readonly code?: unknown };
    return typeof code === "string" ? code : "unknown";
}
