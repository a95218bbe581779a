import { describe, expect, inject, test } from "vitest";
import type { Emulator, RegisteredWebhook } from "../../emulator";
import { once } from "../support/once";
import { onlyUnchanged, renders, startDeployed, startProject } from "../support/project";
import type { Stack } from "../support/stack";

interface Args {
    readonly url?: string;
    readonly enabledEvents?: readonly string[];
    readonly generations: unknown;
    readonly distinctUrls?: boolean;
    readonly adopt?: Record<string, string | boolean>;
}

/** Rotating webhooks with all their outputs exported, and a resource of the same program that is given the secrets. */
const families = (all: Readonly<Record<string, Args>>) =>
    Object.entries(all)
        .map(
            ([name, args]) => `{
const webhook = new captions.RotatingWebhook("${name}", ${JSON.stringify({ ...renders, url: urlOf(name), ...args })});
const { secret, secrets, ids } = webhook;
exports["${name}"] = {
    secret, secrets, ids,
    marked: pulumi.all([secret, secrets].map((output) => pulumi.isSecret(output))),
    names: [...(webhook.webhooks ?? new Map(${JSON.stringify(args.generations)}.map((name) => [name, name]))).keys()],
};
pulumi.all([secrets]).apply(([known]) => console.log("the receivers of ${name} get " + known.length + " secrets."));
}`,
        )
        .join("\n");
const urlOf = (name: string) => `${renders.url}/${name}`;
const rotating = (args: Args) => families({ renders: { url: renders.url, ...args } });

/** What the outputs of a family are. */
interface Outputs {
    readonly secret: string;
    readonly secrets: readonly string[];
    readonly ids: readonly string[];
    readonly marked: readonly boolean[];
    readonly names: readonly string[];
}

const outputsOf = async (stack: Stack) => (await stack.outputs()) as Readonly<Record<string, Outputs>>;
const secretsOf = async (stack: Stack) => (await outputsOf(stack)).renders?.secrets;

/** What the state has of the times of each rotating webhook, by its name. */
async function timesInState(stack: Stack): Promise<Record<string, unknown>> {
    const components = (await stack.resources()).filter(({ type }) => type === "captions:index:RotatingWebhook");
    return Object.fromEntries(
        components.map(({ urn, outputs: { secret, secrets, ids, ...times } }) => [urn.split("::").at(-1), times]),
    );
}

const newestFirst = (emulator: Emulator) => emulator.webhooks.toReversed();

/** The webhooks of a family, the oldest first. */
const those = (webhooks: readonly RegisteredWebhook[], name: string) =>
    webhooks.filter(({ url }) => [urlOf(name), name === "moved" ? moved.url : undefined].includes(url));

const moved = { url: "https://new.example.com/hooks", enabledEvents: ["creator.failure"] };
const before = {
    plain: { generations: ["2026-08"] },
    moved: { generations: ["a"] },
    nightly: { generations: ["b", "a"] },
    "in-place": { generations: ["b", "a"] },
};
/** The resources that never change: the stack, and the four families themselves. */
const others = 1 + Object.keys(before).length;

describe("a rotation", () => {
    const played = once(async () => {
        const { emulator, stack, up: first } = await startDeployed(families(before));
        const at = [emulator.webhooks];
        const rotated = {
            plain: { generations: ["2026-11", "2026-08"] },
            moved: { ...moved, generations: ["b", "a"] },
            nightly: { generations: ["c", "b"] },
            "in-place": { generations: ["b", "a"], enabledEvents: ["creator.success"] },
        };
        stack.program(families(rotated));
        const preview = await stack.preview();
        const rotation = await stack.up();
        at.push(emulator.webhooks);
        const outputs = [await outputsOf(stack)];
        const masked = JSON.parse((await stack.run("stack", "output", "--json")).stdout);
        const again = await stack.up("--expect-no-changes");
        stack.program(
            families({ ...rotated, plain: { generations: ["2026-11"] }, moved: { ...moved, generations: ["b"] } }),
        );
        const drop = await stack.up();
        at.push(emulator.webhooks);
        outputs.push(await outputsOf(stack));
        const runs = { first, preview, rotation, again, drop, destroy: await stack.destroy() };
        const of = (name: string) => at.map((webhooks) => those(webhooks, name));
        return { runs, of, outputs, masked, left: emulator.webhooks };
    });

    test("registers one more webhook beside the old one, then deletes the old one; nothing is ever updated", async () => {
        const { runs, of, outputs, masked, left } = await played();
        const registers = Object.values(before).flatMap(({ generations }) => generations.map(() => "register"));
        expect(runs.first).toMatchObject({ code: 0, calls: ["list", ...registers] });
        // Three new generations, and what is told of `nightly` and `in-place` below.
        const operations = { create: 3, update: 1, delete: 1, same: others + 4 };
        expect(runs.preview).toMatchObject({ code: 0, operations, calls: [] });
        expect(runs.preview.text).not.toContain("the receivers of plain get");
        expect(runs.rotation).toMatchObject({ code: 0, operations });
        expect([...runs.rotation.calls].sort()).toEqual([
            "delete",
            "list",
            "register",
            "register",
            "register",
            "update",
        ]);
        const [[old] = [], both = [], last] = of("plain");
        const settings = { ...renders, url: urlOf("plain") };
        expect(both).toEqual([old, { ...settings, id: expect.any(String), secret: expect.any(String) }]);
        const [, newest] = both;
        expect(newest?.secret).not.toBe(old?.secret);
        expect(outputs[0]?.plain).toEqual({
            secret: newest?.secret,
            secrets: [newest?.secret, old?.secret],
            ids: [newest?.id, old?.id],
            marked: [true, true],
            names: ["2026-11", "2026-08"],
        });
        expect(masked.plain).toMatchObject({
            secret: "[secret]",
            secrets: "[secret]",
            ids: [newest?.id, old?.id],
        });
        expect(runs.again).toMatchObject({ code: 0, calls: [] });

        expect(runs.drop).toMatchObject({ code: 0, operations: { delete: 2 }, calls: ["delete", "delete"] });
        expect(runs.drop.operations).not.toHaveProperty("update");
        expect(runs.drop.text).toContain("the receivers of plain get 1 secrets.");
        expect(last).toEqual([newest]);
        expect(outputs[1]?.plain).toMatchObject({ secret: newest?.secret, secrets: [newest?.secret] });
        expect(runs.destroy).toMatchObject({ code: 0, calls: Array.from({ length: 6 }, () => "delete") });
        expect(left).toEqual([]);
    });

    test("can carry another URL and other events: the old webhook keeps what it has, the new one has the new", async () => {
        const [[old] = [], ...after] = (await played()).of("moved");
        expect(after).toMatchObject([[old, moved], [moved]]);
    });

    test("that is dropped and prepended in one up, as a nightly up may do, is one register and one delete", async () => {
        const [[, kept] = [], after] = (await played()).of("nightly");
        expect(after).toMatchObject([kept ?? {}, { ...renders, url: urlOf("nightly") }]);
    });

    test("is not made by a change without a new generation: that is made in place, of the newest webhook only, whose secret is rotated at once", async () => {
        const { of, outputs } = await played();
        const [[old, newest] = [], after = []] = of("in-place");
        expect(after).toMatchObject([old ?? {}, { id: newest?.id, enabledEvents: ["creator.success"] }]);
        expect(after[0]).toEqual(old);
        expect(after[1]?.secret).not.toBe(newest?.secret);
        expect(outputs[0]?.["in-place"]?.secrets).toEqual(after.toReversed().map(({ secret }) => secret));
    });
});

test("a refresh is one call, and shows no drift; the next up repairs drift of any generation, and registers one that was deleted elsewhere", async () => {
    const { emulator, stack } = await startDeployed(families(before));
    expect(await stack.refresh("--expect-no-changes")).toMatchObject({ code: 0, calls: ["list"] });
    const drifted = those(emulator.webhooks, "nightly");
    for (const { id } of drifted) emulator.update(id, { url: "https://elsewhere.example.com/" });
    const [old, newest] = those(emulator.webhooks, "in-place");
    emulator.remove(old?.id ?? "");
    const untouched = [newest, ...those(emulator.webhooks, "plain"), ...those(emulator.webhooks, "moved")];
    expect(await stack.refresh()).toMatchObject({ code: 0, operations: { update: 2, delete: 1 }, calls: ["list"] });
    const preview = await stack.preview();
    expect(preview).toMatchObject({ code: 0, operations: { update: 2, create: 1 }, calls: [] });
    for (const { id } of drifted) {
        expect(preview.text).toContain(`(${id}): its secret will be rotated by this change of url`);
    }
    const up = await stack.up();
    expect(up).toMatchObject({ code: 0, operations: { update: 2, create: 1 } });
    expect([...up.calls].sort()).toEqual(["list", "register", "update", "update"]);
    const repaired = those(emulator.webhooks, "nightly");
    expect(repaired.map(({ id }) => id)).toEqual(drifted.map(({ id }) => id));
    expect(emulator.webhooks).toEqual(expect.arrayContaining(untouched));
    expect(emulator.webhooks).toHaveLength(drifted.length + untouched.length + 1);
    const outputs = await outputsOf(stack);
    expect(outputs.nightly?.secrets).toEqual(repaired.toReversed().map(({ secret }) => secret));
    const registered = those(emulator.webhooks, "in-place").at(-1);
    expect(outputs["in-place"]?.secrets).toEqual([newest?.secret, registered?.secret]);
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
});

describe("an API that takes only one webhook for a URL", () => {
    test.each(["refused", "merged", "merged-new-secret"] as const)(
        "(%s) is recognised, and no secret is lost; `distinctUrls: true` is the way on",
        async (duplicateUrls) => {
            const { emulator, stack } = await startDeployed(rotating({ generations: ["a"] }));
            emulator.behave({ duplicateUrls });
            stack.program(rotating({ generations: ["b", "a"] }));
            const failed = await stack.up();
            expect(failed.code).not.toBe(0);
            expect(failed.calls).toEqual(["list", "register"]);
            expect(failed.text).toContain("`distinctUrls: true`");
            expect(emulator.webhooks).toHaveLength(1);

            // Whatever the API has done to the old one: after a refresh its secret is at hand, so that receivers can
            // have it.
            const [old] = emulator.webhooks;
            stack.program(rotating({ generations: ["b", "a"], distinctUrls: true }));
            expect(await stack.up("--refresh")).toMatchObject({ code: 0, calls: ["list", "register"] });
            expect(emulator.webhooks).toMatchObject([old ?? {}, { url: `${renders.url}?generation=b` }]);
            expect(await secretsOf(stack)).toEqual(newestFirst(emulator).map(({ secret }) => secret));
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
    test("takes over a webhook that was registered by hand, or a plain Webhook (adopt: true, or its id), without a rotation, and rotates from there", async () => {
        const plain = ["by-url", "by-id"]
            .map((name) => `new captions.Webhook("${name}", ${JSON.stringify({ ...renders, url: urlOf(name) })});`)
            .join("\n");
        const { emulator, stack } = await startDeployed(plain);
        const [byUrl, byId] = ["by-url", "by-id"].map((name) => those(emulator.webhooks, name)[0]);
        const byHand = emulator.register({ ...renders, url: urlOf("by-hand") });
        const webhooks = emulator.webhooks;
        const adopting = {
            "by-url": { generations: ["first"], adopt: { first: true } },
            "by-id": { generations: ["first"], adopt: { first: byId?.id ?? "" } },
            "by-hand": { generations: ["by-hand"], adopt: { "by-hand": byHand.id } },
        };
        stack.program(families(adopting));
        const adopted = await stack.up();
        expect(adopted, adopted.text).toMatchObject({ code: 0, calls: ["list"] });
        const told = adopted.text.matchAll(/(wh_\w+) was not deleted, because another resource of this program has/g);
        expect(new Set([...told].map(([, id]) => id))).toEqual(new Set([byUrl?.id, byId?.id]));
        expect(emulator.webhooks).toEqual(webhooks);
        const outputs = await outputsOf(stack);
        for (const [name, { id, secret } = { id: "", secret: "" }] of Object.entries({
            "by-url": byUrl,
            "by-id": byId,
            "by-hand": byHand,
        })) {
            expect(outputs[name]).toMatchObject({ secrets: [secret], ids: [id] });
        }
        const rotated = {
            "by-url": { generations: ["first"] },
            "by-id": { generations: ["first"] },
            "by-hand": { generations: ["2026-11", "by-hand"] },
        };
        stack.program(families(rotated));
        const rotation = await stack.up();
        expect(rotation).toMatchObject({ code: 0, operations: { create: 1 }, calls: ["list", "register"] });
        expect(Object.keys(rotation.operations).sort()).toEqual(["create", "same"]);
        expect(emulator.webhooks.slice(0, -1)).toEqual(webhooks);
        const newest = emulator.webhooks.at(-1);
        expect(newest?.url).toBe(byHand.url);
        expect((await outputsOf(stack))["by-hand"]?.secrets).toEqual([newest?.secret, byHand.secret]);
        expect(await stack.webhooks()).toHaveLength(4);
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
        expect(await secretsOf(stack)).toEqual([emulator.webhooks[1]?.secret, byHand.secret]);
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
        const { emulator, stack } = await startDeployed(program(cases));
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

        const again = await stack.previewAndUp("--diff", "--expect-no-changes");
        expect(again).toMatchObject({ code: 0, calls: [] });
        expect(again.preview).toMatch(onlyUnchanged);
        expect(again.preview).not.toContain("--outputs:--");
        expect(await stack.refresh("--expect-no-changes")).toMatchObject({ code: 0, calls: ["list"] });
        expect(await timesInState(stack)).toEqual(times);
    });

    test("can be set, changed and taken out without a call or a change, while the names stay what they are", async () => {
        const names = 'generations: ["1970-01-01"]';
        const schedule = (every: string, overlap = "1h") => `schedule: { every: "${every}", overlap: "${overlap}" }`;
        const weekly = { ...of1970, nextRotation: "1970-01-08T00:00:00.000Z" };
        const steps = [
            ["set", [names, none], [`${names}, ${schedule(long)}`, of1970]],
            ["instead", [`${names}, ${schedule(long)}`, of1970], [schedule(long, "2h"), of1970]],
            ["back", [schedule(long, "2h"), of1970], [`${names}, ${schedule("1w")}`, weekly]],
            ["out", [`${names}, ${schedule("1w")}`, weekly], [names, none]],
        ] as const;
        const inputsAt = (step: 1 | 2) => program(steps.map((one) => [one[0], one[step][0], [], {}]));
        const timesAt = (step: 1 | 2) => Object.fromEntries(steps.map((one) => [one[0], one[step][1]]));
        const { stack } = await startProject(inputsAt(1));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", ...steps.map(() => "register")] });
        expect(await timesInState(stack)).toEqual(timesAt(1));
        stack.program(inputsAt(2));
        const changed = await stack.previewAndUp("--expect-no-changes");
        expect(changed).toMatchObject({ code: 0, calls: [], operations: { same: 2 * steps.length + 1 } });
        expect(changed.preview).toMatch(onlyUnchanged);
        expect(await timesInState(stack)).toEqual(timesAt(2));
    });

    test("rotates and retires as its names do: the state tells when, after each up", async () => {
        const { emulator, stack } = await startDeployed(program(cases));
        const webhooks = emulator.webhooks;
        const shorter = cases.map(([name, inputs, ...others]): (typeof cases)[number] => [
            name,
            name === "overlap" ? inputs.replace(whole, "1h") : inputs,
            ...others,
        ]);
        stack.program(program(shorter));
        expect(await stack.up()).toMatchObject({ code: 0, operations: { delete: 1 }, calls: ["delete"] });
        // The oldest of the two that overlap.
        const gone = webhooks.find(({ url }) => url === urlOf("overlap"));
        expect(emulator.webhooks).toEqual(webhooks.filter((webhook) => webhook !== gone));
        expect(await timesInState(stack)).toMatchObject({ overlap: of1970 });
        expect((await timesInState(stack)).overlap).toEqual(of1970);
        expect(await stack.destroy()).toMatchObject({ code: 0, calls: webhooks.slice(1).map(() => "delete") });
    });

    test("that is none is a sentence, before anything is called", async () => {
        const { stack } = await startProject("");
        for (const [inputs, words] of [
            ["", "generations: is required: a plain list of strings; or set schedule instead"],
            ['shedule: { every: "90d", overlap: "7d" }', "shedule: unknown property; there are url, enabledEvents"],
            ['generations: ["a"], distinctUrl: true', "distinctUrl: unknown property; there are url, enabledEvents"],
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
