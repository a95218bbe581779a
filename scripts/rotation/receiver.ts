import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createReceiver, secretsFromText, toNodeListener } from "../../receiver";
import { secretsFromFile } from "../../receiver/node";

/** A service that receives, as a user would write it, which also counts what it was handed. */
export class CountingReceiver {
    /** How often each event was handed on, by the video's operation id. */
    readonly handedOn = new Map<string, number>();
    readonly #server: Server;

    /** @param secretsFile read again whenever it has changed: to write it is to deploy this service's configuration */
    static async start(secretsFile: string): Promise<CountingReceiver> {
        const receiver = new CountingReceiver(secretsFile);
        await once(receiver.#server.listen(0, "127.0.0.1"), "listening");
        return receiver;
    }

    private constructor(readonly secretsFile: string) {
        const receive = createReceiver({
            secrets: secretsFromFile(secretsFile),
            onDelivery: ({ operationId = "" }) => {
                this.handedOn.set(operationId, (this.handedOn.get(operationId) ?? 0) + 1);
            },
        });
        this.#server = createServer(toNodeListener(receive));
    }

    get url(): string {
        return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks/captions`;
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
}
