import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryDedupe } from "../../receiver";

const week = 604_800;

describe("memoryDedupe", () => {
    test("gives a key to the first, and tells the others that it is busy, then done", () => {
        const store = memoryDedupe();
        expect(store.claim("k", "a", 60)).toBe("claimed");
        expect(store.claim("k", "b", 60)).toBe("busy");
        store.confirm("k", "a", week);
        expect(store.claim("k", "b", 60)).toBe("done");
    });

    test("gives a released key to the next", () => {
        const store = memoryDedupe();
        store.claim("k", "a", 60);
        store.release("k", "a");
        expect(store.claim("k", "b", 60)).toBe("claimed");
    });

    test("gives a key to the next when the lease has ended, and the first cannot release it any more", () => {
        let time = 0;
        const store = memoryDedupe({ now: () => time });
        store.claim("k", "a", 60);
        time = 59_999;
        expect(store.claim("k", "b", 60)).toBe("busy");
        time = 60_000;
        expect(store.claim("k", "b", 60)).toBe("claimed");
        store.release("k", "a");
        expect(store.claim("k", "c", 60)).toBe("busy");
        store.confirm("k", "a", week);
        expect(store.claim("k", "c", 60)).toBe("done");
    });

    test("forgets what was done when its time is over", () => {
        let time = 0;
        const store = memoryDedupe({ now: () => time });
        store.confirm("k", "a", week);
        time = week * 1000 - 1;
        expect(store.claim("k", "b", 60)).toBe("done");
        time += 1;
        expect(store.claim("k", "b", 60)).toBe("claimed");
    });

    test("remembers 10,000 by default and forgets the oldest", () => {
        const store = memoryDedupe();
        for (let i = 0; i <= 10_000; i++) store.confirm(`${i}`, "a", week);
        expect(store.size).toBe(10_000);
        expect(store.claim("1", "b", 60)).toBe("done");
        expect(store.claim("0", "b", 60)).toBe("claimed");
    });

    test("counts what is confirmed again as the newest", () => {
        const store = memoryDedupe({ maxEntries: 2 });
        for (const key of ["k", "l", "k", "m"]) store.confirm(key, "a", week);
        expect(store.size).toBe(2);
        expect(["k", "l", "m"].map((key) => store.claim(key, "b", 60))).toEqual(["done", "claimed", "done"]);
    });

    test("gives memory free for what has expired, done or left claimed", () => {
        let time = 0;
        const store = memoryDedupe({ now: () => time });
        for (let i = 0; i < 100; i++) store.claim(`left-${i}`, "a", 60);
        for (let i = 0; i < 100; i++) store.confirm(`done-${i}`, "a", 60);
        time = 60_000;
        store.claim("k", "a", 60);
        store.confirm("k", "a", 60);
        expect(store.size).toBe(1);
    });

    test("takes no more memory for what is confirmed again, behind what is remembered longer", () => {
        setFlagsFromString("--expose-gc");
        const collect: () => void = runInNewContext("gc");
        const used = () => {
            collect();
            return process.memoryUsage().heapUsed;
        };
        let time = 0;
        const store = memoryDedupe({ now: () => time });
        store.confirm("kept", "a", week);
        const before = used();
        for (; time < 300_000_000; time += 1000) store.confirm("again", "a", 1);
        expect(used() - before).toBeLessThan(5_000_000);
        expect(store.claim("kept", "b", 60)).toBe("done");
    });

    test("at no time do two owners have the same key, and what is done is not given again", () => {
        const step = fc.record({
            what: fc.constantFrom("claim", "confirm", "release", "wait"),
            key: fc.constantFrom("k", "l"),
            owner: fc.constantFrom("a", "b", "c"),
        });
        fc.assert(
            fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
                let time = 0;
                const store = memoryDedupe({ now: () => time });
                const holder = new Map<string, { owner: string; until: number }>();
                const done = new Set<string>();
                for (const { what, key, owner } of steps) {
                    const held = holder.get(key);
                    const holding = held !== undefined && held.until > time ? held.owner : undefined;
                    if (what === "wait") time += 7000;
                    else if (what === "claim") {
                        const unfinished = holding ? "busy" : "claimed";
                        const expected = done.has(key) ? "done" : unfinished;
                        expect(store.claim(key, owner, 10)).toBe(expected);
                        if (expected === "claimed") holder.set(key, { owner, until: time + 10_000 });
                    } else if (what === "confirm") {
                        if (holding !== owner) continue;
                        store.confirm(key, owner, week);
                        done.add(key);
                    } else {
                        store.release(key, owner);
                        if (holding === owner) holder.delete(key);
                    }
                }
            }),
        );
    });
});
