import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Accounts } from "../../provider/configuration";
import { InputError } from "../../provider/errors";
import { generations, rotationOf, scheduleOf } from "../../provider/generations";
import { Proofs } from "../../provider/lifecycle";
import { functionsOf } from "../../provider/native/functions";
import { Session } from "../../provider/session";

const silent = () => undefined;
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

test("the plugin's getGenerations gives the same names to programs in every language", async () => {
    const accounts = new Accounts(silent, {}, silent);
    const { "captions:index:getGenerations": ask } = functionsOf(new Session(accounts, silent, new Proofs()), accounts);
    const schedule = { every: "90d", overlap: "7d" };
    expect(await ask?.({ ...schedule, now: "2026-12-04" })).toEqual({ generations: ["2026-12-03", "2026-09-04"] });
    const before = generations(schedule);
    const ofNow = await ask?.(schedule);
    expect([before, generations(schedule)]).toContainEqual(ofNow?.generations);
    await expect(ask?.({ ...schedule, every: "3m" })).rejects.toThrow(/^every: must be like/);
    await expect(ask?.({ every: "90d" })).rejects.toThrow(/^overlap: must be a string/);
});

describe("a rotation", () => {
    const none = { lastRotation: undefined, nextRotation: undefined, overlapEnds: undefined };
    const quarterly = { every: "90d", overlap: "7d" };
    const rotation = (given: { generations?: unknown; schedule?: unknown }, now: string, adopting: string[] = []) =>
        rotationOf({ generations: undefined, schedule: undefined, ...given }, adopting, new Date(now));

    test.each([
        [quarterly, "2026-12-02T23:59:59.999Z", ["2026-09-04"], "2026-09-04", "2026-12-03", undefined],
        [quarterly, "2026-12-03T00:00:00Z", ["2026-12-03", "2026-09-04"], "2026-12-03", "2027-03-03", "2026-12-10"],
        [quarterly, "2026-12-10T00:00:00Z", ["2026-12-03"], "2026-12-03", "2027-03-03", undefined],
        [
            { every: "12h", overlap: "1h" },
            "2026-11-24T12:20:00Z",
            ["2026-11-24T12Z", "2026-11-24T00Z"],
            "2026-11-24T12:00:00.000Z",
            "2026-11-25",
            "2026-11-24T13:00:00.000Z",
        ],
        [
            { every: "36h", overlap: "12h" },
            "2026-11-24T11:00:00Z",
            ["2026-11-24T00Z", "2026-11-22T12Z"],
            "2026-11-24",
            "2026-11-25T12:00:00Z",
            "2026-11-24T12:00:00Z",
        ],
        [
            { every: "1d", overlap: "1h" },
            "1970-01-01",
            ["1970-01-01", "1969-12-31"],
            "1970-01-01",
            "1970-01-02",
            "1970-01-01T01:00:00.000Z",
        ],
    ])("by the schedule %j at %s has these names and times", (schedule, now, names, last, next, ends) => {
        const iso = (text: string | undefined) => (text === undefined ? undefined : new Date(text).toISOString());
        const times = { lastRotation: iso(last), nextRotation: iso(next), overlapEnds: iso(ends) };
        expect(rotation({ schedule }, now)).toEqual({ names, times });
        // Given, the names tell the times at any other moment as well: they are what is registered.
        expect(rotation({ schedule, generations: names }, "2031-05-05")).toEqual({ names, times });
    });

    test("by whatever schedule begins at the moment, and ends its overlap at the one, at which the names change", () => {
        fc.assert(
            fc.property(durations, moment, ({ every, overlap }, time) => {
                const schedule = { every: every.text, overlap: overlap.text };
                const found = rotation({ schedule }, new Date(time).toISOString());
                if (typeof found === "string") throw new Error(found);
                const at = (text: string | undefined, later = 0) =>
                    generations({ ...schedule, now: new Date(Date.parse(text ?? "") + later) });
                const { names, times } = found;
                expect(names).toEqual(generations({ ...schedule, now: new Date(time) }));
                expect(at(times.lastRotation)[0]).toBe(names[0]);
                expect(at(times.nextRotation, -1)[0]).toBe(names[0]);
                expect(at(times.nextRotation)[1]).toBe(names[0]);
                expect(times.overlapEnds === undefined).toBe(names.length === 1);
                if (times.overlapEnds === undefined) return;
                expect(at(times.overlapEnds, -1)).toEqual(names);
                expect(at(times.overlapEnds)).toEqual(names.slice(0, 1));
            }),
        );
    });

    test("of names that the schedule does not give: only when the next begins; without a schedule no times", () => {
        const generations = ["2026-11", "2026-08"];
        expect(rotation({ generations, schedule: quarterly }, "2026-11-24")).toEqual({
            names: generations,
            times: { ...none, nextRotation: "2026-12-03T00:00:00.000Z" },
        });
        // A day, but none at which a period of this schedule begins.
        const times = { ...none, nextRotation: "2026-12-03T00:00:00.000Z" };
        expect(rotation({ generations: ["2026-09-05"], schedule: quarterly }, "2026-11-24")).toMatchObject({ times });
        expect(rotation({ generations }, "2026-11-24")).toEqual({ names: generations, times: none });
        expect(rotation({ generations, schedule: null }, "2026-11-24")).toEqual({ names: generations, times: none });
    });

    test("keeps its times while a name of an earlier schedule is kept beside those of the new one", () => {
        const names = [...at("2026-12-11", "30d", "7d"), "2026-09-04"];
        const schedule = { every: "30d", overlap: "7d" };
        expect(rotation({ generations: names, schedule }, "2026-12-11")).toMatchObject({
            times: { lastRotation: "2026-12-03T00:00:00.000Z", nextRotation: "2027-01-02T00:00:00.000Z" },
        });
    });

    test("takes the schedule from a list that generations() gave, which looks like any other list", () => {
        const names = at("2026-12-03");
        expect(scheduleOf(names)).toEqual(quarterly);
        expect(names).toStrictEqual(["2026-12-03", "2026-09-04"]);
        expect(JSON.stringify({ ...{ names } })).toBe('{"names":["2026-12-03","2026-09-04"]}');
        expect(Object.keys(names)).toEqual(["0", "1"]);
        for (const other of [[...names], names.slice(), ["a"], "a", null, undefined, {}]) {
            expect(scheduleOf(other)).toBeUndefined();
        }
    });

    test.each([
        [{ schedule: "90d" }, "schedule: must be a plain object, like { every:"],
        [{ schedule: ["90d", "7d"] }, "schedule: must be a plain object"],
        [{ schedule: new Map() }, "schedule: must be a plain object"],
        [{ schedule: {} }, 'schedule.every: is required: a length like "12h", "90d" or "13w"'],
        [{ schedule: { every: "90d" } }, "schedule.overlap: is required: a length like"],
        [{ schedule: { every: "3m", overlap: "7d" } }, 'schedule.every: must be like "12h", "90d" or "13w", not "3m"'],
        [{ schedule: { every: "90d", overlap: 7 } }, 'schedule.overlap: must be like "12h", "90d" or "13w", not "7"'],
        [{ schedule: { every: {}, overlap: "7d" } }, "schedule.every: must be like"],
        [
            { schedule: { every: "7d", overlap: "1w" } },
            'schedule.overlap: "1w" must be shorter than schedule.every: "7d"',
        ],
        [{ schedule: { ...quarterly, now: "2026" } }, "schedule.now: unknown property; there are every, overlap"],
        [{ schedule: { every: "x" }, generations: ["a"] }, "schedule.every: must be like"],
        [{ schedule: quarterly, generations: [] }, "generations: is empty"],
        [{}, "generations: is required: a plain list of strings; or set schedule instead"],
        [{ generations: null, schedule: null }, "generations: is required: a plain list of strings"],
    ])("%j is refused by the property's name", (given, sentence) => {
        expect(rotation(given, "2026-11-24")).toEqual(expect.stringContaining(sentence));
        expect(String(rotation(given, "2026-11-24")).startsWith(sentence)).toBe(true);
    });

    test("adopts only what the schedule names", () => {
        expect(rotation({ schedule: quarterly }, "2026-11-24", ["by-hand"])).toContain('generation "by-hand"');
        expect(rotation({ schedule: quarterly }, "2026-11-24", ["2026-09-04"])).toMatchObject({
            names: ["2026-09-04"],
        });
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

test("a generation of the schedule that was to adopt a webhook is no error once its time is over", () => {
    const adopting = (name: string, day: string) =>
        rotationOf({ generations: undefined, schedule: { every: "90d", overlap: "7d" } }, [name], new Date(day));
    expect(adopting("2026-09-04", "2026-09-05")).toMatchObject({ names: ["2026-09-04", "2026-06-06"] });
    expect(adopting("2026-09-04", "2027-04-01")).toMatchObject({ names: ["2027-03-03"] });
    for (const name of ["2026-09-05", "v2", "2027-03-03"]) {
        expect(adopting(name, "2026-10-01")).toContain(`names the generation "${name}", which is not in generations`);
    }
});

test("the overlap ends for the generation of the period before, not for one that was kept by hand", () => {
    const schedule = { every: "30d", overlap: "7d" };
    const endOf = (generations: string[]) => {
        const rotation = rotationOf({ generations, schedule }, [], new Date("2026-11-28"));
        return typeof rotation === "string" ? rotation : rotation.times.overlapEnds;
    };
    expect(endOf(["2026-11-03", "2026-10-04"])).toBe("2026-11-10T00:00:00.000Z");
    expect(endOf(["2026-11-03", "2026-09-04"])).toBeUndefined();
});
