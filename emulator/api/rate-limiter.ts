import type { RateLimit } from "../behaviour/behaviour";

/** Counts calls in a window that slides: `calls` may pass in any `perSeconds`. */
export class RateLimiter {
    #passed: number[] = [];

    /**
     * @returns 0 if the call may pass, else for how long it has to wait, in milliseconds; a rejected call doesn't count
     */
    pass(limit: RateLimit | null, now: number): number {
        if (limit === null) return 0;
        this.#passed = this.#passed.filter((at) => at > now - limit.perSeconds * 1000);
        const free = this.#passed.at(-limit.calls);
        if (free !== undefined) return free + limit.perSeconds * 1000 - now;
        this.#passed.push(now);
        return 0;
    }

    clear(): void {
        this.#passed = [];
    }
}
