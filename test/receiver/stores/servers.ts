// The real servers that the stores are tested against.
import type { IncomingMessage, ServerResponse } from "node:http";
import { temporaryFolder } from "../../examples/support/examples";
import { startProgram } from "../../examples/support/processes";
import { findOrInstallRedis, installMoto } from "../../prerequisites";
import { unusedPort } from "../../support/ports";
import type { AtEnd } from "../../support/shared";
import { listen } from "../support";
import { openDynamo } from "./clients";

/** A Redis of its own until the test ends. @returns its URL */
export async function startRedis(): Promise<string> {
    const program = await findOrInstallRedis({ log: () => undefined });
    const port = await unusedPort();
    const settings = { port, bind: "127.0.0.1", save: "", appendonly: "no", dir: temporaryFolder("redis") };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    await startProgram(program, args, /Ready to accept connections/);
    return `redis://127.0.0.1:${port}`;
}

/**
 * A server that hands requests on one after the other. DynamoDB does a conditional write in one step; moto checks the
 * condition and writes in two, and serves several requests at a time.
 */
async function oneAtATime(target: string, atEnd: AtEnd): Promise<string> {
    let before: Promise<unknown> = Promise.resolve();
    const forward = async (request: IncomingMessage, response: ServerResponse) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const { host: _host, connection: _connection, ...headers } = request.headers;
        const turn = before.then(async () => {
            const init = { method: "POST", headers: headers as Record<string, string>, body: Buffer.concat(chunks) };
            const answer = await fetch(target, init);
            return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
        });
        before = turn.catch(() => undefined);
        const { status, body } = await turn;
        response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body);
    };
    return listen((request, response) => void forward(request, response).catch(() => response.destroy()), atEnd);
}

/** DynamoDB as played by moto. @returns its URL */
export async function startDynamo(atEnd: AtEnd): Promise<string> {
    const moto = await installMoto({ log: () => undefined });
    const args = [...moto.args, "-H", "127.0.0.1", "-p", "0"];
    const running = /Running on (http:\/\/127\.0\.0\.1:\d+)/;
    const { match } = await startProgram(moto.command, args, running, { end: "SIGINT", atEnd });
    return oneAtATime(match[1] as string, atEnd);
}

let tables = 0;

/** A table of its own for a store. @returns where it is, as `openDynamo` takes it */
export async function createTable(endpoint: string): Promise<string> {
    const place = `${endpoint}/deliveries-${++tables}`;
    const { client, table, close } = await openDynamo(place);
    await client.createTable({
        TableName: table,
        KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
    });
    await close();
    return place;
}
