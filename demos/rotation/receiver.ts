import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createReceiver, memoryDedupe, type SecretSource, secretsFromText, toNodeListener } from "../../receiver";
import { secretsFromFile } from "../../receiver/node";

/**
 * After how many deliveries with its new secrets an instance counts as ready, as a load balancer's health check would
 * do it.
 */
const deliveriesUntilReady = 12;

/** What the instances of one service share: which deliveries were handled, as in a Redis, and here also the counts. */
export class SharedStore {
    readonly dedupe = memoryDedupe();
    /** How often each event was handed on, by the video's operation id. */
    readonly handedOn = new Map<string, number>();
}

/** A service that receives, as a user would write it, which also counts what it was handed. */
export class CountingReceiver {
    /**
     * When each list of secrets was first seen, in milliseconds since 1970, by the list as a text, the first list
     * first.
     */
    readonly seenAt = new Map<string, number>();
    readonly #server: Server;
    readonly #notReady = new Set<{ left: number; response: ServerResponse }>();

    /** @param secretsFile read again whenever it has changed: to write it is to deploy this service's configuration */
    static async start(secretsFile: string, store = new SharedStore()): Promise<CountingReceiver> {
        const receiver = new CountingReceiver(secretsFile, store);
        await once(receiver.#server.listen(0, "127.0.0.1"), "listening");
        return receiver;
    }

    private constructor(
        readonly secretsFile: string,
        { dedupe, handedOn }: SharedStore,
    ) {
        const listener = toNodeListener(
            createReceiver({
                secrets: this.#observed(secretsFromFile(secretsFile)),
                dedupe,
                onDelivery: ({ operationId = "" }) => {
                    handedOn.set(operationId, (handedOn.get(operationId) ?? 0) + 1);
                },
            }),
        );
        this.#server = createServer((request, response) => this.#answer(request, response, listener));
    }

    get url(): string {
        return `${this.#origin}/hooks/captions`;
    }

    /** Answers as soon as so many deliveries came after the request that this instance counts as ready. */
    get readyUrl(): string {
        return `${this.#origin}/ready`;
    }

    /** What a deployment job does with a stack's output: readable by its owner only, and never half written. */
    deploy(secrets: readonly string[]): void {
        writeFileSync(`${this.secretsFile}.new`, JSON.stringify(secrets), { mode: 0o600 });
        renameSync(`${this.secretsFile}.new`, this.secretsFile);
    }

    /** The secrets that it accepts now. */
    get secrets(): readonly string[] {
        return secretsFromText(readFileSync(this.secretsFile, "utf8"));
    }

    async stop(): Promise<void> {
        this.#server.closeAllConnections();
        await new Promise((closed) => this.#server.close(closed));
    }

    get #origin(): string {
        return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    }

    #observed(source: SecretSource): SecretSource {
        const { seenAt } = this;
        return {
            async *lists() {
                for await (const list of source.lists()) {
                    const text = JSON.stringify(list);
                    if (!seenAt.has(text)) seenAt.set(text, Date.now());
                    yield list;
                }
            },
        };
    }

    #answer(request: IncomingMessage, response: ServerResponse, listener: ReturnType<typeof toNodeListener>): void {
        if (request.url === "/ready") {
            this.#notReady.add({ left: deliveriesUntilReady, response });
            return;
        }
        const waiting = [...this.#notReady];
        response.once("finish", () => {
            for (const one of waiting) {
                one.left--;
                if (one.left === 0 && this.#notReady.delete(one)) one.response.end();
            }
        });
        listener(request, response);
    }
}
