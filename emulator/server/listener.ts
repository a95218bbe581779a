import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { EmulatorError } from "../errors";
import type { Traffic } from "./traffic";

/** What `https.createServer` takes: PEM texts. */
export interface Tls {
    readonly key: string | Buffer;
    readonly cert: string | Buffer;
}

export interface ListenOptions {
    readonly host: string;
    readonly port: number;
    readonly tls: Tls | undefined;
    readonly traffic: Traffic;
    readonly handle: (request: http.IncomingMessage, response: http.ServerResponse) => void;
}

/** What becomes of new connections: nothing listens, or they are closed before anything is read, or all is well. */
export type ConnectionMode = "refused" | "dropped" | "accepted";

export interface Listening {
    readonly url: string;
    /** What becomes of new connections from now on; those that are open stay so. */
    readonly setMode: (mode: ConnectionMode) => Promise<void>;
    /** Closes the connections on which no API call is under way. */
    readonly closeIdle: () => void;
    readonly close: () => Promise<void>;
}

/** As load balancers do: longer than any client leaves a connection unused between two calls. */
const keepAliveMs = 65_000;

/** @throws {EmulatorError} when it can't listen there */
export async function listen({ host, port, tls, traffic, handle }: ListenOptions): Promise<Listening> {
    const server = tls === undefined ? http.createServer(handle) : https.createServer({ ...tls }, handle);
    server.keepAliveTimeout = keepAliveMs;
    const sockets = new Set<net.Socket>();
    let mode: ConnectionMode = "accepted";
    let changing: Promise<void> = Promise.resolve();
    // Not the HTTP server itself: it would close what is open when it stops listening.
    const front = net.createServer((socket) => {
        if (mode === "dropped") {
            socket.destroy();
            return;
        }
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
        server.emit("connection", socket);
    });
    const { port: boundPort } = await listenOn(front, host, port);
    return {
        url: `${tls === undefined ? "http" : "https"}://${reachableHost(host)}:${boundPort}`,
        setMode: (wanted) => {
            mode = wanted;
            const change = async (): Promise<void> => {
                await changing.catch(() => undefined);
                if (mode === "refused") front.close();
                else if (!front.listening) await listenOn(front, host, boundPort);
            };
            changing = change();
            return changing;
        },
        closeIdle: () => {
            for (const socket of sockets) if (!traffic.isBusy(socket)) socket.destroy();
        },
        close: async () => {
            // Otherwise it would listen again after the end.
            await changing.catch(() => undefined);
            for (const socket of sockets) socket.destroy();
            if (front.listening) await new Promise((resolve) => front.close(resolve));
        },
    };
}

function listenOn(server: net.Server, host: string, port: number): Promise<net.AddressInfo> {
    return new Promise((resolve, reject) => {
        const fail = (error: NodeJS.ErrnoException): void => reject(cannotListen(error, host, port));
        server.once("error", fail).listen(port, host, () => {
            server.off("error", fail);
            resolve(server.address() as net.AddressInfo);
        });
    });
}

/** An address that stands for all of them is none that one can call. */
function reachableHost(host: string): string {
    if (host === "0.0.0.0") return "127.0.0.1";
    if (host === "::") return "[::1]";
    return host.includes(":") ? `[${host}]` : host;
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): EmulatorError {
    const reasons: Record<string, string> = {
        EADDRINUSE: "that port is in use: choose another one, or stop what listens there",
        EACCES: "that port needs more rights: choose one above 1023",
        EADDRNOTAVAIL: "this machine has no such address",
        ENOTFOUND: "that host name is not known",
    };
    const reason = reasons[error.code ?? ""] ?? error.message;
    return new EmulatorError(`The emulator cannot listen on ${host}, port ${port}: ${reason}.`);
}
