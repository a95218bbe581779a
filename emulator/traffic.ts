import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Counts calls that are under way, and the connections that they come on. */
export class Traffic {
    inFlight = 0;
    maxInFlight = 0;
    connections = 0;
    readonly #known = new WeakSet<Socket>();

    begin(request: IncomingMessage, response: ServerResponse): void {
        if (!this.#known.has(request.socket)) {
            this.#known.add(request.socket);
            this.connections++;
        }
        this.inFlight++;
        this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
        response.once("close", () => {
            this.inFlight--;
        });
    }

    clear(): void {
        this.maxInFlight = this.inFlight;
        this.connections = 0;
    }
}
