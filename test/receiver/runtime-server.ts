// A receiver behind the server of whichever runtime this runs in. runtimes.test.ts starts it, and sends requests to it.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cachedSecrets, createReceiver, secretsFromText, toNodeListener } from "../../receiver";

/** What is used of Deno and Bun, whose types Node does not have. */
declare const Deno: {
    serve(
        options: { port: number; hostname: string; onListen(address: { port: number }): void },
        handler: (request: Request, info: { remoteAddr: object }) => Promise<Response>,
    ): unknown;
};
declare const Bun: {
    serve(options: {
        port: number;
        hostname: string;
        fetch: (request: Request, server: { requestIP: unknown }) => Promise<Response>;
    }): { port: number };
};

const receiver = createReceiver({
    secrets: cachedSecrets(async () => secretsFromText('["new", "whsec_2f9a41c07b"]'), { minRefetchSeconds: 0 }),
    maxBytes: 100_000,
    waitSeconds: 10,
    instance: "one",
    onError: (error, { step }) => tell({ step, error: String(error) }),
    onDelivery: async (delivery, { secretIndex, waitUntil }) => {
        if (delivery.operationId === "fails") throw new Error("no");
        const handOn = async () => tell({ secretIndex, operationId: delivery.operationId });
        if (delivery.operationId === "later") {
            waitUntil(new Promise((resolve) => setTimeout(resolve, 100)).then(handOn));
        } else await handOn();
    },
});

function tell(what: object): void {
    console.log(JSON.stringify(what));
}

const hostname = "127.0.0.1";
const listening = ({ port }: { port: number }) => tell({ url: `http://${hostname}:${port}/` });
if (process.argv.includes("node:http")) {
    const server = createServer(toNodeListener(receiver));
    server.listen(0, hostname, () => listening(server.address() as AddressInfo));
} else if ("Deno" in globalThis) Deno.serve({ port: 0, hostname, onListen: listening }, receiver);
else listening(Bun.serve({ port: 0, hostname, fetch: receiver }));
