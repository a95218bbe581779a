import { expect, test } from "vitest";
import { expectNoTrace } from "../support/no-trace";
import { renders, startDeployed, startProject, webhookProgram } from "../support/project";

test("two resources of a program that adopt one webhook are an error, whichever comes first, and none of them loses it", async () => {
    const { emulator, stack } = await startProject("");
    const { id } = emulator.register(renders);
    const inputs = JSON.stringify({ ...renders, adopt: id });
    const two = `new captions.Webhook("one", ${inputs}); new captions.Webhook("two", ${inputs});`;
    stack.program(two);
    const both = await stack.up();
    expect(both.code).not.toBe(0);
    expect(both.text).toContain(`${id} is claimed by two resources`);
    expectNoTrace(both.text);
    const [saved, ...others] = await stack.webhooks();
    expect(others).toEqual([]);
    const first = String(saved?.urn).endsWith("one") ? "one" : "two";
    const second = first === "one" ? "two" : "one";
    // In the order in which the engine sees to them: first the one that the state has.
    stack.program(`
const first = new captions.Webhook("${first}", ${inputs});
new captions.Webhook("${second}", ${inputs}, { dependsOn: first });`);
    const later = await stack.up();
    expect(later.code).not.toBe(0);
    expect(later.text).toContain(id);
    expect(await stack.webhooks()).toHaveLength(1);
    // The other way round it has adopted the webhook before anybody tells the provider whose it is. Whichever stays in
    // the program then, the one that was saved before or the other, has the webhook as it was.
    const before = emulator.webhooks;
    for (const [has, adopts] of [
        [first, second],
        [second, first],
    ]) {
        stack.program(`
const adopts = new captions.Webhook("${adopts}", ${inputs});
new captions.Webhook("${has}", ${inputs}, { dependsOn: adopts });`);
        const reversed = await stack.up();
        expect(reversed.code).not.toBe(0);
        expect(reversed.text).toContain(`${id} is claimed by two resources`);
        expect(await stack.webhooks()).toMatchObject([{ id }, { id }]);
        stack.program(`new captions.Webhook("${second}", ${inputs});`);
        expect(await stack.up()).toMatchObject({ code: 0 });
        expect(await stack.webhooks()).toMatchObject([{ id }]);
    }
    expect(emulator.webhooks).toEqual(before);
    expect(emulator.countCalls("delete")).toBe(0);
    expect(emulator.countCalls("update")).toBe(0);
});

test("a resource that is renamed keeps its webhook with `adopt: true`", async () => {
    const { emulator, stack } = await startDeployed(webhookProgram(renders));
    const webhooks = emulator.webhooks;
    stack.program(webhookProgram({ ...renders, adopt: true }, "after"));
    const renamed = await stack.up();
    expect(renamed).toMatchObject({ code: 0, calls: ["list"], operations: { create: 1, delete: 1 } });
    expect(emulator.webhooks).toEqual(webhooks);
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
});
