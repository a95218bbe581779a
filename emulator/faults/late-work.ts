import { setTimeout as wait } from "node:timers/promises";

/** Work that is done after the client has been answered. */
export class LateWork {
    readonly #pending = new Set<Promise<void>>();
    #cancelling = new AbortController();

    /** Does the work `delayMs` after `answered`, unless it is cancelled before. It has to handle its own errors. */
    schedule(answered: Promise<unknown>, delayMs: number, work: () => void): void {
        const { signal } = this.#cancelling;
        const cancelled = new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => resolve(), { once: true });
        });
        const run = async (): Promise<void> => {
            await Promise.race([answered, cancelled]);
            await wait(delayMs, undefined, { signal });
            work();
        };
        // It rejects when it is cancelled.
        const pending = run()
            .catch(() => undefined)
            .finally(() => this.#pending.delete(pending));
        this.#pending.add(pending);
    }

    /** Resolves as soon as nothing is pending. */
    async settled(): Promise<void> {
        while (this.#pending.size > 0) await Promise.all(this.#pending);
    }

    cancel(): void {
        this.#cancelling.abort();
        this.#cancelling = new AbortController();
    }
}
