import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** The engine is on this machine: a proxy of the environment is none of its business. */
export const withoutProxy = { "grpc.enable_http_proxy": 0 };

/**
 * Tells the user something at once. The engine shows what a plugin logs, and, unlike for the dynamic provider host, not
 * what it writes to standard error.
 */
export class EngineLog {
    readonly #client: EngineClient | undefined;
    readonly #underWay = new Set<Promise<void>>();

    /** @param address the engine's; without one the lines go to standard error */
    constructor(address: string | undefined) {
        this.#client =
            address === undefined ? undefined : new EngineClient(address, credentials.createInsecure(), withoutProxy);
    }

    /** @param line without secrets */
    readonly notify = (line: string): void => {
        const message = `captions: ${line}`;
        const client = this.#client;
        if (client === undefined) {
            process.stderr.write(`${message}\n`);
            return;
        }
        const request = new LogRequest().setSeverity(LogSeverity.INFO).setMessage(message);
        // An engine that is gone has nobody to tell.
        const sent = new Promise<void>((resolve) => client.log(request, () => resolve()));
        this.#underWay.add(sent);
        void sent.then(() => this.#underWay.delete(sent));
    };

    /** Ends once the engine has all lines: after the response to its last request it listens no longer. */
    async settled(): Promise<void> {
        await Promise.all(this.#underWay);
    }
}
