import type http from "node:http";
import type { Socket } from "node:net";
import tls from "node:tls";
import { requestTunnel } from "./tunnel";

/*
 * Why this is not left to a library: `https-proxy-agent`, `proxy-agent` and axios' own proxy take a proxy's rejection
 * of a CONNECT for a response of the API, or wait for a proxy that hangs for as long as the operating system does
 * (300 s); and Node.js itself has no limit on the time for a connection with its TLS handshake. A call must not be sent
 * twice because of either.
 */

/** Why there is no connection. Nothing of a call was sent then. */
export class NoConnection extends Error {
    /** @param reason the sentence for the user, without a full stop */
    constructor(
        readonly reason: string,
        readonly isTls = false,
    ) {
        super(reason);
    }
}

export interface Connecting {
    /** How long the connection, with its TLS handshake, may take. */
    readonly timeoutMs: number;
    /** Goes through this proxy with a CONNECT tunnel, so that it sees a host and a port and nothing else. */
    readonly proxy?: URL | undefined;
    /** What users call the base URL, for the messages. */
    readonly baseUrlName: string;
    /** Called when the connection stands, before anything is sent on it. */
    readonly onConnected?: () => void;
}

type Done = (error: Error | null, socket?: Socket) => void;
type ConnectionOptions = tls.ConnectionOptions & { readonly host: string; readonly port: number };

/**
 * Makes an agent hand out only connections that stand, TLS handshake included, and give up on those that don't in time:
 * Node.js has only a limit on idle time. So whatever goes wrong before has certainly sent nothing.
 */
export function connectingBy<A extends http.Agent>(agent: A, connecting: Connecting): A {
    const pool = agent as unknown as { createConnection: (options: ConnectionOptions, done: Done) => undefined };
    const direct = pool.createConnection.bind(pool) as unknown as (options: ConnectionOptions) => Socket;
    pool.createConnection = (options, done) => {
        establish(options, direct, connecting).then(
            (socket) => {
                connecting.onConnected?.();
                done(null, socket);
            },
            (error: Error) => done(error),
        );
    };
    return agent;
}

function establish(
    options: ConnectionOptions,
    direct: (options: ConnectionOptions) => Socket,
    { timeoutMs, proxy, baseUrlName }: Connecting,
): Promise<Socket> {
    return new Promise((resolve, reject) => {
        let abandon: () => void = () => undefined;
        const end = () => clearTimeout(timer);
        const fail = (error: NodeJS.ErrnoException | NoConnection, through?: URL): void => {
            end();
            abandon();
            reject(error instanceof NoConnection ? error : whyNot(error, through, baseUrlName));
        };
        const timer = setTimeout(() => {
            const advice = proxy === undefined ? `. Check ${baseUrlName}` : ` through ${nameOf(proxy)}`;
            fail(new NoConnection(`no connection within ${timeoutMs / 1000} s${advice}`));
        }, timeoutMs);
        const awaitReady = (socket: Socket): void => {
            abandon = () => socket.destroy();
            socket.once(socket instanceof tls.TLSSocket ? "secureConnect" : "connect", () => {
                end();
                resolve(socket);
            });
            socket.once("close", () => fail(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
            // Stays, as nobody else listens until the socket has found its request.
            socket.on("error", (error) => fail(error));
        };
        if (proxy === undefined) {
            awaitReady(direct(options));
            return;
        }
        const request = requestTunnel(proxy, options.host, options.port);
        abandon = () => request.destroy();
        request.on("error", (error) => fail(error, proxy));
        request.once("connect", ({ statusCode = 0 }, socket) => {
            abandon = () => socket.destroy();
            if (statusCode < 200 || statusCode > 299) fail(refusal(proxy, statusCode));
            else awaitReady(tls.connect({ ...options, socket }));
        });
        request.end();
    });
}

function refusal(proxy: URL, status: number): NoConnection {
    // 401 is what tinyproxy says.
    const advice =
        status === 407 || status === 401
            ? "If it requires a user name and a password, put them into the URL: http://user:password@host:port"
            : "Check that it allows connections to the API";
    return new NoConnection(`${nameOf(proxy)} did not connect to the API (status ${status}). ${advice}`);
}

function whyNot(error: NodeJS.ErrnoException, proxy: URL | undefined, baseUrlName: string): NoConnection {
    const code = error.code ?? "unknown";
    if (proxy !== undefined) return new NoConnection(`cannot connect to ${nameOf(proxy)} (${code})`);
    if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
        return new NoConnection(
            `the server's certificate is not valid now (${code}). Check this machine's clock`,
            true,
        );
    }
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
        return new NoConnection(`the server's certificate is for another host (${code}). Check ${baseUrlName}`, true);
    }
    if (/CERT|UNABLE_TO_/.test(code)) {
        const advice = "For a private certificate authority, set NODE_EXTRA_CA_CERTS";
        return new NoConnection(`the server's certificate is not trusted (${code}). ${advice}`, true);
    }
    if (/^(EPROTO|ERR_SSL|ERR_TLS)/.test(code)) {
        return new NoConnection(`the TLS handshake failed (${code}). Check ${baseUrlName}`, true);
    }
    return new NoConnection(`cannot connect (${code}). Check the network and ${baseUrlName}`);
}

/** The proxy for a message, without its credentials. */
function nameOf(proxy: URL): string {
    return `the proxy ${proxy.host} of HTTPS_PROXY`;
}
