import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";

const host = "127.0.0.1";
const pauseMs = 200;

/** After this, a server that is still not there has probably another port. */
const defaultPatienceMs = 15_000;

/**
 * Whether nothing listens on a port of this machine: neither where the emulator delivers to, nor where a tunnel to
 * `localhost` may.
 */
export async function isFree(port: number): Promise<boolean> {
    const taken = await Promise.all([isListening(port), isListening(port, "::1")]);
    return !taken.includes(true);
}

/** Whether anything listens on a port of this machine. */
export function isListening(port: number, address = host): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = connect(port, address);
        const end = (answer: boolean) => (): void => {
            socket.destroy();
            resolve(answer);
        };
        socket.once("connect", end(true)).once("error", end(false));
    });
}

/** Tells when the receiver can be reached, and once if that takes long. */
export async function tellWhenListening(
    port: number,
    tell: (line: string) => void,
    signal: AbortSignal,
    patienceMs = defaultPatienceMs,
): Promise<void> {
    const since = Date.now();
    let hasWarned = false;
    while (!signal.aborted) {
        if (await isListening(port)) {
            tell(`the receiver listens on port ${port}`);
            return;
        }
        if (!hasWarned && Date.now() - since > patienceMs) {
            hasWarned = true;
            tell(
                `nothing listens on ${host}:${port} yet, so deliveries fail. The receiver must listen on this address, and on the ` +
                    "port in PORT or that of --port.",
            );
        }
        await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined);
    }
}
