import { InputError } from "./errors";

/** How often a rotating webhook gets a new secret, and for how long the one before stays valid beside it. */
export interface RotationSchedule {
    /** How long a generation is the newest: a whole number of hours, days or weeks, like `"12h"`, `"90d"`, `"13w"`. */
    readonly every: string;
    /**
     * How long the generation before stays registered beside it, of the same form and shorter than `every`. It is
     * counted from the moment at which a period begins, so it must be longer than it takes from one `pulumi up` to the
     * next and for every receiver to take up the new secret after it, together.
     */
    readonly overlap: string;
}

export interface GenerationsOptions extends RotationSchedule {
    /** The time to compute the names for. Default: now. */
    readonly now?: Date;
}

const hour = 3_600_000;
/** Beyond it a year has more than four digits, and names would no longer sort. */
const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const units: Readonly<Record<string, number>> = { h: hour, d: 24 * hour, w: 7 * 24 * hour };

/** Where a list of names has the schedule that it was made by: the same in every copy of this package. */
const scheduleKey: unique symbol = Symbol.for("pulumi-captions.schedule");

/**
 * The names of the generations that are valid at a moment, newest first: one, or two during the overlap. With them a
 * nightly `pulumi up` rotates and retires by itself. The periods are counted from 1970 in UTC, so every machine gives
 * the same names, whatever its time zone. A name is the moment at which its period begins. A {@link RotatingWebhook}
 * that gets this very list knows when the next generation begins, as if `schedule` were set.
 *
 * @throws InputError where `every` or `overlap` is not of this form, the overlap not shorter, or anything else is set
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions";
 *
 * captions.generations({ every: "90d", overlap: "7d", now: new Date("2026-11-24") }); // ["2026-09-04"]
 * captions.generations({ every: "90d", overlap: "7d", now: new Date("2026-09-06") }); // ["2026-09-04", "2026-06-06"]
 * ```
 */
export function generations(options: GenerationsOptions): string[] {
    const { every, overlap, now = new Date() } = options;
    const schedule = { every, overlap };
    const lengths = unknownProperty(options, ["every", "overlap", "now"]) ?? lengthsOf(schedule, "");
    if (typeof lengths === "string") throw new InputError(lengths);
    if (!(now instanceof Date) || Number.isNaN(now.getTime())) throw new InputError("now: is not a date");
    if (now.getTime() < 0 || now.getTime() > latest)
        throw new InputError("now: must be in the years from 1970 to 9999");
    // Neither a comparison of lists nor JSON sees it.
    return Object.defineProperty(namesAt(now, lengths), scheduleKey, { value: schedule });
}

/** The schedule that a list of names was made by, where it comes from {@link generations} as it is. */
export function scheduleOf(names: unknown): RotationSchedule | undefined {
    return Array.isArray(names) ? (names as { readonly [scheduleKey]?: RotationSchedule })[scheduleKey] : undefined;
}

interface Lengths {
    /** How long a generation is the newest, in milliseconds. */
    readonly period: number;
    /** For how much of it the one before stays, in milliseconds. */
    readonly overlap: number;
}

/** The lengths, or what is wrong with them: a sentence that begins with the property's name. */
function lengthsOf({ every, overlap }: RotationSchedule, prefix: string): Lengths | string {
    const period = milliseconds(every);
    if (period === undefined) return `${prefix}every: ${notALength(every)}`;
    const both = milliseconds(overlap);
    if (both === undefined) return `${prefix}overlap: ${notALength(overlap)}`;
    if (both < period) return { period, overlap: both };
    return `${prefix}overlap: "${overlap}" must be shorter than ${prefix}every: "${every}"`;
}

function milliseconds(text: string): number | undefined {
    const [, count, unit] = (typeof text === "string" && /^([1-9]\d{0,4})([hdw])$/.exec(text)) || [];
    const length = units[unit ?? ""];
    return length === undefined ? undefined : Number(count) * length;
}

function notALength(value: unknown): string {
    if (value == null) return 'is required: a length like "12h", "90d" or "13w"';
    // An output of Pulumi's would tell what to do instead of its conversion to a string, at length.
    const given = typeof value === "object" && value !== null ? "an object or an Output" : `"${value}"`;
    return `must be like "12h", "90d" or "13w", not ${given}`;
}

function namesAt(now: Date, { period, overlap }: Lengths): string[] {
    const start = startOf(now, period);
    const starts = now.getTime() - start < overlap ? [start, start - period] : [start];
    return starts.map((time) => nameOf(time, period));
}

function startOf(now: Date, period: number): number {
    return Math.floor(now.getTime() / period) * period;
}

function nameOf(start: number, period: number): string {
    const moment = new Date(start).toISOString();
    return period % (24 * hour) === 0 ? moment.slice(0, 10) : `${moment.slice(0, 13)}Z`;
}

/** The moment at which the period of this name begins; undefined for a name that is not one of such a period. */
function startNamed(name: string, period: number): number | undefined {
    const start = Date.parse(name.replace(/T(\d\d)Z$/, "T$1:00:00Z"));
    return start % period === 0 && nameOf(start, period) === name ? start : undefined;
}

/** When a rotating webhook rotates, ISO 8601 in UTC; undefined where that is not known. */
export interface RotationTimes {
    /** The moment at which its newest generation began. */
    readonly lastRotation: string | undefined;
    /** The moment at which the next one begins. */
    readonly nextRotation: string | undefined;
    /** The moment at which the generation before the newest is to be dropped, where that is registered. */
    readonly overlapEnds: string | undefined;
}

/** What a rotating webhook registers, and when that changes. */
export interface Rotation {
    /** The generations by name, newest first. */
    readonly names: readonly string[];
    readonly times: RotationTimes;
}

/**
 * The rotation that a program asks for, or what is wrong with that: a sentence that begins with the property's name.
 *
 * @param wanted the inputs of a rotating webhook, of whatever type
 * @param adopting the generations that are to adopt a webhook
 */
export function rotationOf(
    { generations: given, schedule }: { readonly generations: unknown; readonly schedule: unknown },
    adopting: readonly string[],
    now = new Date(),
): Rotation | string {
    const lengths = schedule == null ? undefined : scheduledLengths(schedule);
    if (typeof lengths === "string") return lengths;
    const wanted = given ?? (lengths === undefined ? undefined : namesAt(now, lengths));
    // What a schedule has named once goes by itself, and `adopt` has no effect any more: no reason to fail from that
    // day on.
    const wasNamed = (name: string) =>
        given == null &&
        lengths !== undefined &&
        (startNamed(name, lengths.period) ?? Number.POSITIVE_INFINITY) <= now.getTime();
    const problem = generationProblem(
        wanted,
        adopting.filter((name) => !wasNamed(name)),
    );
    if (problem !== undefined) return problem;
    const names = wanted as readonly string[];
    return { names, times: timesOf(names, lengths, now) };
}

function scheduledLengths(schedule: unknown): Lengths | string {
    const prototype = typeof schedule === "object" && Object.getPrototypeOf(schedule);
    if (prototype !== Object.prototype && prototype !== null) {
        return 'schedule: must be a plain object, like { every: "90d", overlap: "7d" }, not an Output';
    }
    const given = schedule as RotationSchedule;
    return unknownProperty(given, ["every", "overlap"], "schedule.") ?? lengthsOf(given, "schedule.");
}

/** By the newest name rather than the clock, so that they are those of what is registered. */
function timesOf([newest = "", ...older]: readonly string[], lengths: Lengths | undefined, now: Date): RotationTimes {
    if (lengths === undefined) return { lastRotation: undefined, nextRotation: undefined, overlapEnds: undefined };
    const { period, overlap } = lengths;
    const began = startNamed(newest, period);
    const iso = (time: number) => new Date(time).toISOString();
    // Another one than the period before is there by hand, and stays until it is taken out.
    const isOverlap = began !== undefined && older.some((name) => startNamed(name, period) === began - period);
    return {
        lastRotation: began === undefined ? undefined : iso(began),
        nextRotation: iso((began ?? startOf(now, period)) + period),
        overlapEnds: isOverlap ? iso(began + overlap) : undefined,
    };
}

/** What each generation takes over from the inputs of the whole, on both fronts. */
export const sharedInputs = ["url", "enabledEvents", "allowDuplicateUrl"] as const;

/** The inputs of a rotating webhook, on both fronts. */
export const rotatingInputs: readonly string[] = [
    ...sharedInputs,
    "generations",
    "schedule",
    "distinctUrls",
    "dropAtOnce",
    "adopt",
];

/** What is set, and is none of the properties that there are: a sentence that begins with its name. */
export function unknownProperty(given: object, known: readonly string[], prefix = ""): string | undefined {
    const stray = Object.entries(given).find(([name, value]) => !known.includes(name) && value != null);
    return stray && `${prefix}${stray[0]}: unknown property; there are ${known.join(", ")}`;
}

/** The type of a rotating webhook, on both fronts. In every user's state, so it stays. */
export const rotatingType = "captions:index:RotatingWebhook";

function generationProblem(generations: unknown, adopting: readonly string[]): string | undefined {
    if (generations == null) return "generations: is required: a plain list of strings; or set schedule instead";
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

/**
 * A URL of its own for a generation. What is no URL is left to the check of the webhook, which has a sentence for it.
 */
export function withGeneration(url: string, generation: string): string {
    if (typeof url !== "string") return url;
    return `${url}${url.includes("?") ? "&" : "?"}generation=${encodeURIComponent(generation)}`;
}
