import { expect, test } from "vitest";
import { describeRotation } from "../../cli/rotations";

test.each([
    ["2026-12-09T06:00:00Z", "2026-12-15", undefined, "next rotation in 6 days (2026-12-15)"],
    ["2026-12-09T23:59:59Z", "2026-12-15", undefined, "next rotation in 6 days (2026-12-15)"],
    [
        "2026-12-08T06:00:00Z",
        "2026-12-15",
        "2026-12-09",
        "next rotation in 7 days (2026-12-15); the old secret ends 2026-12-09",
    ],
    ["2026-12-14T00:00:00Z", "2026-12-15", undefined, "next rotation in 1 day (2026-12-15)"],
    ["2026-12-14T00:00:01Z", "2026-12-15", undefined, "next rotation in 24 hours (2026-12-15)"],
    ["2026-12-14T23:30:00Z", "2026-12-15", undefined, "next rotation in 1 hour (2026-12-15)"],
    [
        "2026-12-15T00:20:00Z",
        "2026-12-15T12:00:00Z",
        "2026-12-15T01:00:00Z",
        "next rotation in 12 hours (2026-12-15T12:00Z); the old secret ends 2026-12-15T01:00Z",
    ],
    ["2026-12-15T00:00:00Z", "2026-12-15", undefined, "a rotation is due since 2026-12-15"],
    [
        "2026-12-09T00:00:00Z",
        "2026-12-15",
        "2026-12-09",
        "next rotation in 6 days (2026-12-15); the old secret was to end 2026-12-09",
    ],
])("at %s, of a rotation at %s and an overlap until %s, it says so", (now, nextRotation, overlapEnds, words) => {
    const rotation = { resource: "renders", nextRotation, ...(overlapEnds === undefined ? {} : { overlapEnds }) };
    expect(describeRotation(rotation, Date.parse(now))).toBe(words);
});
