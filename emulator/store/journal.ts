/** Enough for any test; a bound, because an emulator may run for weeks. */
const mostEntries = 10_000;

/** Since when a journal has been kept: since the start, or since it was cleared. */
export interface Beginning {
    readonly at: number;
    readonly cleared: boolean;
}

/** A list of what happened, the oldest first, that can be waited for. */
export class Journal<Entry extends object> {
    #entries: Entry[] = [];
    readonly #waiting = new Set<() => void>();
    readonly #changed: () => void;
    readonly #now: () => number;
    #beginning: Beginning;

    /**
     * @param changed called after each change
     * @param now the time, in milliseconds since 1970
     */
    constructor(changed: () => void, now: () => number) {
        this.#changed = changed;
        this.#now = now;
        this.#beginning = { at: now(), cleared: false };
    }

    /** Since when it has been kept. */
    get beginning(): Beginning {
        return this.#beginning;
    }

    /** Copies, so that what a caller holds doesn't change under it. */
    get entries(): Entry[] {
        return this.#entries.map((entry) => structuredClone(entry));
    }

    /** The entries themselves, the newest first, for those who only look at them. */
    newestFirst(): readonly Entry[] {
        return this.#entries.toReversed();
    }

    count(predicate: (entry: Entry) => boolean): number {
        return this.#entries.filter(predicate).length;
    }

    /** @returns the entry itself, to be handed to {@link amend} later */
    add(entry: Entry): Entry {
        this.#entries.push(entry);
        if (this.#entries.length > mostEntries) this.#entries.shift();
        this.#announce();
        return entry;
    }

    amend(entry: Entry, change: Partial<Entry>): void {
        Object.assign(entry, change);
        this.#announce();
    }

    /**
     * The first entry that fits, as soon as there is one: among those that are there, and each that is added or
     * amended.
     */
    when(predicate: (entry: Entry) => boolean): Promise<Entry> {
        return new Promise((resolve, reject) => {
            const look = (): void => {
                try {
                    const found = this.#entries.find(predicate);
                    if (found === undefined) return;
                    resolve(structuredClone(found));
                } catch (error) {
                    reject(error);
                }
                this.#waiting.delete(look);
            };
            this.#waiting.add(look);
            look();
        });
    }

    clear(): void {
        this.#entries = [];
        this.#beginning = { at: this.#now(), cleared: true };
        this.#announce();
    }

    #announce(): void {
        for (const look of [...this.#waiting]) look();
        this.#changed();
    }
}
