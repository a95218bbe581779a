import { describe, expect, inject, test } from "vitest";
import { renders, startProject } from "../support/project";
import type { Run } from "../support/stack";

/** A webhook with options, all outputs exported, and a resource that comes after it and fails on request. */
const program = (options: Record<string, unknown>, inputs: Record<string, unknown> = {}, fails = false) => `
const webhook = new captions.Webhook("renders", ${JSON.stringify({ ...renders, ...inputs })}, ${JSON.stringify(options)});
module.exports = { id: webhook.id, secret: webhook.secret, secretVersion: webhook.secretVersion };
${fails ? `new captions.Webhook("failing", { url: webhook.id.apply(() => "https://api.example.com/failing"), enabledEvents: ["creator.success"] }, { dependsOn: [webhook] });` : ""}
`;

const replaced = { code: 0, calls: ["list", "register", "delete"] };

describe("a replacement that the program asks for", () => {
    test("by replacementTrigger registers the new webhook, then deletes the old one, and counts its secrets on", async () => {
        const { emulator, stack } = await startProject(program({ replacementTrigger: "2026-Q3" }));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
        const [old] = emulator.webhooks;
        const versions = [1];
        for (const [quarter, inputs, version] of [
            ["2026-Q4", {}, 2],
            ["2027-Q1", { adopt: true }, 3],
            ["2027-Q2", { adopt: old?.id }, 4],
        ] as const) {
            stack.program(program({ replacementTrigger: quarter }, inputs));
            const before = emulator.webhooks;
            const preview = await stack.preview();
            expect(preview).toMatchObject({ code: 0, operations: { replace: 1 }, calls: [] });
            // An id that is not there any more cannot be adopted.
            if (version === 4) stack.program(program({ replacementTrigger: quarter }));
            expect(await stack.up()).toMatchObject({ ...replaced, operations: { replace: 1 } });
            expect(emulator.webhooks).toHaveLength(1);
            expect(emulator.webhooks[0]?.id).not.toBe(before[0]?.id);
            expect(await stack.outputs()).toMatchObject({
                id: emulator.webhooks[0]?.id,
                secret: emulator.webhooks[0]?.secret,
                // The engine does not tell the plugin which version is replaced: the time is larger than any count.
                secretVersion: inject("front") === "native" ? expect.any(Number) : version,
            });
            versions.push(Number((await stack.outputs()).secretVersion));
        }
        expect(versions).toEqual([...new Set(versions)].sort((one, other) => one - other));
        expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
    });

    test("by replaceOnChanges replaces where it would have been changed in place; deleteBeforeReplace turns the order round", async () => {
        const options = { replaceOnChanges: ["url"] };
        const { emulator, stack } = await startProject(program(options));
        await stack.up();
        const [old] = emulator.webhooks;
        stack.program(program(options, { url: "https://api.example.com/other" }));
        expect(await stack.up()).toMatchObject({ ...replaced, operations: { replace: 1 } });
        expect(emulator.webhooks).toMatchObject([{ url: "https://api.example.com/other" }]);
        expect(emulator.webhooks[0]?.id).not.toBe(old?.id);
        // Other inputs are changed in place all the same.
        const events = { url: "https://api.example.com/other", enabledEvents: ["creator.success"] };
        stack.program(program(options, events));
        expect(await stack.up()).toMatchObject({ code: 0, operations: { update: 1 }, calls: ["update"] });
        stack.program(
            program({ ...options, deleteBeforeReplace: true }, { ...events, url: "https://api.example.com/third" }),
        );
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["delete", "list", "register"] });
        expect(await stack.outputs()).toMatchObject({ secretVersion: 4 });
    });

    test("leaves the old webhook until a run has succeeded, and then deletes it", async () => {
        const { emulator, stack } = await startProject(program({ replacementTrigger: 1 }));
        await stack.up();
        const [old] = emulator.webhooks;
        emulator.inject({
            endpoint: "register",
            kind: "error-before",
            status: 422,
            url: "https://api.example.com/failing",
        });
        stack.program(program({ replacementTrigger: 2 }, {}, true));
        expect((await stack.up()).code).not.toBe(0);
        expect(emulator.webhooks).toHaveLength(2);
        expect(emulator.webhooks[0]).toEqual(old);
        const { calls, code } = await stack.up();
        expect({ calls: [...calls].sort(), code }).toEqual({ code: 0, calls: ["delete", "list", "register"] });
        expect(emulator.webhooks.map(({ id }) => id)).not.toContain(old?.id);
        expect(emulator.webhooks).toHaveLength(2);
    });
});

describe("a replacement that the command line asks for", () => {
    const urnOf = async (stack: { webhooks(): Promise<readonly { urn: string }[]> }) =>
        (await stack.webhooks())[0]?.urn ?? "";

    test("(--replace, --target-replace, state taint) is rejected with what to do, and done with --refresh", async () => {
        const { emulator, stack } = await startProject(program({}));
        await stack.up();
        const urn = await urnOf(stack);
        const ways: readonly ((...more: string[]) => Promise<Run>)[] = [
            (...more) => stack.up("--replace", urn, ...more),
            (...more) => stack.up("--target-replace", urn, ...more),
            async (...more) => {
                await stack.run("state", "taint", urn);
                return await stack.up(...more);
            },
        ];
        for (const [index, way] of ways.entries()) {
            const before = emulator.webhooks;
            const failed = await way();
            expect(failed.code).not.toBe(0);
            expect(failed.text).toContain("add `--refresh`");
            expect(failed.calls).toEqual(["list"]);
            expect(emulator.webhooks).toEqual(before);
            expect(await way("--refresh")).toMatchObject(replaced);
            expect(emulator.webhooks).toHaveLength(1);
            expect(emulator.webhooks[0]?.id).not.toBe(before[0]?.id);
            expect(await stack.outputs()).toMatchObject({
                secret: emulator.webhooks[0]?.secret,
                secretVersion: index + 2,
            });
        }
    });

    test.each([false, true])(
        "replaces a generation of a rotating webhook, and no other (distinctUrls: %s)",
        async (distinctUrls) => {
            const rotating = `
const webhook = new captions.RotatingWebhook("renders", ${JSON.stringify({ ...renders, generations: ["b", "a"], distinctUrls })});
module.exports = { secrets: webhook.secrets };
`;
            const { emulator, stack } = await startProject(rotating);
            await stack.up();
            const [oldest, newest] = emulator.webhooks;
            const urns = (await stack.webhooks()).map(({ urn }) => urn);
            const urn = urns.find((one) => one.endsWith("renders-b")) ?? "";
            expect(await stack.up("--refresh", "--replace", urn)).toMatchObject(replaced);
            expect(emulator.webhooks).toHaveLength(2);
            expect(emulator.webhooks[0]).toEqual(oldest);
            expect(emulator.webhooks[1]?.id).not.toBe(newest?.id);
            expect((await stack.outputs()).secrets).toEqual(emulator.webhooks.toReversed().map(({ secret }) => secret));
        },
    );
});

test("a rotating webhook never passes over a webhook that none of its generations has, nor rejects its own with --target", async () => {
    const rotating = (generations: readonly string[]) => `
const webhook = new captions.RotatingWebhook("renders", ${JSON.stringify({ ...renders, generations })});
module.exports = { secrets: webhook.secrets };
`;
    const { emulator, stack } = await startProject(rotating(["a"]));
    await stack.up();
    const urn = (await stack.webhooks())[0]?.urn ?? "";
    stack.program(rotating(["b", "a"]));
    expect(await stack.up("--target", urn.replace("renders-a", "renders-b"))).toMatchObject({
        code: 0,
        calls: ["list", "register"],
    });
    const newest = emulator.webhooks[1];
    // As after a kill in the middle of a create, or by hand.
    expect(await stack.run("state", "delete", urn.replace("renders-a", "renders-b"), "--yes")).toMatchObject({
        code: 0,
    });
    const failed = await stack.up();
    expect(failed.code).not.toBe(0);
    expect(failed.text).toContain(newest?.id);
    expect(emulator.webhooks).toHaveLength(2);
});
