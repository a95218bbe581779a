import type { Emulator } from "../../emulator";
import type { FlownEvent } from "./tally";

/** How often it looks whether an event is due. */
const tickMs = 10;

/**
 * Beyond so many events whose receivers have not answered yet it waits, so that on a slow machine no delivery takes
 * long.
 */
const mostUnderWay = 25;

/** Events at a steady rate, each delivered by the emulator to every webhook, until it is ended. */
export class Flow {
    /** The events that are over. */
    readonly events: FlownEvent[] = [];
    readonly #emulator: Emulator;
    readonly #underWay = new Set<Promise<unknown>>();
    readonly #waiting = new Set<{ count: number; resolve: () => void }>();
    readonly #timer: NodeJS.Timeout;
    #sent = 0;

    constructor(emulator: Emulator, perSecond: number) {
        this.#emulator = emulator;
        let due = 0;
        this.#timer = setInterval(() => {
            // What could not be sent in time is not made up for: the rate is steady, never a burst.
            due = Math.min(due + (perSecond * tickMs) / 1000, perSecond / 10 + 1);
            for (; due >= 1 && this.#underWay.size < mostUnderWay; due--) this.#send();
        }, tickMs);
    }

    /** How many events there were. */
    get sent(): number {
        return this.#sent;
    }

    /** Resolves when there were so many events. */
    reaches(count: number, signal: AbortSignal): Promise<void> {
        return new Promise((resolve, reject) => {
            signal.throwIfAborted();
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
            this.#waiting.add({ count, resolve });
            this.#tell();
        });
    }

    /** Resolves when every receiver has answered what is on its way now. */
    async settles(): Promise<void> {
        await Promise.all(this.#underWay);
    }

    /** No more events; resolves when every receiver has answered. */
    async end(): Promise<void> {
        clearInterval(this.#timer);
        await Promise.all(this.#underWay);
    }

    #send(): void {
        const operationId = this.#emulator.submitVideo();
        const delivering = this.#emulator.finishVideo(operationId, "success").then((deliveries) => {
            this.events.push({ operationId, deliveries, answeredAt: Date.now() });
        });
        const over = delivering.finally(() => this.#underWay.delete(over));
        this.#underWay.add(over);
        this.#sent++;
        this.#tell();
    }

    #tell(): void {
        for (const waiting of this.#waiting) {
            if (this.#sent < waiting.count) continue;
            this.#waiting.delete(waiting);
            waiting.resolve();
        }
    }
}
