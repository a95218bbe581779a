import type { Endpoint } from "../api/calls";
import { type CheckedFault, checkFault } from "./fault";

/** What a fault is matched with. */
export interface Target {
    readonly endpoint: Endpoint;
    /** The `id` and the `url` in the call's body. */
    readonly webhookId: string | undefined;
    readonly url: string | undefined;
}

/** The faults that are still to happen, in the order in which they were asked for. */
export class FaultQueue {
    #waiting: { fault: CheckedFault; times: number; after: number }[] = [];

    /** @throws {EmulatorError} naming what is not possible about it */
    inject(input: unknown): void {
        const fault = checkFault(input);
        this.#waiting.push({ fault, times: fault.times, after: fault.after });
    }

    /** The fault that happens to this call, if any: a call has at most one. */
    take(target: Target): CheckedFault | undefined {
        for (const waiting of this.#waiting) {
            if (!matches(waiting.fault, target)) continue;
            if (waiting.after > 0) {
                waiting.after--;
                continue;
            }
            waiting.times--;
            if (waiting.times === 0) this.#waiting = this.#waiting.filter((other) => other !== waiting);
            return waiting.fault;
        }
        return undefined;
    }

    clear(): void {
        this.#waiting = [];
    }
}

function matches(fault: CheckedFault, { endpoint, webhookId, url }: Target): boolean {
    return (
        endpoint !== "other" &&
        (fault.endpoint === "any" || fault.endpoint === endpoint) &&
        (fault.webhookId === undefined || fault.webhookId === webhookId) &&
        (fault.url === undefined || sameUrl(fault.url, url))
    );
}

/** However it is spelled: a client may send the normal form of what its user wrote. */
function sameUrl(one: string, other: string | undefined): boolean {
    const normal = (url: string): string => (URL.canParse(url) ? new URL(url).href : url);
    return other !== undefined && normal(one) === normal(other);
}
