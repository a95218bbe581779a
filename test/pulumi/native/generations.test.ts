import { expect, test } from "vitest";
import { renders, startProject } from "../../support/project";

const rotating = (more: string) =>
    `new captions.RotatingWebhook("renders", { ...${JSON.stringify(renders)}, ${more} });`;

test("what is wrong with generations is a sentence; an id to adopt that is not known yet passes a preview", async () => {
    const { emulator, stack } = await startProject("");
    for (const [more, words] of [
        ["generations: []", "generations: is empty; name at least one generation, newest first"],
        ['generations: ["a"], adopt: { b: "wh_1" }', 'adopt: names the generation "b", which is not in generations'],
        ['generations: ["a"], distinctUrls: "true"', "distinctUrls: must be true or false"],
        ['generations: ["a"], dropAtOnce: 1', "dropAtOnce: must be true or false"],
        ['generations: ["a"], adopt: "wh_1"', 'adopt: must be an object, like { "<generation>": "<id>" }'],
        ['generations: ["a"], account: "eu"', "account: unknown property; there are url, enabledEvents"],
    ] as const) {
        stack.program(rotating(more));
        const failed = await stack.preview();
        expect(failed.code).not.toBe(0);
        expect(failed.text).toContain(`RotatingWebhook "renders": ${words}`);
    }
    const { id } = emulator.register(renders);
    stack.program(`
const first = new captions.Webhook("first", ${JSON.stringify({ ...renders, url: `${renders.url}/first` })});
${rotating(`generations: ["a"], adopt: { a: first.id.apply(() => "${id}") }`)}`);
    expect(await stack.preview()).toMatchObject({ code: 0, calls: [] });
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
    expect(emulator.webhooks).toHaveLength(2);
});

test("the package names no version of the plugin: whatever its version, what is new and what is dropped belong in one process", async () => {
    const { emulator, stack } = await startProject(rotating('generations: ["a"], distinctUrls: true'));
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
    const providers = (await stack.resources()).flatMap(({ provider }) => provider ?? []);
    expect(providers).toEqual([expect.stringContaining("pulumi:providers:captions::default::")]);
    stack.program(rotating('generations: ["b"], distinctUrls: true'));
    expect(await stack.up()).toMatchObject({ calls: ["list", "register"] });
    expect(emulator.webhooks).toHaveLength(2);
});
