import type { DedupeStore } from "./dedupe.js";

export interface OnceTimes {
    /** For how long a handler may take, in seconds, before its delivery may be handed on again. */
    leaseSeconds: number;
    /** For how long a delivery that was handled is remembered, in seconds. */
    keepSeconds: number;
    /** For how long a repeat waits for what becomes of the one before, in seconds. */
    waitSeconds: number;
}

/** `busy`: another was being handled all the time that this one could wait, so what becomes of it is not known. */
export type OnceOutcome = "handled" | "repeat" | "busy";

/** The store failed, not the handler. */
export class DedupeFailure {
    constructor(readonly error: unknown) {}
}

/**
 * Runs a handler unless it ran with success for the same key before. The key is only kept on success; of two at the same
 * time, the second waits for what becomes of the first.
 *
 * @throws {DedupeFailure} When the store could not say whether the handler ran before.
 * @throws What the handler throws.
 */
export async function once(
    store: DedupeStore,
    key: string,
    times: OnceTimes,
    handle: () => unknown,
    onStoreError: (error: unknown) => void,
): Promise<OnceOutcome> {
    const owner = crypto.randomUUID();
    const claim = await claimed(store, key, owner, times).catch((error: unknown) => {
        throw new DedupeFailure(error);
    });
    if (claim !== "claimed") return claim === "done" ? "repeat" : "busy";

    try {
        await handle();
    } catch (error) {
        // If this fails, the lease ends by itself.
        await quietly(async () => store.release(key, owner), onStoreError);
        throw error;
    }
    // If this fails, the delivery is handled all the same: to have it sent again would hand it on twice.
    await quietly(async () => store.confirm(key, owner, times.keepSeconds), onStoreError);
    return "handled";
}

/** Asks again and again instead of being told: that also works when another process, or another Worker's request, has the claim. */
async function claimed(store: DedupeStore, key: string, owner: string, times: OnceTimes) {
    let left = times.waitSeconds * 1000;
    for (let pause = 20; ; pause = Math.min(2 * pause, 1000)) {
        const claim = await store.claim(key, owner, times.leaseSeconds);
        if (claim !== "busy" || left <= 0) return claim;
        left -= pause;
        await new Promise((resolve) => setTimeout(resolve, pause));
    }
}

async function quietly(work: () => Promise<void>, onError: (error: unknown) => void): Promise<void> {
    await work().catch(onError);
}
