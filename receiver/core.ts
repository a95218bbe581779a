import type { Answer, Incoming } from "./incoming.js";
import type { Receiver } from "./receiver.js";

/**
 * What a receiver does, without the classes of Fetch, which take Node longer to make than all the rest. Never rejects:
 * what goes wrong in making the incoming request, too, is told to `onError` and answered with 500.
 */
export type Core = (incoming: () => Incoming, runtime?: unknown) => Promise<Answer>;

/**
 * By the receiver, and not a property of it: a function around a receiver, or a proxy of one, has to be called. Made
 * when it is used, as Pulumi cannot serialize it for a callback function.
 */
let cores: WeakMap<Receiver, Core> | undefined;

export function keepCore(receiver: Receiver, core: Core): void {
    cores ??= new WeakMap();
    cores.set(receiver, core);
}

/** Undefined for a function of the user's. */
export function coreOf(receiver: Receiver): Core | undefined {
    return cores?.get(receiver);
}
