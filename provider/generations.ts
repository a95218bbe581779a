import { InputError } from "./errors";

export interface GenerationsOptions {
    /** How long a generation is the newest: a whole number of hours, days or weeks, like `"12h"`, `"90d"`, `"13w"`. */
    readonly every: string;
    /**
     * How long the generation before stays registered beside it, of the same form and shorter than `every`. It is counted
     * from the moment at which a period begins, so it must be longer than it takes from one `pulumi up` to the next and for
     * every receiver to take up the new secret after it, together.
     */
    readonly overlap: string;
    /** The time to compute the names for. Default: now. */
    readonly now?: Date;
}

const hour = 3_600_000;
/** Beyond it a year has more than four digits, and names would no longer sort. */
const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const units: Readonly<Record<string, number>> = { h: hour, d: 24 * hour, w: 7 * 24 * hour };

/**
 * The names of the generations that are valid at a moment, newest first: one, or two during the overlap. With them a
 * nightly `pulumi up` rotates and retires by itself. The periods are counted from 1970 in UTC, so every machine gives the
 * same names, whatever its time zone. A name is the moment at which its period begins.
 *
 * @throws InputError where `every` or `overlap` is not of this form, or the overlap not shorter
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions";
 *
 * captions.generations({ every: "90d", overlap: "7d", now: new Date("2026-11-24") }); // ["2026-09-04"]
 * captions.generations({ every: "90d", overlap: "7d", now: new Date("2026-09-06") }); // ["2026-09-04", "2026-06-06"]
 * ```
 */
export function generations({ every, overlap, now = new Date() }: GenerationsOptions): string[] {
    const period = milliseconds("every", every);
    const both = milliseconds("overlap", overlap);
    if (both >= period) throw new InputError(`overlap: "${overlap}" must be shorter than every: "${every}"`);
    if (!(now instanceof Date) || Number.isNaN(now.getTime())) throw new InputError("now: is not a date");
    if (now.getTime() < 0 || now.getTime() > latest)
        throw new InputError("now: must be in the years from 1970 to 9999");
    const start = Math.floor(now.getTime() / period) * period;
    const starts = now.getTime() - start < both ? [start, start - period] : [start];
    return starts.map((time) => nameOf(time, period));
}

function milliseconds(name: string, text: string): number {
    const [, count, unit] = /^([1-9]\d{0,4})([hdw])$/.exec(String(text)) ?? [];
    const length = units[unit ?? ""];
    if (length === undefined) throw new InputError(`${name}: must be like "12h", "90d" or "13w", not "${text}"`);
    return Number(count) * length;
}

function nameOf(start: number, period: number): string {
    const moment = new Date(start).toISOString();
    return period % (24 * hour) === 0 ? moment.slice(0, 10) : `${moment.slice(0, 13)}Z`;
}

/** The type of a rotating webhook, on both fronts. In every user's state, so it stays. */
export const rotatingType = "captions:index:RotatingWebhook";

/**
 * What is wrong with the generations of a rotating webhook, a sentence that begins with the property's name.
 *
 * @param adopting the generations that are to adopt a webhook
 */
export function generationProblem(generations: unknown, adopting: readonly string[]): string | undefined {
    if (!Array.isArray(generations)) return "generations: must be a plain list of strings, not an Output";
    if (generations.length === 0) return "generations: is empty; name at least one generation, newest first";
    if (generations.some((generation) => typeof generation !== "string" || !/^[\w.:-]{1,100}$/.test(generation))) {
        return "generations: names are strings of at most 100 letters, digits, '-', '_', '.' and ':'";
    }
    const doubled = generations.find((generation, index) => generations.indexOf(generation) !== index);
    if (doubled !== undefined) return `generations: contains "${doubled}" twice`;
    const stray = adopting.find((generation) => !generations.includes(generation));
    return stray === undefined ? undefined : `adopt: names the generation "${stray}", which is not in generations`;
}

/** A URL of its own for a generation. What is no URL is left to the check of the webhook, which has a sentence for it. */
export function withGeneration(url: string, generation: string): string {
    if (typeof url !== "string") return url;
    return `${url}${url.includes("?") ? "&" : "?"}generation=${encodeURIComponent(generation)}`;
}
