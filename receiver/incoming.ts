import type { HeadersLike } from "./authorization.js";
import type { Receiver } from "./receiver.js";

/** What a receiver looks at of a request. */
export interface Incoming {
    readonly method: string | undefined;
    readonly headers: HeadersLike;
    /** Asked once the secret is right. Undefined if something else has read the body, so that none is left. */
    readonly body: () => Body | undefined;
}

/** A request's body: as it is, or what hands its parts on, one after the other, until {@link Take} says false. */
export type Body = Uint8Array | string | ((take: Take) => Promise<void>);

/** Takes a part of a body, and says whether the next one is wanted: at once, or when it is. */
export type Take = (part: Uint8Array) => boolean | Promise<boolean>;

/** What a receiver answers; never with a body. */
export interface Answer {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
}

/** What of a Fetch request a receiver looks at. */
export function incomingOf(request: Request): Incoming {
    const { method, headers } = request;
    const body = (): Body | undefined => {
        if (request.bodyUsed || request.body?.locked) return undefined;
        return request.body === null ? new Uint8Array() : partsOf(request.body);
    };
    return { method, headers, body };
}

function partsOf(stream: ReadableStream<Uint8Array>): Body {
    return async (take) => {
        const reader = stream.getReader();
        for (let part = await reader.read(); part.value !== undefined; part = await reader.read()) {
            if (await take(part.value)) continue;
            // Not waited for: what the sender makes of it does not matter any more.
            reader.cancel().catch(() => undefined);
            return;
        }
    };
}

/**
 * What a receiver does, without the classes of Fetch, which take Node longer to make than all the rest. Never rejects:
 * what goes wrong in making the incoming request, too, is reported to `onError` and answered with 500.
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
