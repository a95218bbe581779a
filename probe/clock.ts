import { setTimeout as sleep } from "node:timers/promises";

/** Where a probe takes its time from, so that a test can let an hour pass at once. */
export interface Clock {
    /** Milliseconds since 1970. Never goes backwards. */
    readonly now: () => number;
    /** Waits. Rejects when the signal aborts. */
    readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export const systemClock: Clock = {
    // The system's time may be set back while a process runs.
    now: () => performance.timeOrigin + performance.now(),
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};
