import type { DedupeStore } from "./dedupe-store.js";

export interface ClaimTimes {
    /** For how long a handler may take, in seconds, before its delivery may be handed on again. */
    leaseSeconds: number;
    /** For how long a delivery that was handled is remembered, in seconds. */
    keepSeconds: number;
    /** For how long a repeat waits for what becomes of the one before, in seconds. */
    waitSeconds: number;
}

/** A delivery that is the caller's to handle. Neither method rejects. */
export interface ClaimedDelivery {
    /** It was handled: its repeats are not. */
    confirm(): Promise<void>;
    /** It was not handled: the next repeat is. */
    release(): Promise<void>;
}

/** Where there is nothing to tell a repeat by, or nowhere to remember it. */
export const unremembered: ClaimedDelivery = { confirm: async () => undefined, release: async () => undefined };

/**
 * Claims a delivery in the store, so that it is handled once. Of two at the same time, the second waits for what
 * becomes of the first.
 *
 * @returns The claim; `done` for a repeat of what was handled; `busy` if another was being handled all the time that
 * this one could wait, so that what becomes of it is not known.
 * @throws What the store throws when it is asked.
 */
export async function claimDelivery(
    store: DedupeStore,
    key: string,
    times: ClaimTimes,
    onStoreError: (error: unknown) => void,
): Promise<ClaimedDelivery | "done" | "busy"> {
    const owner = crypto.randomUUID();
    const quietly = async (work: () => Promise<void> | void) => {
        await (async () => work())().catch(onStoreError);
    };
    const claim = await claimWithin(store, key, owner, times);
    if (claim !== "claimed") return claim;
    return {
        // If this fails, the delivery is handled all the same: to have it sent again would hand it on twice.
        confirm: () => quietly(() => store.confirm(key, owner, times.keepSeconds)),
        // If this fails, the lease ends by itself.
        release: () => quietly(() => store.release(key, owner)),
    };
}

/**
 * Asks again and again instead of being told: that also works when another process, or another Worker's request, has
 * the claim.
 */
async function claimWithin(store: DedupeStore, key: string, owner: string, times: ClaimTimes) {
    // Not by `Date`, which may be set back; and not by the pauses, as the store takes time, too.
    const deadline = performance.now() + times.waitSeconds * 1000;
    for (let pause = 20; ; pause = Math.min(2 * pause, 1000)) {
        const claim = await store.claim(key, owner, times.leaseSeconds);
        const left = deadline - performance.now();
        if (claim !== "busy" || left <= 0) return claim;
        await new Promise((resolve) => setTimeout(resolve, Math.min(pause, left)));
    }
}
