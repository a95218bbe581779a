import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Gate {
    /** The API, behind the gate. */
    readonly baseUrl: string;
    /** Resolves once a call to register a webhook is being held. */
    readonly holding: Promise<void>;
    /** Lets it through, and all that follow. */
    readonly open: () => void;
}

/** Stands before the API and holds every `/register` until it is opened. */
export async function gateBefore(baseUrl: string): Promise<Gate> {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
        open = resolve;
    });
    let hold = () => {};
    const holding = new Promise<void>((resolve) => {
        hold = resolve;
    });
    const answer = async (request: IncomingMessage, response: ServerResponse) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        if (request.url === "/register") {
            hold();
            await opened;
        }
        const headers = Object.entries(request.headers).filter(([name]) => /^(x-api-key|content-type)$/.test(name));
        const got = await fetch(baseUrl + request.url, {
            method: "POST",
            headers: headers as [string, string][],
            body: Buffer.concat(chunks),
        });
        response.writeHead(got.status, { "content-type": got.headers.get("content-type") ?? "text/plain" });
        response.end(await got.text());
    };
    const server = createServer((request, response) => {
        answer(request, response).catch((error: Error) => response.destroy(error));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(async () => {
        open();
        server.closeAllConnections();
        server.close();
        await once(server, "close");
    });
    return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, holding, open };
}
