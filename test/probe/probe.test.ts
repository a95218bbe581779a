import { expect, test } from "vitest";
import { describe, type ProbeOptions, type ProbeResult, probe } from "../../probe";
import { createReceiver, toNodeListener } from "../../receiver";
import { findLeaks } from "../support/leaks";
import { unusedPort } from "../support/ports";
import { balance, fastClock, fixedOrder, instance, serve } from "./support";

const newest = "whsec_newest-Qm4TzYb1Kd6XqR2m";
const older = "whsec_older-8sLw4Vn0PaBc7Tr";
const both = [newest, older];

/** Probes one URL on a fast clock, and makes sure that no secret is in what comes of it. */
async function ask(
    url: string,
    options: Partial<ProbeOptions> = {},
    secrets: readonly string[] = both,
): Promise<{ result: ProbeResult; said: string; waits: readonly number[] }> {
    const clock = fastClock();
    const result = await probe({ targets: [{ url, secrets }], clock, random: fixedOrder(), ...options });
    const said = describe(result);
    const texts = new Map([["the result", JSON.stringify(result) + said]]);
    expect(findLeaks(texts, secrets)).toEqual([]);
    expect(JSON.stringify(result)).not.toMatch(/pulumi-captions-wrong/);
    return { result, said, waits: clock.waits };
}

test("one round: each secret is accepted, a wrong one rejected, and no more is claimed than one instance", async () => {
    let handed = 0;
    const url = await serve(toNodeListener(createReceiver({ secrets: both, onDelivery: () => handed++ })));
    const { result, said, waits } = await ask(url);
    expect(result).toMatchObject({ ok: true, end: "proven", rounds: 1, requests: 3, event: "pulumi-captions.test" });
    expect(result.targets[0]?.checks).toMatchObject([
        { place: 0, expected: "accepted", outcome: "accepted", ok: true, status: 200, requests: 1, right: 1 },
        { place: 1, expected: "accepted", outcome: "accepted", ok: true, status: 200 },
        { place: "wrong", expected: "rejected", outcome: "rejected", ok: true, status: 401 },
    ]);
    expect(said).toContain("in one delivery each. Other instances of the receiver");
    expect(said).not.toMatch(/every|all /i);
    expect([handed, waits]).toEqual([0, []]);
});

test.each([1, 3, 4])("behind a balancer %i of five instances know the secret: it is not proven", async (knowing) => {
    const instances = [0, 1, 2, 3, 4].map((index) => instance(() => (index < knowing ? both : [older])));
    const { result, said } = await ask(await balance(instances), { steadySeconds: 60, waitSeconds: 300 });
    expect(result).toMatchObject({ ok: false, end: "deadline" });
    expect(said).toMatch(/The newest secret was rejected \(401\) in \d+ of \d+ deliveries: an instance/);
});

test("five instances learn the secret one after the other: it is proven once every answer was right for a time", async () => {
    const clock = fastClock();
    const instances = [0, 1, 2, 3, 4].map((index) => instance(() => (clock.now() >= index * 40_000 ? both : [older])));
    const result = await probe({
        targets: [{ url: await balance(instances), secrets: both }],
        steadySeconds: 60,
        waitSeconds: 900,
        clock,
        random: fixedOrder(),
    });
    expect(result).toMatchObject({ ok: true, end: "proven" });
    // The last one learns it after 160 s.
    expect(result.elapsedSeconds).toBeGreaterThanOrEqual(160 + 60 - 15);
    expect(result.targets[0]?.steadySeconds).toBeGreaterThanOrEqual(60);
    expect(describe(result)).toMatch(/without exception for \d+ s \(\d+ rounds\)\./);
});

test("with the number of instances: proven as soon as each of them has accepted every secret", async () => {
    const named = (count: number) =>
        ["a", "b", "c", "d", "e"].map((name, index) => {
            return instance(() => (index < count ? both : [older]), name);
        });
    const good = await ask(await balance(named(5)), { instances: 5 });
    expect(good.result).toMatchObject({ ok: true, targets: [{ instances: 5 }] });
    expect(good.said).toContain("by 5 instances");
    expect(good.result.targets[0]?.checks).toMatchObject([{ instances: 5 }, { instances: 5 }, { place: "wrong" }]);
    const one = await ask(await balance(named(1)), { instances: 5 });
    expect(one.result).toMatchObject({ ok: false, targets: [{ instances: 5 }] });
    // Two of five that know it, and nobody else there: the others are missing, not wrong.
    const few = await ask(await balance(named(5).slice(0, 2)), { instances: 5 });
    expect(few.result).toMatchObject({ ok: false, end: "deadline" });
    expect(few.said).toContain("2 of 5 instances have accepted each secret.");
});

test("instances that tell their names only to whoever has a secret, as those of createReceiver, are counted all the same", async () => {
    const named = (count: number) =>
        ["a", "b", "c"].map((name, index) => {
            const secrets = index < count ? both : [older];
            return toNodeListener(createReceiver({ secrets, instance: name, onDelivery: () => undefined }));
        });
    const good = await ask(await balance(named(3)), { instances: 3 });
    expect(good.result).toMatchObject({ ok: true, end: "proven", targets: [{ instances: 3 }] });
    expect(good.said).toContain("by 3 instances");
    const two = await ask(await balance(named(2)), { instances: 3 });
    expect(two.result).toMatchObject({ ok: false });
    expect(two.said).toContain("The newest secret was rejected (401)");
    const few = await ask(await balance(named(3).slice(0, 2)), { instances: 3 });
    expect(few.said).toContain("2 of 3 instances have accepted each secret.");
});

test("instances that give no name are not counted as one", async () => {
    const { result, said } = await ask(await balance([instance(() => both), instance(() => both)]), { instances: 1 });
    expect(result).toMatchObject({ ok: false, targets: [{ instances: 0 }] });
    expect(said).toContain("No answer had the header Captions-Receiver-Instance");
});

test("a receiver that is late is asked at longer and longer intervals, and found good in the end", async () => {
    const clock = fastClock();
    const progress: string[] = [];
    const result = await probe({
        targets: [{ url: await serve(instance(() => (clock.now() >= 100_000 ? both : [older]))), secrets: both }],
        waitSeconds: 600,
        clock,
        random: fixedOrder(),
        onRound: ({ targets }) => progress.push(targets[0]?.checks[0]?.outcome ?? ""),
    });
    expect(result).toMatchObject({ ok: true, end: "proven" });
    expect(clock.waits.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    expect(new Set(progress)).toEqual(new Set(["rejected"]));
});

test("a receiver that never learns: given up at the deadline, as soon as the time left is too short", async () => {
    const url = await serve(instance(() => [older]));
    const never = await ask(url, { waitSeconds: 100 });
    expect(never.result).toMatchObject({ ok: false, end: "deadline", elapsedSeconds: 100 });
    expect(never.said).toMatch(/does not know it yet.*\nStopped after 100 s \(\d+ rounds, \d+ deliveries\)\.$/s);
    const short = await ask(url, { waitSeconds: 100, steadySeconds: 60 });
    expect(short.result.elapsedSeconds).toBeLessThan(60);
    expect((await ask(url, { steadySeconds: 60 })).result).toMatchObject({ ok: false, rounds: 1 });
});

test("a receiver that is down: said once for all secrets, and tried again as long as asked", async () => {
    const url = `http://127.0.0.1:${await unusedPort()}/`;
    const { result, said } = await ask(url, { waitSeconds: 10 });
    const outcomes = result.targets[0]?.checks.map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual(["no-connection", "skipped", "skipped"]);
    expect(result.requests).toBe(result.rounds);
    expect(said).toContain("Cannot connect to the receiver (ECONNREFUSED)");
});

test("a receiver that accepts anything fails at once, with a sentence of its own", async () => {
    const { result, said } = await ask(await serve((_, response) => response.end()), { waitSeconds: 600 });
    expect(result).toMatchObject({ ok: false, end: "forgeable", rounds: 1 });
    expect(said).toBe(
        "The wrong secret was accepted: the receiver does not check the secret (or something in front of it answers in its " +
            "place), so anyone can forge deliveries. Compare it, as pulumi-captions/receiver does.",
    );
});

test("several URLs: each has its own verdict, and one that fails fails all", async () => {
    const clock = fastClock();
    const good = await serve(instance(() => both));
    const bad = await serve(instance(() => [older]));
    const result = await probe({
        targets: [
            { url: good, secrets: both },
            { url: bad, secrets: both },
        ],
        clock,
        random: fixedOrder(),
    });
    expect(result).toMatchObject({ ok: false, targets: [{ ok: true }, { ok: false }] });
    const [first, second] = describe(result).split("\n");
    expect(first).toContain(`${new URL(good).origin}/…: The 2 secrets were accepted`);
    expect(second).toContain(`${new URL(bad).origin}/…: The newest secret was rejected (401)`);
});

test("a receiver that is right now and then is not asked ever more often, and never more than maxRequests", async () => {
    let round = 0;
    const url = await serve((request, response) => {
        const right = Math.floor(round++ / 3) % 2 === 0;
        instance(() => (right ? both : [older]))(request, response);
    });
    const { result, waits } = await ask(url, { steadySeconds: 60, waitSeconds: 86_400, maxRequests: 300 });
    expect(result).toMatchObject({ ok: false, end: "request-limit" });
    expect(result.requests).toBeLessThanOrEqual(300);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_000);
    expect(waits.filter((wait) => wait === 15_000).length).toBeGreaterThan(waits.length / 3);
});

test("it ends when its signal aborts, between rounds and while it waits for an answer", async () => {
    const reason = new Error("stopped");
    const between = new AbortController();
    const url = await serve(instance(() => []));
    const ended = ask(url, { waitSeconds: 600, signal: between.signal, onRound: () => between.abort(reason) });
    await expect(ended).rejects.toBe(reason);
    const inside = new AbortController();
    const hanging = await serve(() => inside.abort(reason));
    await expect(ask(hanging, { signal: inside.signal })).rejects.toBe(reason);
});

test("an option that cannot be used is named by its place, never by its value", async () => {
    const url = "https://a.example/hooks";
    for (const [options, words] of [
        [{ targets: [] }, "targets is empty"],
        [
            { targets: [{ url: "http://a.example/?whsec_1", secrets: both }] },
            "targets[0].url must be an absolute https",
        ],
        [{ targets: [{ url, secrets: [] }] }, "targets[0].secrets is empty"],
        [{ targets: [{ url, secrets: [newest, `${older}\n`] }] }, "targets[0].secrets[1] is not a webhook's secret"],
        [{ targets: [{ url, secrets: both }], steadySeconds: -1 }, "steadySeconds must be a number of seconds"],
        [{ targets: [{ url, secrets: both }], instances: 1.5 }, "instances must be a whole number"],
        [{ targets: [{ url, secrets: both }], steadySeconds: 2, waitSeconds: 1 }, "waitSeconds must not be less"],
    ] as const) {
        const attempt = probe(options);
        await expect(attempt).rejects.toThrow(words);
        await expect(attempt).rejects.not.toThrow(/whsec/);
    }
});
