/** What a number may be. Both ends belong to the range. */
interface NumberRange {
    min: number;
    max: number;
    integer?: boolean;
}

/** The longest time that is taken: ten years. */
const MAX_SECONDS = 315_360_000;

/** The longest wait: a day. `setTimeout` takes no more than 24 of them. */
const MAX_WAIT_SECONDS = 86_400;

/** Each option that is a number, by its name, and what it may be. */
const ranges = {
    keepSeconds: { min: 1, max: MAX_SECONDS },
    leaseSeconds: { min: 1, max: MAX_SECONDS },
    waitSeconds: { min: 0, max: MAX_WAIT_SECONDS },
    maxBytes: { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true },
    maxAgeSeconds: { min: 0, max: MAX_SECONDS },
    minRefetchSeconds: { min: 0, max: MAX_WAIT_SECONDS },
    maxStaleSeconds: { min: 0, max: MAX_SECONDS },
    timeoutSeconds: { min: 0.001, max: MAX_WAIT_SECONDS },
    maxWaiting: { min: 0, max: 1_000_000, integer: true },
    maxEntries: { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true },
} satisfies Record<string, NumberRange>;

/**
 * Checks options when they are given: NaN, for example, is neither more nor less than any limit, and would switch it
 * off.
 *
 * @throws {TypeError} When an option is not of its type, or there is none of its name.
 * @throws {RangeError} When a number is out of its range.
 */
export class OptionsCheck {
    /** What was checked by its name. */
    private readonly known: string[];

    /** @param owner The function that the options are given to, for messages. */
    constructor(
        private readonly owner: string,
        private readonly options: object,
    ) {
        // Not where it is declared: Pulumi's serialization of functions would leave it out.
        this.known = [];
        if (typeof options !== "object" || options === null) {
            throw new TypeError(`${owner}: the options must be an object; got ${shown(options)}.`);
        }
    }

    /** Each number that is given is in its range. */
    numbers(...names: (keyof typeof ranges)[]): this {
        for (const name of names) {
            const { min, max, integer = false }: NumberRange = ranges[name];
            const value = this.given(name);
            if (value === undefined) continue;
            const kind = integer ? "an integer" : "a number";
            const message = `${this.owner}: ${name} must be ${kind} from ${min} to ${max}; got ${shown(value)}.`;
            if (typeof value !== "number") throw new TypeError(message);
            if (!(value >= min && value <= max) || (integer && !Number.isInteger(value))) throw new RangeError(message);
        }
        return this;
    }

    /** Each function that is given is one. */
    functions(...names: string[]): this {
        for (const name of names) {
            this.must(name, "a function", (value) => value === undefined || typeof value === "function");
        }
        return this;
    }

    must(name: string, wanted: string, isRight: (value: unknown) => boolean): this {
        const value = this.given(name);
        if (isRight(value)) return this;
        throw new TypeError(`${this.owner}: ${name} must be ${wanted}; got ${shown(value)}.`);
    }

    /** Nothing else is given: an option with a misspelt name would be without effect. */
    only(...others: string[]): this {
        const known = [...this.known, ...others];
        const stray = Object.entries(this.options).find(
            ([name, value]) => !known.includes(name) && value !== undefined,
        );
        if (stray === undefined) return this;
        throw new TypeError(`${this.owner}: there is no option ${stray[0]}; the options are ${known.join(", ")}.`);
    }

    private given(name: string): unknown {
        this.known.push(name);
        return (this.options as Record<string, unknown>)[name];
    }
}

/** A number as it is. Of anything else only the type: it may be a secret that was given at the wrong place. */
function shown(value: unknown): string {
    if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
    if (value === undefined) return "nothing";
    return Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
}
