import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../provider/errors";
import { generations } from "../../provider/generations";

const hour = 3_600_000;
const day = 24 * hour;
const root = dirname(dirname(__dirname));

const at = (now: string, every = "90d", overlap = "7d") => generations({ every, overlap, now: new Date(now) });

describe("the names of the generations", () => {
    test("are one between the overlaps, and two in them, newest first", () => {
        expect(at("2026-11-24")).toEqual(["2026-09-04"]);
        expect(at("2026-12-03T00:00:00Z")).toEqual(["2026-12-03", "2026-09-04"]);
        expect(at("2026-12-09T23:59:59Z")).toEqual(["2026-12-03", "2026-09-04"]);
        expect(at("2026-12-10T00:00:00Z")).toEqual(["2026-12-03"]);
    });

    test.each([
        ["90d", "7d", 90 * day, 7 * day],
        ["13w", "1w", 91 * day, 7 * day],
        ["12h", "1h", 12 * hour, hour],
        ["1d", "23h", day, 23 * hour],
        ["2w", "36h", 14 * day, 36 * hour],
    ])("change to the millisecond, with every: %s and overlap: %s", (every, overlap, period, both) => {
        const start = 230 * period;
        const names = (time: number) => generations({ every, overlap, now: new Date(time) });
        const [before] = names(start - 1);
        const [name] = names(start);
        expect(names(start - 1)).toHaveLength(1);
        expect(names(start)).toEqual([name, before]);
        expect(name).not.toBe(before);
        expect(names(start + both - 1)).toEqual([name, before]);
        expect(names(start + both)).toEqual([name]);
        expect(names(start + period - 1)).toEqual([name]);
    });

    test("tell the hour only where a period is no whole number of days", () => {
        expect(at("2026-11-24T17:20:00Z", "12h", "1h")).toEqual(["2026-11-24T12Z"]);
        expect(at("2026-11-24T12:20:00Z", "12h", "1h")).toEqual(["2026-11-24T12Z", "2026-11-24T00Z"]);
        expect(at("2026-11-24T12:20:00Z", "48h", "1h")).toEqual(["2026-11-23"]);
    });

    test("go on through leap days, and through the years and centuries that have none", () => {
        expect(at("2028-02-29T12:00:00Z", "1d", "1h")).toEqual(["2028-02-29"]);
        expect(at("2028-03-01T00:30:00Z", "1d", "1h")).toEqual(["2028-03-01", "2028-02-29"]);
        expect(at("2027-03-01T00:30:00Z", "1d", "1h")).toEqual(["2027-03-01", "2027-02-28"]);
        expect(at("2100-03-01T00:30:00Z", "1d", "1h")).toEqual(["2100-03-01", "2100-02-28"]);
        expect(at("2000-03-01T00:30:00Z", "1d", "1h")).toEqual(["2000-03-01", "2000-02-29"]);
    });

    test("over 60 years of nights rotate every 90 days, each time with the one before for 7 nights", () => {
        let rotations = 0;
        let [newest] = at("2026-01-01T03:00:00Z");
        let nightsWithBoth = 0;
        const gaps = new Set<number>();
        const end = Date.parse("2086-01-01T03:00:00Z");
        for (let night = Date.parse("2026-01-02T03:00:00Z"); night < end; night += day) {
            const names = generations({ every: "90d", overlap: "7d", now: new Date(night) });
            if (names[0] !== newest) {
                if (rotations > 0) expect(nightsWithBoth).toBe(7);
                expect(names[1]).toBe(newest);
                gaps.add((Date.parse(names[0] ?? "") - Date.parse(newest ?? "")) / day);
                nightsWithBoth = 0;
                rotations++;
            }
            newest = names[0];
            nightsWithBoth += names.length - 1;
        }
        expect([...gaps]).toEqual([90]);
        expect(rotations).toBe(Math.floor((end - Date.parse("2026-01-02T03:00:00Z")) / (90 * day)));
    });

    test("are the same in every time zone, also in the hours that daylight saving skips or repeats", () => {
        const moments = [
            "2026-03-29T00:59:59.999Z", // Europe/Berlin goes from 2:00 to 3:00 at 1:00 UTC
            "2026-03-29T01:00:00.000Z",
            "2026-10-25T00:59:59.999Z", // and back
            "2026-10-25T01:00:00.000Z",
            "2026-03-08T10:00:00.000Z", // America/Los_Angeles
            "2026-04-04T15:00:00.000Z", // Australia/Lord_Howe, by half an hour
            "2026-12-31T23:30:00.000Z", // another year, east of Greenwich
        ];
        const script = `
            const { generations } = require("./provider/generations.ts");
            const durations = [["90d", "7d"], ["1d", "3h"], ["2h", "1h"]];
            const all = ${JSON.stringify(moments)}.map((now) =>
                durations.map(([every, overlap]) => generations({ every, overlap, now: new Date(now) })));
            console.log(JSON.stringify({ all, offset: new Date("${moments[0]}").getTimezoneOffset() }));
        `;
        const inZone = (TZ: string) =>
            JSON.parse(
                execFileSync(process.execPath, ["--import", "tsx", "-e", script], {
                    cwd: root,
                    env: { ...process.env, TZ },
                    encoding: "utf8",
                }),
            );
        const utc = inZone("UTC");
        const offsets = new Set([utc.offset]);
        for (const zone of ["Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu"]) {
            const there = inZone(zone);
            expect(there.all).toEqual(utc.all);
            offsets.add(there.offset);
        }
        expect(offsets.size).toBe(5);
    });

    test("are those of now, where no moment is given", () => {
        const before = generations({ every: "1d", overlap: "1h", now: new Date() });
        const names = generations({ every: "1d", overlap: "1h" });
        const after = generations({ every: "1d", overlap: "1h", now: new Date() });
        expect([before, after]).toContainEqual(names);
    });
});

describe("what is no duration or no moment", () => {
    test.each(["", "90", "d", "0d", "-1d", "1.5d", "90 d", "90D", "3m", "1y", "1e2d", "٣d", "100000d", "7d\n"])(
        "%j is refused by its name",
        (text) => {
            expect(() => generations({ every: text, overlap: "1h" })).toThrow(InputError);
            expect(() => generations({ every: text, overlap: "1h" })).toThrow(
                /^every: must be like "12h", "90d" or "13w"/,
            );
            expect(() => generations({ every: "90d", overlap: text })).toThrow(/^overlap: must be like/);
        },
    );

    test("an overlap that is not shorter than the period is refused", () => {
        for (const overlap of ["7d", "1w", "168h", "8d"]) {
            expect(() => generations({ every: "7d", overlap })).toThrow(
                /^overlap: ".*" must be shorter than every: "7d"/,
            );
        }
        expect(generations({ every: "7d", overlap: "167h" })).not.toEqual([]);
    });

    test("a moment that is none, or so far away that its name would not sort, is refused", () => {
        for (const now of [
            new Date(Number.NaN),
            new Date("1969-12-31"),
            new Date("+010000-01-01"),
            new Date(8.64e15),
        ]) {
            expect(() => generations({ every: "90d", overlap: "7d", now })).toThrow(/^now: /);
        }
        expect(at("1970-01-01", "1d", "1h")).toEqual(["1970-01-01", "1969-12-31"]);
        expect(at("9999-12-31T12:00:00Z", "1d", "1h")).toEqual(["9999-12-31"]);
    });

    test("what comes from JavaScript is checked as well", () => {
        const wrong = [{}, { every: 90, overlap: "7d" }, { every: "90d", overlap: "7d", now: "2026-11-24" }];
        for (const options of wrong) {
            expect(() => generations(options as unknown as { every: string; overlap: string })).toThrow(InputError);
        }
    });
});

const units = { h: hour, d: day, w: 7 * day };
const length = fc
    .tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom("h", "d", "w"))
    .map(([count, unit]) => ({ text: `${count}${unit}`, ms: count * units[unit as keyof typeof units] }));
/** A period, and an overlap that is shorter. */
const durations = fc
    .tuple(length, length)
    .filter(([every, overlap]) => overlap.ms < every.ms)
    .map(([every, overlap]) => ({ every, overlap }));
const moment = fc.integer({ min: 0, max: Date.parse("2300-01-01") });

describe("whatever the period, the overlap and the moment", () => {
    const namesOf = ({ every, overlap }: { every: { text: string }; overlap: { text: string } }, time: number) =>
        generations({ every: every.text, overlap: overlap.text, now: new Date(time) });

    test("there is exactly one newest, and at most one beside it, which began before it", () => {
        fc.assert(
            fc.property(durations, moment, (given, time) => {
                const names = namesOf(given, time);
                expect([1, 2]).toContain(names.length);
                expect([...names].sort().reverse()).toEqual(names);
                expect(new Set(names).size).toBe(names.length);
            }),
        );
    });

    test("the newest began at the moment that its name tells, no longer ago than the period", () => {
        fc.assert(
            fc.property(durations, moment, (given, time) => {
                const [name = ""] = namesOf(given, time);
                const began = Date.parse(name.replace(/T(\d\d)Z$/, "T$1:00:00Z"));
                expect(began).toBeLessThanOrEqual(time);
                expect(time - began).toBeLessThan(given.every.ms);
                expect(namesOf(given, began)[0]).toBe(name);
            }),
        );
    });

    test("a generation is retired just `overlap` after the next began", () => {
        fc.assert(
            fc.property(durations, moment, (given, time) => {
                const start = Math.floor(time / given.every.ms) * given.every.ms;
                const [name, before] = namesOf(given, start);
                const last = namesOf(given, start + given.overlap.ms - 1);
                expect(last).toEqual([name, before]);
                expect(namesOf(given, start + given.overlap.ms)).toEqual([name]);
            }),
        );
    });

    test("names are unique to a period, sort like the time, and are the same whenever they are asked for", () => {
        fc.assert(
            fc.property(durations, moment, moment, (given, one, other) => {
                const [first = ""] = namesOf(given, one);
                const [second = ""] = namesOf(given, other);
                const period = (time: number) => Math.floor(time / given.every.ms);
                expect(Math.sign(period(one) - period(other))).toBe(Number(first > second) - Number(first < second));
                expect(namesOf(given, one)[0]).toBe(first);
            }),
        );
    });

    test("an `up` at least once per overlap never skips a generation: the newest of before is still there", () => {
        fc.assert(
            fc.property(durations, moment, fc.array(fc.nat(1_000_000), { maxLength: 50 }), (given, start, steps) => {
                let time = start;
                let before = namesOf(given, time);
                for (const step of steps) {
                    time += Math.floor((step / 1_000_000) * given.overlap.ms);
                    const names = namesOf(given, time);
                    expect(names).toContain(before[0]);
                    before = names;
                }
            }),
        );
    });

    test("every name is one that RotatingWebhook takes", () => {
        fc.assert(
            fc.property(durations, moment, (given, time) => {
                for (const name of namesOf(given, time)) expect(name).toMatch(/^\d{4}-\d\d-\d\d(T\d\dZ)?$/);
            }),
        );
    });
});
