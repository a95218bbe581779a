import { setTimeout as wait } from "node:timers/promises";

/** Work that is done after the client has been answered. */
export class LateWork {
    readonly #pending = new Set<Promise<void>>();
    readonly #cancels = new Set<() => void>();

    /** Does the work `delayMs` after `answered`, unless it is cancelled before. It has to handle its own errors. */
    schedule(answered: Promise<unknown>, delayMs: number, work: () => void): void {
        const cancelling = new AbortController();
        const { signal } = cancelling;
        const cancelled = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        const cancel = (): void => cancelling.abort();
        const run = async (): Promise<void> => {
            await Promise.race([answered, cancelled]);
            await wait(delayMs, undefined, { signal });
            work();
        };
        // It rejects when it is cancelled.
        const pending = run()
            .catch(() => undefined)
            .finally(() => {
                this.#pending.delete(pending);
                this.#cancels.delete(cancel);
            });
        this.#pending.add(pending);
        this.#cancels.add(cancel);
    }

    /** Resolves as soon as nothing is pending. */
    async settled(): Promise<void> {
        while (this.#pending.size > 0) await Promise.all(this.#pending);
    }

    cancel(): void {
        for (const cancel of this.#cancels) cancel();
    }
}
