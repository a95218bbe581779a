/**
 * Limits how many calls are under way at once, in the order in which they came, and holds all of them back while the
 * API has asked to wait.
 */
export class Gate {
    readonly #maxWidth: number;
    #width: number;
    #active = 0;
    #opensAt = 0;
    #timer: NodeJS.Timeout | undefined;
    readonly #signal: AbortSignal | undefined;
    #waiting: { readonly enter: () => void; readonly leave: (reason: unknown) => void }[] = [];

    /**
     * @param maxWidth how many calls may be under way at once
     * @param signal turns away all calls that are not under way yet, with its reason
     */
    constructor(maxWidth: number, signal?: AbortSignal) {
        this.#maxWidth = maxWidth;
        this.#width = maxWidth;
        this.#signal = signal;
        signal?.addEventListener("abort", () => this.#turnAway(signal.reason));
    }

    /** Runs `work` when it is its turn. */
    async pass<T>(work: () => Promise<T>): Promise<T> {
        this.#signal?.throwIfAborted();
        await new Promise<void>((enter, leave) => {
            this.#waiting.push({ enter, leave });
            this.#open();
        });
        try {
            return await work();
        } finally {
            this.#active--;
            this.#open();
        }
    }

    /** Whether calls are held back at the moment. */
    get isClosed(): boolean {
        return this.#opensAt > Date.now();
    }

    /**
     * Closes the gate for all calls that are not under way yet.
     *
     * @returns whether that is longer than it was closed already, so that it is worth telling
     */
    close(milliseconds: number): boolean {
        const opensAt = Date.now() + milliseconds;
        // After a rejected call one goes ahead and tells whether the rest may come: eight that are rejected again would
        // only use up the limit.
        this.#width = 1;
        if (opensAt <= this.#opensAt) return false;
        const wasClosed = this.isClosed;
        const longer = opensAt - this.#opensAt > 1_000;
        this.#opensAt = opensAt;
        return !wasClosed || longer;
    }

    /** Tells that a call was let through by the API, so that more may go at once again. */
    widen(): void {
        this.#width = Math.min(this.#maxWidth, this.#width * 2);
        this.#open();
    }

    #open(): void {
        const wait = this.#opensAt - Date.now();
        if (wait > 0) {
            clearTimeout(this.#timer);
            this.#timer = setTimeout(() => this.#open(), wait);
            return;
        }
        while (this.#active < this.#width) {
            const next = this.#waiting.shift();
            if (next === undefined) return;
            this.#active++;
            next.enter();
        }
    }

    #turnAway(reason: unknown): void {
        clearTimeout(this.#timer);
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const { leave } of waiting) leave(reason);
    }
}
