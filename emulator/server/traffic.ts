import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Counts calls that are under way, and the connections that they come on. */
export class Traffic {
    inFlight = 0;
    maxInFlight = 0;
    connections = 0;
    readonly #known = new WeakSet<Socket>();
    readonly #busy = new Set<Socket>();

    begin(request: IncomingMessage, response: ServerResponse): void {
        const { socket } = request;
        this.#busy.add(socket);
        if (!this.#known.has(socket)) {
            this.#known.add(socket);
            this.connections++;
        }
        this.inFlight++;
        this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
        response.once("close", () => {
            this.inFlight--;
            this.#busy.delete(socket);
        });
    }

    /** Whether a call is under way on the connection. */
    isBusy(socket: Socket): boolean {
        return this.#busy.has(socket);
    }

    clear(): void {
        this.maxInFlight = this.inFlight;
        this.connections = 0;
    }
}
