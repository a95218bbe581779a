import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { createReceiver, toNodeListener } from "../../../receiver";

export interface Receiver {
    readonly url: string;
    /** How many deliveries it has answered, tests included. */
    readonly requests: () => number;
}

/** A receiver that accepts what is in the list when a delivery comes. */
export async function startReceiver(accepted: () => readonly string[]): Promise<Receiver> {
    let requests = 0;
    const lists = async function* () {
        yield [...accepted()];
    };
    const receive = toNodeListener(createReceiver({ secrets: { lists }, onDelivery: () => undefined }));
    const server = createServer((request, response) => {
        requests++;
        void receive(request, response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(async () => {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/captions`;
    return { url, requests: () => requests };
}
