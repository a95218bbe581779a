import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
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

/** Lets the DeliveryCheck of a copied example take seconds: the defaults of minutes are for real deployments. */
export function hurryDeliveryCheck(folder: string): void {
    const path = join(folder, "index.ts");
    const program = readFileSync(path, "utf8");
    const hurried = program.replace(/(DeliveryCheck\("\w+", \{)/, "$1 waitSeconds: 1, steadySeconds: 1,");
    if (hurried === program) throw new Error(`${path} has no DeliveryCheck.`);
    writeFileSync(path, hurried);
}
