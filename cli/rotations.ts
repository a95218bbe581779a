import { isRotatingWebhookType, parseUrn } from "./resources";

/** When a RotatingWebhook with a schedule rotates, ISO 8601 in UTC: its outputs under their own names. */
export interface ScheduledRotation {
    /** The resource's name. */
    readonly resource: string;
    readonly lastRotation?: string;
    readonly nextRotation: string;
    readonly overlapEnds?: string;
}

/** Undefined for any other resource, and for one whose schedule is not known, or was saved by an older version. */
export function scheduledRotation(
    urn: string,
    outputs: Readonly<Record<string, unknown>> | null | undefined,
): ScheduledRotation | undefined {
    const { type, name } = parseUrn(urn);
    const next = moment(outputs?.nextRotation);
    if (!isRotatingWebhookType(type) || next === undefined) {
        return undefined;
    }
    const last = moment(outputs?.lastRotation);
    const ends = moment(outputs?.overlapEnds);
    return {
        resource: name,
        ...(last === undefined ? {} : { lastRotation: last }),
        nextRotation: next,
        ...(ends === undefined ? {} : { overlapEnds: ends }),
    };
}

function moment(value: unknown): string | undefined {
    return typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** In words: `next rotation in 89 days (2027-03-03); the old secret ends 2026-12-10`. */
export function describeRotation({ nextRotation, overlapEnds }: ScheduledRotation, now: number): string {
    const next = Date.parse(nextRotation);
    const rotation =
        next > now
            ? `next rotation in ${distance(now, next)} (${date(next)})`
            : `a rotation is due since ${date(next)}`;
    if (overlapEnds === undefined) {
        return rotation;
    }
    const end = Date.parse(overlapEnds);
    return `${rotation}; the old secret ${end <= now ? "was to end" : "ends"} ${date(end)}`;
}

const hour = 3_600_000;
const day = 24 * hour;

/** From a day on, in days of the calendar (UTC), as one would count them on it. */
function distance(from: number, to: number): string {
    if (to - from < day) {
        return counted(Math.ceil((to - from) / hour), "hour");
    }
    return counted(Math.floor(to / day) - Math.floor(from / day), "day");
}

function counted(count: number, unit: string): string {
    return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** The day, and the time unless that is midnight. */
function date(time: number): string {
    const text = new Date(time).toISOString();
    return time % day === 0 ? text.slice(0, 10) : `${text.slice(0, 16)}Z`;
}
