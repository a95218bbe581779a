/** Tells whoever listens that something has changed, not what. */
export class Changes {
    readonly #listeners = new Set<() => void>();

    /** @returns a function that ends it */
    listen(listener: () => void): () => void {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    }

    announce(): void {
        for (const listener of this.#listeners) listener();
    }
}
