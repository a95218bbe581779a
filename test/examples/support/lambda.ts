import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";

interface Answer {
    readonly statusCode: number;
    readonly headers: Record<string, string>;
    readonly body: string;
}

/**
 * A function URL on this machine: turns requests into the event that Lambda makes of them (payload format 2.0), and
 * hands it to the function, which runs in a process of its own.
 *
 * @returns the URL
 */
export async function startFunctionUrl(script: string, env: Readonly<Record<string, string>>): Promise<string> {
    const host = fork(join(__dirname, "lambda-host.cjs"), [script], {
        execArgv: [],
        env: { PATH: process.env.PATH, ...env },
        stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ended = once(host, "close");
    onTestFinished(async () => {
        host.kill();
        await ended;
    });
    await once(host, "message");
    const waiting = new Map<number, (answer: Answer) => void>();
    host.on("message", ({ id, answer }: { id: number; answer: Answer }) => waiting.get(id)?.(answer));
    let events = 0;

    const server = createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const { method, url = "/", headers } = request;
        const id = ++events;
        const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
        host.send({
            id,
            event: {
                version: "2.0",
                routeKey: "$default",
                rawPath: url,
                rawQueryString: "",
                headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
                requestContext: { http: { method, path: url, protocol: "HTTP/1.1", sourceIp: "203.0.113.7" } },
                // Lambda encodes what it doesn't take for text; either form may come.
                body: Buffer.concat(chunks).toString(id % 2 === 0 ? "utf8" : "base64"),
                isBase64Encoded: id % 2 === 1,
            },
        });
        const answer = await answered;
        response.writeHead(answer.statusCode, answer.headers).end(answer.body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(async () => {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
