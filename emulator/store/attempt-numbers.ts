/** As many as the journal has deliveries. */
const mostCounted = 10_000;

/** Which delivery an attempt is one of. */
export interface Attempted {
    readonly webhookId: string;
    readonly event: string;
    readonly operationId: string;
}

/** Numbers the attempts of each delivery when they begin, so that two at the same moment get different numbers. */
export class AttemptNumbers {
    /** The last number given, the delivery that was tried last at the end. */
    readonly #last = new Map<string, number>();

    /** The number of an attempt that begins now: 1 for the first. */
    next({ webhookId, event, operationId }: Attempted): number {
        const key = JSON.stringify([webhookId, event, operationId]);
        const attempt = (this.#last.get(key) ?? 0) + 1;
        this.#last.delete(key);
        this.#last.set(key, attempt);
        const [oldest] = this.#last.keys();
        if (this.#last.size > mostCounted && oldest !== undefined) {
            this.#last.delete(oldest);
        }
        return attempt;
    }

    clear(): void {
        this.#last.clear();
    }
}
