import { describe, expect, test } from "vitest";
import { renders, startProject } from "../../support/project";

describe("generations that are none", () => {
    test("are named in the first line that the user sees, before anything is called", async () => {
        const { stack } = await startProject("");
        const cases: [string, string][] = [
            ["[]", "generations: is empty; name at least one generation, newest first"],
            ['["a", "b", "a"]', 'generations: contains "a" twice'],
            ['["a b"]', "generations: names are strings of at most 100 letters, digits"],
            [`["${"x".repeat(101)}"]`, "generations: names are strings of at most 100 letters, digits"],
            ["[2026]", "generations: names are strings of at most 100 letters, digits"],
            ["undefined", "generations: is required: a plain list of strings; or set schedule instead"],
            ['"2026"', "generations: must be a plain list of strings, not an Output"],
            ['pulumi.output(["a"])', "generations: must be a plain list of strings, not an Output"],
        ];
        // In one program, as it is the constructor that refuses.
        stack.program(`
const cases = [${cases.map(([generations]) => generations).join(", ")}];
module.exports = { messages: cases.map((generations, index) => {
    try {
        new captions.RotatingWebhook("renders-" + index, { ...${JSON.stringify(renders)}, generations });
    } catch (error) {
        return error.name + ": " + error.message;
    }
}) };
try {
    new captions.RotatingWebhook("stray", { ...${JSON.stringify(renders)}, generations: ["a"], adopt: { b: "wh_1" } });
} catch (error) {
    module.exports.stray = error.message;
}`);
        expect(await stack.up()).toMatchObject({ code: 0, calls: [] });
        const { messages, stray } = (await stack.outputs()) as { messages: string[]; stray: string };
        for (const [index, [, message]] of cases.entries()) {
            expect(messages[index]).toContain(`RotatingWebhook "renders-${index}": ${message}`);
        }
        expect(stray).toContain('adopt: names the generation "b", which is not in generations');
        stack.program(`new captions.RotatingWebhook("renders", { ...${JSON.stringify(renders)}, generations: [] });`);
        const failed = await stack.preview();
        expect(failed.code).not.toBe(0);
        expect(failed.text).toContain('RotatingWebhook "renders": generations: is empty');
        expect(failed.text).not.toContain("    at ");
    });
});

test("an input of a Webhook that is not offered, but was always passed on, is passed on: no secret changes for it", async () => {
    const { stack, emulator } = await startProject(`
const shared = { ...${JSON.stringify(renders)}, rotateWhenChanged: { quarter: "2026-Q4" } };
new captions.RotatingWebhook("renders", { ...shared, generations: ["a"] });`);
    expect(await stack.up()).toMatchObject({ code: 0 });
    const [webhook] = await stack.webhooks();
    expect(webhook).toMatchObject({ inputs: { rotateWhenChanged: { quarter: "2026-Q4" } } });
    const before = emulator.webhooks;
    expect(await stack.up()).toMatchObject({ code: 0, calls: [] });
    expect(emulator.webhooks).toEqual(before);
});
