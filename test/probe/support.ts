import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { Clock } from "../../probe";
import { randomFrom } from "../support/random";

/** An HTTP server on a free port, until the test is over. */
export async function serve(listener: RequestListener, path = "/hooks"): Promise<string> {
    const server = createServer(listener);
    onTestFinished(() => {
        server.closeAllConnections();
        server.close();
    });
    return `http://127.0.0.1:${await listen(server)}${path}`;
}

export async function listen(server: Server): Promise<number> {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
}

/** One instance of a receiver, as plain as they come: it accepts what `knows` has. */
export function instance(knows: () => readonly string[], name?: string): RequestListener {
    return ({ headers }, response) => {
        const known = knows().some((secret) => headers.authorization === `Bearer ${secret}`);
        response.writeHead(known ? 200 : 401, name === undefined ? {} : { "Captions-Receiver-Instance": name }).end();
    };
}

/** A balancer that leads each connection to the next of its instances, and does not look inside. */
export async function balance(listeners: readonly RequestListener[]): Promise<string> {
    const ports = await Promise.all(listeners.map(async (listener) => Number(new URL(await serve(listener)).port)));
    const sockets = new Set<Socket>();
    let next = 0;
    const server = createTcpServer((socket) => {
        const onward = connect(ports[next++ % ports.length] ?? 0, "127.0.0.1");
        for (const [from, to] of [
            [socket, onward],
            [onward, socket],
        ] as const) {
            sockets.add(from);
            from.on("error", () => to.destroy()).on("close", () => sockets.delete(from));
            from.pipe(to);
        }
    });
    onTestFinished(() => {
        server.close();
        for (const socket of sockets) {
            socket.destroy();
        }
    });
    return `http://127.0.0.1:${await listen(server)}/hooks`;
}

/**
 * The order of the deliveries in a round, the same in every run: which instance a balancer chooses for which secret
 * must not be a matter of chance.
 */
export function fixedOrder(): () => number {
    return randomFrom(1);
}

export interface FastClock extends Clock {
    /** Milliseconds that were waited for, one for each time. */
    readonly waits: readonly number[];
}

/** A clock on which waiting takes no time. */
export function fastClock(): FastClock {
    let now = 0;
    const waits: number[] = [];
    return {
        waits,
        now: () => now,
        async sleep(milliseconds, signal) {
            signal.throwIfAborted();
            waits.push(milliseconds);
            now += milliseconds;
        },
    };
}
