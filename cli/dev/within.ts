import { setTimeout } from "node:timers/promises";

/** Waits for something, but not for longer than this. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
    const waiting = new AbortController();
    const time = setTimeout(milliseconds, undefined, { signal: waiting.signal }).catch(() => undefined);
    await Promise.race([work.catch(() => undefined), time]);
    waiting.abort();
}
