import { setTimeout as sleep } from "node:timers/promises";

/** Where a probe takes its time from, so that a test can let an hour pass at once. */
export interface Clock {
    /** Milliseconds since any fixed moment. Never goes backwards. */
    readonly now: () => number;
    /** Waits. Rejects when the signal aborts. */
    readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export const systemClock: Clock = {
    now: () => performance.now(),
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};
