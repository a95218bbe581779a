import { expect, test } from "vitest";
import { expectNoTrace } from "../support/no-trace";
import { renders, startDeployed, startProject, webhookProgram } from "../support/project";

test("two resources of a program that adopt one webhook are an error, and so is a second one later", async () => {
    const { emulator, stack } = await startProject("");
    const { id } = emulator.register(renders);
    const inputs = JSON.stringify({ ...renders, adopt: id });
    const two = `new captions.Webhook("one", ${inputs}); new captions.Webhook("two", ${inputs});`;
    stack.program(two);
    const both = await stack.up();
    expect(both.code).not.toBe(0);
    expect(both.text).toContain(`${id} is claimed by two resources`);
    expectNoTrace(both.text);
    expect(await stack.webhooks()).toHaveLength(1);
    const later = await stack.up();
    expect(later.code).not.toBe(0);
    expect(later.text).toContain(id);
    expect(await stack.webhooks()).toHaveLength(1);
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
