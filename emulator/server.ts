import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import type { Api } from "./api";
import { handleApiCall } from "./api-call";
import type { Call } from "./calls";
import { handleControl } from "./control";
import type { Emulator } from "./emulator";
import { EmulatorError } from "./errors";
import type { LateWork } from "./faults/late-work";
import type { FaultQueue } from "./faults/queue";
import { isFromAnotherSite, isFromHere } from "./guard";
import type { Journal } from "./journal";
import { sendIcon, sendPage } from "./page";
import { Traffic } from "./traffic";
import type { VideoStore } from "./videos";
import type { WebhookStore } from "./webhooks";

/** What `https.createServer` takes: PEM texts. */
export interface Tls {
    readonly key: string | Buffer;
    readonly cert: string | Buffer;
}

/** What the server is made of. */
export interface Parts {
    readonly emulator: Emulator;
    readonly api: Api;
    readonly faults: FaultQueue;
    readonly lateWork: LateWork;
    readonly calls: Journal<Call>;
    readonly webhooks: WebhookStore;
    readonly videos: VideoStore;
    readonly log: (line: string) => void;
    readonly now: () => number;
    readonly signal: AbortSignal;
}

export interface ListenOptions extends Parts {
    readonly host: string;
    readonly port: number;
    readonly tls: Tls | undefined;
}

/** What becomes of new connections: nothing listens, or they are closed before anything is read, or all is well. */
export type ConnectionMode = "refused" | "dropped" | "accepted";

export interface Listening {
    readonly url: string;
    readonly traffic: Traffic;
    /** What becomes of new connections from now on; those that are open stay so. */
    readonly setMode: (mode: ConnectionMode) => Promise<void>;
    /** Closes the connections on which no API call is under way. */
    readonly closeIdle: () => void;
    readonly close: () => Promise<void>;
}

/** As load balancers do: longer than any client leaves a connection unused between two calls. */
const keepAliveMs = 65_000;

/** An empty video file: the box that says "this is an MP4", and nothing in it. */
const emptyVideo = Buffer.from("0000001c6674797069736f6d0000020069736f6d69736f326d703431", "hex");

/** @throws {EmulatorError} when it can't listen there */
export async function listen(options: ListenOptions): Promise<Listening> {
    const { host, port, tls } = options;
    const traffic = new Traffic();
    const handler = (request: http.IncomingMessage, response: http.ServerResponse): void => {
        handle(request, response, options, traffic).catch((error: unknown) => {
            options.log(`failed    ${error instanceof Error ? error.message : String(error)}`);
            if (!response.headersSent) sendText(response, 500, "The emulator failed; its log says why.");
            else response.destroy();
        });
    };
    const server = tls === undefined ? http.createServer(handler) : https.createServer({ ...tls }, handler);
    server.keepAliveTimeout = keepAliveMs;
    const sockets = new Set<net.Socket>();
    let mode: ConnectionMode = "accepted";
    let changing: Promise<void> = Promise.resolve();
    // Not the HTTP server itself: it would close what is open when it stops to listen.
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
        traffic,
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
            // Else it would listen again after the end.
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

async function handle(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    options: ListenOptions,
    traffic: Traffic,
): Promise<void> {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (isFromAnotherSite(request, options.host)) {
        return sendText(response, 403, "Requests that another web site makes are refused.");
    }
    const forThePerson = path === "/" || path === "/icon.svg" || path.startsWith("/_emulator/");
    if (forThePerson && !isFromHere(request, options.host)) {
        return sendText(response, 403, "The page and the control endpoint answer to a loopback address only.");
    }
    if (path === "/" && request.method === "GET") return sendPage(response);
    if (path === "/icon.svg") return sendIcon(response);
    if (path.startsWith("/_emulator/")) return handleControl(request, response, options);
    if (path.startsWith("/videos/")) return sendVideo(request, response, options.videos);
    return handleApiCall(request, response, path, options, traffic);
}

/** What a delivery's signed URL leads to. */
function sendVideo(request: http.IncomingMessage, response: http.ServerResponse, videos: VideoStore): void {
    const url = new URL(request.url ?? "/", "http://emulator");
    const operationId = url.pathname.replace(/^\/videos\/|\.mp4$/g, "");
    const video = videos.find(operationId);
    if (video === undefined || url.searchParams.get("X-Amz-Signature") !== video.signature) {
        sendText(response, 403, "The signature is missing or wrong.");
        return;
    }
    response.writeHead(200, { "Content-Type": "video/mp4", "Content-Length": emptyVideo.length }).end(emptyVideo);
}

function sendText(response: http.ServerResponse, status: number, text: string): void {
    response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(`${text}\n`);
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
