import { describe, expect, test } from "vitest";
import type { Emulator } from "../../emulator";
import { renders, startProject, webhookProgram } from "../support/project";

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

    test("a generation that was deleted elsewhere is registered anew, and none of the others is touched", async () => {
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
