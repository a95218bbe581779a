import { connect } from "node:net";
import { CallError } from "./errors";

/**
 * Ends a run early: waits stop, reading calls stop, and what was not sent yet is not sent. Changes that are under way
 * come to their end, so that the host can save them.
 */
export class Cancellation {
    readonly #controller = new AbortController();

    get signal(): AbortSignal {
        return this.#controller.signal;
    }

    cancel(): void {
        this.#controller.abort(new CallError("The run was cancelled before this was sent.", "did nothing"));
    }
}

/** Between two looks at an engine whose connection has ended, which it does by itself after a while. */
const pauseMs = 1_000;

/**
 * Calls `onGone` once an engine is gone, also one that was killed: nothing listens at its address any more. Keeps no
 * process alive.
 *
 * @param address the engine's gRPC server, as a plugin gets it as its argument: host and port
 */
export function watchEngine(address: string | undefined, onGone: () => void): void {
    const [, host, port] = /^(?:tcp:\/\/)?([\w.-]+):(\d+)$/.exec(address ?? "") ?? [];
    if (host === undefined) return;
    const look = (): void => {
        let isThere = false;
        const socket = connect(Number(port), host).unref();
        // Whatever it says is of no interest, but must be read for the end to be seen.
        socket.resume();
        socket.on("connect", () => {
            isThere = true;
        });
        socket.on("error", () => undefined);
        socket.on("close", () => {
            if (isThere) setTimeout(look, pauseMs).unref();
            else onGone();
        });
    };
    look();
}
