import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renders, startProject } from "../../support/project";

const program = (inputs: object, id: string) =>
    `new captions.Webhook("legacy", ${JSON.stringify(inputs)}, { import: ${JSON.stringify(id)} });`;

test("the option takes the secret and changes nothing: one /list in the preview and one in the up, and no change afterwards", async () => {
    const { emulator, stack } = await startProject("");
    const { id, secret } = emulator.register(renders);
    stack.program(program(renders, id));
    expect(await stack.preview()).toMatchObject({ code: 0, operations: { import: 1 }, calls: ["list"] });
    expect(await stack.up()).toMatchObject({ code: 0, operations: { import: 1 }, calls: ["list"] });
    const [saved] = await stack.webhooks();
    expect(saved).toMatchObject({ id, outputs: { secret: { ciphertext: expect.any(String) }, secretVersion: 1 } });
    // With the option and without it.
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
    stack.program(`
const webhook = new captions.Webhook("legacy", ${JSON.stringify(renders)});
module.exports = { secret: webhook.secret };`);
    expect(await stack.up()).toMatchObject({ code: 0, calls: [] });
    expect(await stack.outputs()).toEqual({ secret });
    // From now on it is like any other.
    emulator.rotate(id);
    expect(await stack.refresh()).toMatchObject({ code: 0, operations: { update: 1 }, calls: ["list"] });
    expect(await stack.destroy()).toMatchObject({ code: 0, calls: ["delete"] });
});

test("inputs that differ are refused with both shown, in preview and up, as the update that would follow rotates", async () => {
    const { emulator, stack } = await startProject("");
    const { id } = emulator.register(renders);
    for (const [inputs, words] of [
        [
            { ...renders, url: "https://api.example.com/other?token=abc" },
            ["`url` has another path or query at the API than in the program (both on api.example.com)"],
        ],
        [
            { ...renders, enabledEvents: ["creator.success"] },
            [
                '`enabledEvents` is ["creator.success","creator.failure"] at the API',
                '["creator.success"] in the program',
            ],
        ],
        [{ ...renders, rotateWhenChanged: { a: "1" } }, ["`rotateWhenChanged` is set in the program"]],
    ] as const) {
        stack.program(program(inputs, id));
        for (const run of [await stack.preview(), await stack.up()]) {
            expect(run.code).not.toBe(0);
            for (const word of words) expect(run.text).toContain(word);
            expect(run.text).not.toContain("will be rotated");
        }
    }
    // Also once it is in the state: only a program that declares it as it is frees it for changes.
    stack.program(program({ ...renders, enabledEvents: ["creator.success"] }, id));
    expect(await stack.up()).toMatchObject({ calls: [] });
    expect((await stack.refresh()).code).toBe(0);
    expect(emulator.webhooks).toMatchObject([{ id }]);
    // Another spelling is no difference.
    stack.program(
        program(
            { url: "HTTPS://api.example.com/hooks/captions", enabledEvents: renders.enabledEvents.toReversed() },
            id,
        ),
    );
    expect(await stack.up()).toMatchObject({ code: 0, calls: [] });
    stack.program(program({ ...renders, enabledEvents: ["creator.success"] }, id));
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["update"] });
});

test("the command imports one, and a file many; the program that follows has no change", async () => {
    const { emulator, stack } = await startProject("");
    const ids = Array.from(
        { length: 3 },
        (_, index) => emulator.register({ ...renders, url: `${renders.url}/${index}` }).id,
    );
    const [first = "", ...others] = ids;
    const one = await stack.run("import", "captions:index:Webhook", "w0", first, "--yes", "--generate-code=false");
    expect(one.text).toContain("= 1 imported");
    expect(one.calls).toEqual(["list", "list"]);
    const file = join(stack.folder, "import.json");
    const resources = others.map((id, index) => ({ type: "captions:index:Webhook", name: `w${index + 1}`, id }));
    writeFileSync(file, JSON.stringify({ resources }));
    const many = await stack.run(
        "import",
        "--file",
        file,
        "--yes",
        "--skip-preview",
        "--generate-code=false",
        "--protect=false",
    );
    expect(many.text).toContain("= 2 imported");
    expect(many.calls).toEqual(["list"]);
    stack.program(
        ids
            .map(
                (_, index) =>
                    `new captions.Webhook("w${index}", ${JSON.stringify({ ...renders, url: `${renders.url}/${index}` })}, { protect: ${index === 0} });`,
            )
            .join("\n"),
    );
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
});

test("an id that is not there says so", async () => {
    const { stack } = await startProject(program(renders, "wh_none"));
    const failed = await stack.up();
    expect(failed.code).not.toBe(0);
    expect(failed.text).toContain("Webhook wh_none: there is no webhook with this id. Check the id and the account.");
    expect(failed.calls).toEqual(["list"]);
});
