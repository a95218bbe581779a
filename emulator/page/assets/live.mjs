import { ask, KeyNeeded } from "./server.mjs";

const retryMs = 1000;

/**
 * Calls `changed` at each change of the emulator, until it asks for a key, which rejects. Not EventSource, which cannot send a key
 * in a header. A tab that nobody sees waits until it is looked at.
 */
export async function watch(changed, told) {
    for (;;) {
        try {
            const answer = await ask("/live");
            told("live");
            const reader = answer.body.getReader();
            for (;;) {
                const { done } = await reader.read();
                if (done) break;
                await visible();
                await changed();
            }
        } catch (error) {
            if (error instanceof KeyNeeded) throw error;
        }
        told("lost");
        await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
}

function visible() {
    if (document.visibilityState === "visible") return Promise.resolve();
    return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}
