import { expect, test } from "vitest";
import { type CheckResult, describe, type Outcome, type ProbeResult, placeName } from "../../probe";

const check = (more: Partial<CheckResult>): CheckResult => ({
    place: 0,
    expected: "accepted",
    outcome: "accepted",
    ok: true,
    status: 200,
    requests: 1,
    right: 1,
    instances: 0,
    ...more,
});
const wrong = check({ place: "wrong", expected: "rejected", outcome: "rejected", status: 401 });

function result(checks: readonly CheckResult[], more: Partial<ProbeResult> = {}): ProbeResult {
    const ok = checks.every((one) => one.ok);
    const target = { url: "https://a.example/…", ok, steadySeconds: 0, instances: 0, sameForAll: false, checks };
    return {
        ok,
        end: ok ? "proven" : "deadline",
        event: "pulumi-captions.test",
        rounds: 1,
        requests: checks.length,
        elapsedSeconds: 0.1,
        wanted: { steadySeconds: 0, waitSeconds: 0, timeoutSeconds: 20 },
        targets: [target],
        ...more,
    };
}

test("secrets are named by their place", () => {
    expect([0, 1, 2, 3, 10, "wrong" as const].map(placeName)).toEqual(["newest", "2nd", "3rd", "4th", "11th", "wrong"]);
});

test("each outcome has a sentence of its own that ends in a full stop, and none claims every instance", () => {
    const outcomes: readonly (readonly [Outcome, Partial<CheckResult>])[] = [
        ["rejected", { status: 401 }],
        ["other", { status: 404 }],
        ["intermediary", { status: 403 }],
        ["no-connection", { code: "ECONNREFUSED" }],
        ["untrusted", { code: "CERT_HAS_EXPIRED" }],
        ["proxy", { status: 407 }],
        ["timeout", {}],
        ["closed", { code: "ECONNRESET" }],
    ];
    const sentences = outcomes.map(([outcome, more]) =>
        describe(result([check({ outcome, ok: false, right: 0, ...more }), wrong])),
    );
    expect(new Set(sentences).size).toBe(outcomes.length);
    for (const sentence of [...sentences, describe(result([check({}), wrong]))]) {
        expect(sentence).toMatch(/^[A-Z].*\.$/);
        expect(sentence).not.toMatch(/every|undefined|\bnull\b/i);
    }
});

test("a secret that was rejected now and then: how often, and for how long it has been right since", () => {
    const flapping = check({ requests: 9, right: 6, latestWrong: { outcome: "rejected", status: 401 } });
    const said = describe(
        result([flapping, wrong], {
            ok: false,
            rounds: 9,
            requests: 18,
            elapsedSeconds: 61.7,
            wanted: { steadySeconds: 60, waitSeconds: 60, timeoutSeconds: 20 },
            targets: [
                {
                    url: "https://a.example/…",
                    ok: false,
                    steadySeconds: 12.9,
                    instances: 0,
                    sameForAll: false,
                    checks: [flapping, wrong],
                },
            ],
        }),
    );
    expect(said.split("\n")).toEqual([
        expect.stringContaining(
            "The newest secret was rejected (401) in 3 of 9 deliveries: an instance of the receiver did",
        ),
        "The latest answers were as expected, but only for 12 s of 60 s.",
        "Stopped after 61 s (9 rounds, 18 deliveries).",
    ]);
});

test("the same reason is given once, however many secrets have it", () => {
    const down = check({ outcome: "no-connection", ok: false, right: 0, code: "ENOTFOUND" });
    const said = describe(result([down, { ...down, place: 1 }, { ...down, place: "wrong", expected: "rejected" }]));
    expect(said.match(/Cannot connect/g)).toHaveLength(1);
});
