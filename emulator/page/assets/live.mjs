import { ask, KeyNeeded } from "./server.mjs";

const retryMs = 1000;

/**
 * Calls `changed` at each change of the emulator, until it asks for a key, which rejects. A tab that nobody sees is not
 * connected: browsers allow six connections to a server, and it would be told what it doesn't show.
 */
export async function watch(changed, told) {
    for (;;) {
        if (document.visibilityState !== "visible") await nextVisibilityChange();
        try {
            await follow(changed, told);
        } catch (error) {
            if (error instanceof KeyNeeded) throw error;
        }
        if (document.visibilityState !== "visible") continue;
        told("lost");
        await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
}

/** Until the connection or the tab is gone. Not EventSource, which cannot send a key in a header. */
async function follow(changed, told) {
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    document.addEventListener("visibilitychange", leave);
    try {
        const answer = await ask("/live", { signal: leaving.signal });
        told("live");
        const reader = answer.body.getReader();
        while (!(await reader.read()).done) await changed();
    } finally {
        document.removeEventListener("visibilitychange", leave);
    }
}

function nextVisibilityChange() {
    return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}
