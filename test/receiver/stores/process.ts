// One of several processes that receive, with the store that its arguments name. contract.ts starts it.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createReceiver, type DedupeStore, toNodeListener } from "../../../receiver";
import { secret } from "../secret";
import { openDynamo, openIoredis, openNodeRedis, openPostgres } from "./clients";

const [kind = "", place = ""] = process.argv.slice(2);
const open: Record<string, (place: string) => Promise<{ store: DedupeStore }>> = {
    ioredis: openIoredis,
    redis: openNodeRedis,
    postgres: openPostgres,
    dynamodb: openDynamo,
};

async function main(): Promise<void> {
    const opened = await open[kind]?.(place);
    if (opened === undefined) throw new Error(`There is no store ${kind}.`);
    const receiver = createReceiver({
        secrets: secret,
        dedupe: opened.store,
        onDelivery: (delivery) => void process.send?.({ handed: delivery.operationId }),
    });
    const server = createServer(toNodeListener(receiver));
    // Never closes a connection in the moment in which a test uses it again.
    server.keepAliveTimeout = 0;
    server.listen(0, "127.0.0.1", () => {
        process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
    });
}

void main();
