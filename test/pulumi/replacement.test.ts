import { describe, expect, inject, test } from "vitest";
import { renders, startDeployed, startProject, webhookProgram } from "../support/project";
import type { Run } from "../support/stack";

/** A webhook with options, all outputs exported, and a resource that comes after it and fails on request. */
const program = (options: Record<string, unknown>, inputs: Record<string, unknown> = {}, fails = false) => `
const webhook = new captions.Webhook("renders", ${JSON.stringify({ ...renders, ...inputs })}, ${JSON.stringify(options)});
module.exports = { id: webhook.id, secret: webhook.secret, secretVersion: webhook.secretVersion };
${fails ? `new captions.Webhook("failing", { url: webhook.id.apply(() => "https://api.example.com/failing"), enabledEvents: ["creator.success"] }, { dependsOn: [webhook] });` : ""}
`;

const replaced = { code: 0, calls: ["list", "register", "delete"] };

describe("a replacement that the program asks for", () => {
    test("by replacementTrigger registers the new webhooks, then deletes the old ones, and counts their secrets on", async () => {
        const names = ["plain", "adopting", "by-id"] as const;
        const all = (trigger: string, inputs: Partial<Record<(typeof names)[number], object>> = {}) =>
            names
                .map((name) => {
                    const args = { ...renders, url: `${renders.url}/${name}`, ...inputs[name] };
                    return `{
const webhook = new captions.Webhook("${name}", ${JSON.stringify(args)}, { replacementTrigger: "${trigger}" });
exports["${name}"] = { id: webhook.id, secret: webhook.secret, secretVersion: webhook.secretVersion };
}`;
                })
                .join("\n");
        const outputsOf = async () =>
            (await stack.outputs()) as Record<string, { id: string; secret: string; secretVersion: number }>;
        const { emulator, stack } = await startProject(all("2026-Q3"));
        expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", ...names.map(() => "register")] });
        const first = await outputsOf();
        const adopt = { adopting: { adopt: true }, "by-id": { adopt: first["by-id"]?.id } };
        stack.program(all("2026-Q4", adopt));
        const preview = await stack.preview();
        expect(preview).toMatchObject({ code: 0, operations: { replace: names.length }, calls: [] });
        let before = first;
        for (const [quarter, inputs, version] of [
            // An id that is not there any more cannot be adopted.
            ["2026-Q4", { adopting: { adopt: true } }, 2],
            ["2027-Q1", {}, 3],
        ] as const) {
            stack.program(all(quarter, inputs));
            expect(await stack.up()).toMatchObject({
                code: 0,
                calls: ["list", ...names.map(() => "register"), ...names.map(() => "delete")],
                operations: { replace: names.length },
            });
            const after = await outputsOf();
            const pairs = names.map((name) => ({ id: after[name]?.id, secret: after[name]?.secret }));
            const byId = (one: { id?: string }, other: { id?: string }) => (one.id ?? "").localeCompare(other.id ?? "");
            expect(emulator.webhooks.map(({ id, secret }) => ({ id, secret })).sort(byId)).toEqual(pairs.sort(byId));
            for (const name of names) {
                expect(after[name]?.id).not.toBe(before[name]?.id);
                // The engine does not tell the plugin which version is replaced: the time is larger than any count.
                if (inject("front") === "dynamic") expect(after[name]?.secretVersion).toBe(version);
                expect(after[name]?.secretVersion).toBeGreaterThan(before[name]?.secretVersion ?? Number.NaN);
            }
            before = after;
        }
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
        const { emulator, stack } = await startDeployed(webhookProgram(renders));
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

    test("replaces a generation of a rotating webhook, and no other (with distinctUrls and without)", async () => {
        const { emulator, stack } = await startProject(
            [false, true]
                .map((distinctUrls) => {
                    const url = `${renders.url}/${distinctUrls}`;
                    const args = JSON.stringify({ ...renders, url, generations: ["b", "a"], distinctUrls });
                    return `exports["${distinctUrls}"] = new captions.RotatingWebhook("${distinctUrls}", ${args}).secrets;`;
                })
                .join("\n"),
        );
        await stack.up();
        const of = (distinctUrls: boolean) =>
            emulator.webhooks.filter(({ url }) => url.startsWith(`${renders.url}/${distinctUrls}`));
        const before = [of(false), of(true)];
        const urns = (await stack.webhooks()).map(({ urn }) => urn).filter((urn) => urn.endsWith("-b"));
        expect(urns).toHaveLength(2);
        expect(await stack.up("--refresh", ...urns.flatMap((urn) => ["--replace", urn]))).toMatchObject({
            code: 0,
            calls: ["list", "register", "register", "delete", "delete"],
        });
        const outputs = await stack.outputs();
        for (const [index, distinctUrls] of [false, true].entries()) {
            const [oldest, newest] = before[index] ?? [];
            const after = of(distinctUrls);
            expect(after).toHaveLength(2);
            expect(after[0]).toEqual(oldest);
            expect(after[1]?.id).not.toBe(newest?.id);
            expect(outputs[String(distinctUrls)]).toEqual(after.toReversed().map(({ secret }) => secret));
        }
    });
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
