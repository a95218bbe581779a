import { describe, expect, inject, test } from "vitest";
import type { Emulator } from "../../emulator";
import { renders, startProject, webhookProgram } from "../support/project";
import type { Resource, Stack } from "../support/stack";

interface Args {
    readonly url?: string;
    readonly enabledEvents?: readonly string[];
    readonly generations: unknown;
    readonly distinctUrls?: boolean;
    readonly adopt?: Record<string, string | boolean>;
}

/** A rotating webhook with all its outputs exported, and a resource of the same program that is given its secrets. */
const rotating = (args: Args) => `
const webhook = new captions.RotatingWebhook("renders", ${JSON.stringify({ ...renders, ...args })});
const { secret, secrets, ids } = webhook;
module.exports = {
    secret, secrets, ids,
    marked: pulumi.all([secret, secrets].map((output) => pulumi.isSecret(output))),
    names: [...(webhook.webhooks ?? new Map(${JSON.stringify(args.generations)}.map((name) => [name, name]))).keys()],
};
pulumi.all([secrets]).apply(([known]) => console.log("the receivers get " + known.length + " secrets"));
`;

/** What the state has of the times of each rotating webhook, by its name. */
async function timesInState(stack: Stack): Promise<Record<string, unknown>> {
    const { resources } = JSON.parse((await stack.run("stack", "export")).stdout).deployment;
    const components = (resources as Resource[]).filter(({ type }) => type === "captions:index:RotatingWebhook");
    return Object.fromEntries(
        components.map(({ urn, outputs: { secret, secrets, ids, ...times } }) => [urn.split("::").at(-1), times]),
    );
}

const newestFirst = (emulator: Emulator) => emulator.webhooks.toReversed();

describe("a rotation", () => {
    test("registers one more webhook beside the old one, then deletes the old one; nothing is ever updated", async () => {
        const { emulator, stack } = await startProject(rotating({ generations: ["2026-08"] }));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
        const [old] = emulator.webhooks;

        stack.program(rotating({ generations: ["2026-11", "2026-08"] }));
        const preview = await stack.preview();
        expect(preview).toMatchObject({ code: 0, operations: { create: 1, same: 3 }, calls: [] });
        expect(preview.text).not.toContain("the receivers get");
        expect(preview.text).not.toContain("(update)");

        expect(await stack.up()).toMatchObject({
            code: 0,
            operations: { create: 1, same: 3 },
            calls: ["list", "register"],
        });
        expect(emulator.webhooks).toEqual([old, { ...renders, id: expect.any(String), secret: expect.any(String) }]);
        const [newest] = newestFirst(emulator);
        expect(newest?.secret).not.toBe(old?.secret);
        expect(await stack.outputs()).toEqual({
            secret: newest?.secret,
            secrets: [newest?.secret, old?.secret],
            ids: [newest?.id, old?.id],
            marked: [true, true],
            names: ["2026-11", "2026-08"],
        });
        const masked = JSON.parse((await stack.run("stack", "output", "--json")).stdout);
        expect(masked).toMatchObject({ secret: "[secret]", secrets: "[secret]", ids: [newest?.id, old?.id] });
        expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });

        stack.program(rotating({ generations: ["2026-11"] }));
        const drop = await stack.up();
        expect(drop).toMatchObject({ code: 0, operations: { delete: 1, same: 3 }, calls: ["delete"] });
        expect(drop.text).toContain("the receivers get 1 secrets");
        expect(emulator.webhooks).toEqual([newest]);
        expect(await stack.outputs()).toMatchObject({ secret: newest?.secret, secrets: [newest?.secret] });
        expect(await stack.destroy()).toMatchObject({ code: 0, calls: ["delete"] });
    });

    test("can carry another URL and other events: the old webhook keeps what it has, the new one has the new", async () => {
        const { emulator, stack } = await startProject(rotating({ generations: ["a"] }));
        await stack.up();
        const [old] = emulator.webhooks;
        const moved = { url: "https://new.example.com/hooks", enabledEvents: ["creator.failure"] };
        stack.program(rotating({ ...moved, generations: ["b", "a"] }));
        expect(await stack.up()).toMatchObject({
            code: 0,
            operations: { create: 1, same: 3 },
            calls: ["list", "register"],
        });
        expect(emulator.webhooks).toMatchObject([old ?? {}, moved]);
        expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
        stack.program(rotating({ ...moved, generations: ["b"] }));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["delete"] });
        expect(emulator.webhooks).toMatchObject([moved]);
    });

    test("that is dropped and prepended in one up, as a nightly up may do, is one register and one delete", async () => {
        const { emulator, stack } = await startProject(rotating({ generations: ["b", "a"] }));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register", "register"] });
        const [, kept] = emulator.webhooks;
        stack.program(rotating({ generations: ["c", "b"] }));
        expect(await stack.up()).toMatchObject({
            code: 0,
            operations: { create: 1, delete: 1 },
            calls: ["list", "register", "delete"],
        });
        expect(emulator.webhooks).toMatchObject([kept ?? {}, renders]);
    });
});

describe("without a new generation", () => {
    test("a change is made in place, of the newest webhook only, whose secret is rotated at once", async () => {
        const { emulator, stack } = await startProject(rotating({ generations: ["b", "a"] }));
        await stack.up();
        const [old, newest] = emulator.webhooks;
        stack.program(rotating({ generations: ["b", "a"], enabledEvents: ["creator.success"] }));
        expect(await stack.up()).toMatchObject({ code: 0, operations: { update: 1 }, calls: ["update"] });
        expect(emulator.webhooks[0]).toEqual(old);
        expect(emulator.webhooks[1]).toMatchObject({ id: newest?.id, enabledEvents: ["creator.success"] });
        expect((await stack.outputs()).secrets).toEqual(newestFirst(emulator).map(({ secret }) => secret));
    });

    test("a refresh is one call, and shows no drift; drift of any generation is repaired by the next up", async () => {
        const { emulator, stack } = await startProject(rotating({ generations: ["b", "a"] }));
        await stack.up();
        expect(await stack.refresh("--expect-no-changes")).toMatchObject({ code: 0, calls: ["list"] });
        for (const { id } of emulator.webhooks) emulator.update(id, { url: "https://elsewhere.example.com/" });
        expect(await stack.refresh()).toMatchObject({ code: 0, operations: { update: 2 }, calls: ["list"] });
        const preview = await stack.preview();
        expect(preview).toMatchObject({ code: 0, operations: { update: 2 }, calls: [] });
        for (const { id } of emulator.webhooks) {
            expect(preview.text).toContain(`(${id}): its secret will be rotated by this change of url`);
        }
        expect(await stack.up()).toMatchObject({ code: 0, operations: { update: 2 }, calls: ["update", "update"] });
        expect(emulator.webhooks.map(({ url }) => url)).toEqual([renders.url, renders.url]);
        expect((await stack.outputs()).secrets).toEqual(newestFirst(emulator).map(({ secret }) => secret));
        expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
    });

    test("a generation that was deleted elsewhere is registered again, and none of the others is touched", async () => {
        const { emulator, stack } = await startProject(rotating({ generations: ["b", "a"] }));
        await stack.up();
        const [old, newest] = emulator.webhooks;
        emulator.remove(old?.id ?? "");
        await stack.refresh();
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
        expect(emulator.webhooks[0]).toEqual(newest);
        expect((await stack.outputs()).secrets).toEqual([newest?.secret, emulator.webhooks[1]?.secret]);
    });
});

describe("an API that takes only one webhook for a URL", () => {
    test.each(["refused", "merged", "merged-new-secret"] as const)(
        "(%s) is recognised, and no secret is lost; `distinctUrls: true` is the way on",
        async (duplicateUrls) => {
            const { emulator, stack } = await startProject(rotating({ generations: ["a"] }), {
                behaviour: { duplicateUrls },
            });
            await stack.up();
            stack.program(rotating({ generations: ["b", "a"] }));
            const failed = await stack.up();
            expect(failed.code).not.toBe(0);
            expect(failed.calls).toEqual(["list", "register"]);
            expect(failed.text).toContain("`distinctUrls: true`");
            expect(emulator.webhooks).toHaveLength(1);

            // Whatever the API has done to the old one: after a refresh its secret is at hand, so that receivers can
            // have it.
            await stack.refresh();
            const [old] = emulator.webhooks;
            stack.program(rotating({ generations: ["b", "a"], distinctUrls: true }));
            expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
            expect(emulator.webhooks).toMatchObject([old ?? {}, { url: `${renders.url}?generation=b` }]);
            expect((await stack.outputs()).secrets).toEqual(newestFirst(emulator).map(({ secret }) => secret));
            stack.program(rotating({ generations: ["b"], distinctUrls: true }));
            expect(await stack.up()).toMatchObject({ code: 0, calls: ["delete"] });
        },
    );

    test("is never met with `distinctUrls`, which keeps a query that the URL has", async () => {
        const url = `${renders.url}?team=1`;
        const args = { url, distinctUrls: true };
        const { emulator, stack } = await startProject(rotating({ ...args, generations: ["a:1"] }), {
            behaviour: { duplicateUrls: "refused" },
        });
        await stack.up();
        stack.program(rotating({ ...args, generations: ["b", "a:1"] }));
        expect(await stack.up()).toMatchObject({ code: 0, operations: { create: 1 }, calls: ["list", "register"] });
        expect(emulator.webhooks.map((webhook) => webhook.url)).toEqual([
            `${url}&generation=a%3A1`,
            `${url}&generation=b`,
        ]);
    });
});

describe("adopting", () => {
    test("takes over a webhook that was registered by hand as a generation, and rotates from there", async () => {
        const { emulator, stack } = await startProject("");
        const byHand = emulator.register(renders);
        stack.program(rotating({ generations: ["by-hand"], adopt: { "by-hand": byHand.id } }));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["list"] });
        expect((await stack.outputs()).secrets).toEqual([byHand.secret]);
        stack.program(rotating({ generations: ["2026-11", "by-hand"] }));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
        expect(emulator.webhooks).toMatchObject([byHand, renders]);
        expect((await stack.outputs()).secrets).toEqual([emulator.webhooks[1]?.secret, byHand.secret]);
    });

    test("in one up together with the next generation goes by the id: by the URL it might be the newer one's", async () => {
        const { emulator, stack } = await startProject("");
        const byHand = emulator.register(renders);
        stack.program(rotating({ generations: ["b", "a"], adopt: { a: true } }));
        const failed = await stack.up();
        expect(failed.code).not.toBe(0);
        expect(failed.text).toContain(byHand.id);
        stack.program(rotating({ generations: ["b", "a"], adopt: { a: byHand.id } }));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
        expect((await stack.outputs()).secrets).toEqual([emulator.webhooks[1]?.secret, byHand.secret]);
    });

    test.each([true, "id"])("moves a plain Webhook to a RotatingWebhook without a rotation (adopt: %j)", async (by) => {
        const { emulator, stack } = await startProject(webhookProgram(renders));
        await stack.up();
        const [webhook] = emulator.webhooks;
        stack.program(rotating({ generations: ["first"], adopt: { first: by === "id" ? (webhook?.id ?? "") : true } }));
        const moved = await stack.up();
        expect(moved).toMatchObject({ code: 0, calls: ["list"] });
        expect(moved.text).toContain("was not deleted, because another resource of this program has");
        expect(emulator.webhooks).toEqual([webhook]);
        expect(await stack.outputs()).toMatchObject({ secrets: [webhook?.secret], ids: [webhook?.id] });
        stack.program(rotating({ generations: ["first"] }));
        expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
        expect(await stack.webhooks()).toHaveLength(1);
    });
});

describe("a schedule", () => {
    /** Periods of 191 years, so that no test runs at the end of one. */
    const [long, whole] = ["9999w", "9998w"];
    const none = {};
    const of1970 = { lastRotation: "1970-01-01T00:00:00.000Z", nextRotation: "2161-08-20T00:00:00.000Z" };
    const inOverlap = { ...of1970, overlapEnds: "2161-08-13T00:00:00.000Z" };
    const byHand = ["2026-11", "2026-08"];
    const cases: readonly [name: string, inputs: string, generations: readonly string[], times: object][] = [
        ["schedule", `schedule: { every: "${long}", overlap: "1h" }`, ["1970-01-01"], of1970],
        ["overlap", `schedule: { every: "${long}", overlap: "${whole}" }`, ["1970-01-01", "1778-05-14"], inOverlap],
        [
            "output",
            `schedule: ${inject("front") === "native" ? "pulumi.output" : ""}({ every: "${long}", overlap: "1h" })`,
            ["1970-01-01"],
            of1970,
        ],
        [
            "list",
            'generations: captions.generations({ every: "90d", overlap: "7d", now: new Date("2026-12-04") })',
            ["2026-12-03", "2026-09-04"],
            {
                lastRotation: "2026-12-03T00:00:00.000Z",
                nextRotation: "2027-03-03T00:00:00.000Z",
                overlapEnds: "2026-12-10T00:00:00.000Z",
            },
        ],
        [
            "hours",
            'generations: captions.generations({ every: "12h", overlap: "1h", now: new Date("2026-12-04T13:00Z") })',
            ["2026-12-04T12Z"],
            { lastRotation: "2026-12-04T12:00:00.000Z", nextRotation: "2026-12-05T00:00:00.000Z" },
        ],
        [
            "copy",
            'generations: [...captions.generations({ every: "90d", overlap: "7d", now: new Date(0) })]',
            ["1970-01-01", "1969-10-03"],
            none,
        ],
        ["by-hand", `generations: ${JSON.stringify(byHand)}`, byHand, none],
        [
            "both",
            `generations: ${JSON.stringify(byHand)}, schedule: { every: "${long}", overlap: "1h" }`,
            byHand,
            { nextRotation: of1970.nextRotation },
        ],
    ];
    const program = (all: typeof cases) => `
const times = {};
${all
    .map(
        ([name, inputs]) => `
{
    const { lastRotation, nextRotation, overlapEnds, ids } = new captions.RotatingWebhook(${JSON.stringify(name)}, {
        url: "${renders.url}/${name}", enabledEvents: ${JSON.stringify(renders.enabledEvents)}, ${inputs},
    });
    const all = { lastRotation, nextRotation, overlapEnds };
    for (const [key, output] of Object.entries(all)) module.exports[${JSON.stringify(name)} + "-" + key] = output;
    times[${JSON.stringify(name)}] = pulumi.all(Object.entries(all).map(([key, output]) =>
        pulumi.all([output, pulumi.isSecret(output)]).apply(([value, isSecret]) => [key, typeof value, isSecret === true].join(" "))));
}`,
    )
    .join("")}
module.exports.kinds = times;`;

    test("gives the names, and with them when they change, wherever it comes from; no preview shows a change of it", async () => {
        const { emulator, stack } = await startProject(program(cases));
        const first = await stack.up();
        expect(first.code).toBe(0);
        const registered = emulator.webhooks.map(({ url }) => url.slice(`${renders.url}/`.length)).sort();
        expect(registered).toEqual(cases.flatMap(([name, , names]) => names.map(() => name)).sort());
        const urns = (await stack.webhooks()).map(({ urn }) => urn.split("::").at(-1)).sort();
        const children = cases.flatMap(([name, , names]) => names.map((generation) => `${name}-${generation}`));
        expect(urns).toEqual(children.sort());

        const times = Object.fromEntries(cases.map(([name, , , expected]) => [name, expected]));
        expect(await timesInState(stack)).toEqual(times);
        const { kinds, ...outputs } = await stack.outputs();
        const flat = cases.flatMap(([name, , , expected]) =>
            Object.entries(expected).map(([key, value]) => [`${name}-${key}`, value]),
        );
        expect(outputs).toEqual(Object.fromEntries(flat));
        const kindsOf = (expected: object) =>
            ["lastRotation", "nextRotation", "overlapEnds"].map(
                (key) => `${key} ${key in expected ? "string" : "undefined"} false`,
            );
        expect(kinds).toEqual(Object.fromEntries(cases.map(([name, , , expected]) => [name, kindsOf(expected)])));

        const preview = await stack.preview("--expect-no-changes");
        expect(preview).toMatchObject({ code: 0, calls: [] });
        expect(preview.text).not.toContain("--outputs:--");
        expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
        expect(await stack.refresh("--expect-no-changes")).toMatchObject({ code: 0, calls: ["list"] });
        expect(await timesInState(stack)).toEqual(times);
    });

    test("can be set, changed and taken out without a call or a change, while the names stay what they are", async () => {
        const named = (schedule: string) => program([["renders", `generations: ["1970-01-01"]${schedule}`, [], {}]]);
        const { stack } = await startProject(named(""));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
        expect(await timesInState(stack)).toEqual({ renders: none });
        for (const [inputs, times] of [
            [named(`, schedule: { every: "${long}", overlap: "1h" }`), of1970],
            [program([["renders", `schedule: { every: "${long}", overlap: "2h" }`, [], {}]]), of1970],
            [
                named(', schedule: { every: "1w", overlap: "1h" }'),
                { ...of1970, nextRotation: "1970-01-08T00:00:00.000Z" },
            ],
            [named(""), none],
        ] as const) {
            stack.program(inputs);
            const preview = await stack.preview("--expect-no-changes");
            expect(preview).toMatchObject({ code: 0, calls: [], operations: { same: 3 } });
            expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
            expect(await timesInState(stack)).toEqual({ renders: times });
        }
    });

    test("rotates and retires as its names do: the state tells when, after each up", async () => {
        const scheduled = (overlap: string) =>
            program([["renders", `schedule: { every: "${long}", overlap: "${overlap}" }`, [], {}]]);
        const { emulator, stack } = await startProject(scheduled(whole));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register", "register"] });
        const [, newest] = emulator.webhooks;
        expect(await timesInState(stack)).toEqual({ renders: inOverlap });
        stack.program(scheduled("1h"));
        expect(await stack.up()).toMatchObject({ code: 0, operations: { delete: 1 }, calls: ["delete"] });
        expect(emulator.webhooks).toEqual([newest]);
        expect(await timesInState(stack)).toEqual({ renders: of1970 });
        expect(await stack.destroy()).toMatchObject({ code: 0, calls: ["delete"] });
    });

    test("that is none is a sentence, before anything is called", async () => {
        const { stack } = await startProject("");
        for (const [inputs, words] of [
            ["", "generations: must be a plain list of strings, not an Output; or set schedule instead"],
            ['schedule: "90d"', "schedule: must be a plain object, like { every:"],
            [
                'schedule: { every: "3m", overlap: "7d" }',
                'schedule.every: must be like "12h", "90d" or "13w", not "3m"',
            ],
            [
                'schedule: { every: "7d", overlap: "1w" }',
                'schedule.overlap: "1w" must be shorter than schedule.every: "7d"',
            ],
            ['schedule: { every: "7d", overlap: "1d", now: "x" }', "schedule.now: unknown property"],
            [
                'schedule: new captions.Webhook("other", { url, enabledEvents }).id.apply((every) => ({ every }))',
                inject("front") === "native"
                    ? "schedule: must be known in a preview"
                    : "schedule: must be a plain object",
            ],
        ] as const) {
            stack.program(`
const { url, enabledEvents } = ${JSON.stringify(renders)};
new captions.RotatingWebhook("renders", { url, enabledEvents, ${inputs} });`);
            const failed = await stack.preview();
            expect(failed.code).not.toBe(0);
            expect(failed.calls).toEqual([]);
            expect(failed.text).toContain(`RotatingWebhook "renders": ${words}`);
        }
    });
});
