import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import tls from "node:tls";
import { withoutBrackets } from "./proxy";

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
    /** Milliseconds until the connection, with its TLS handshake, must be there. */
    readonly limit: number;
    /** Goes through this proxy with a CONNECT tunnel, so that it sees a host and a port and nothing else. */
    readonly proxy?: URL | undefined;
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
            (socket) => done(null, socket),
            (error: Error) => done(error),
        );
    };
    return agent;
}

function establish(
    options: ConnectionOptions,
    direct: (options: ConnectionOptions) => Socket,
    { limit, proxy }: Connecting,
): Promise<Socket> {
    return new Promise((resolve, reject) => {
        let abandon: () => void = () => undefined;
        const end = () => clearTimeout(timer);
        const fail = (error: NodeJS.ErrnoException | NoConnection, through?: URL): void => {
            end();
            abandon();
            reject(error instanceof NoConnection ? error : whyNot(error, through));
        };
        const timer = setTimeout(() => {
            const way = proxy === undefined ? "is captions:baseUrl right?" : `through ${nameOf(proxy)}`;
            fail(new NoConnection(`no connection within ${limit / 1000} s${proxy === undefined ? ":" : ""} ${way}`));
        }, limit);
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
        const target = `${options.host.includes(":") ? `[${options.host}]` : options.host}:${options.port}`;
        const request = (proxy.protocol === "https:" ? https : http).request({
            host: withoutBrackets(proxy.hostname),
            port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
            method: "CONNECT",
            path: target,
            headers: { Host: target, ...authorization(proxy) },
            agent: false,
        });
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

function authorization({ username, password }: URL): { "Proxy-Authorization"?: string } {
    if (username === "" && password === "") return {};
    const credentials = `${decoded(username)}:${decoded(password)}`;
    return { "Proxy-Authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}

function decoded(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

function refusal(proxy: URL, status: number): NoConnection {
    // 401 is what tinyproxy says.
    const wantsCredentials = status === 407 || status === 401;
    const next = wantsCredentials
        ? "does it want a user name and password, as in http://user:password@host:port"
        : "may it";
    return new NoConnection(`${nameOf(proxy)} did not connect to the API (status ${status}): ${next}?`);
}

function whyNot(error: NodeJS.ErrnoException, proxy: URL | undefined): NoConnection {
    const code = error.code ?? "unknown";
    if (proxy !== undefined) return new NoConnection(`cannot connect to ${nameOf(proxy)} (${code})`);
    if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
        return new NoConnection(
            `the server's certificate is not valid now (${code}): is this machine's clock right?`,
            true,
        );
    }
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
        return new NoConnection(
            `the server's certificate is for another host (${code}): is captions:baseUrl right?`,
            true,
        );
    }
    if (/CERT|UNABLE_TO_/.test(code)) {
        const help = "a private authority is made known by NODE_EXTRA_CA_CERTS";
        return new NoConnection(`the server's certificate is not trusted (${code}); ${help}`, true);
    }
    if (/^(EPROTO|ERR_SSL|ERR_TLS)/.test(code)) {
        return new NoConnection(
            `the server does not speak TLS as it should (${code}): is captions:baseUrl right?`,
            true,
        );
    }
    return new NoConnection(`cannot connect (${code}): is the network there, and captions:baseUrl right?`);
}

/** The proxy for a message, without its credentials. */
function nameOf(proxy: URL): string {
    return `the proxy ${proxy.host} of HTTPS_PROXY`;
}
