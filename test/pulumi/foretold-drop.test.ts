import { expect, test } from "vitest";
import { renders, startProject } from "../support/project";

const rotating = (generations: readonly string[], args = "") => `
new captions.RotatingWebhook("renders", { ...${JSON.stringify(renders)}, generations: ${JSON.stringify(generations)}, ${args} });
`;

test("a preview with --refresh says that the run would keep the last generation that receivers know, or delete it at once", async () => {
    const { emulator, stack } = await startProject(rotating(["a"]));
    await stack.up();
    const [{ id } = { id: "" }] = emulator.webhooks;
    const foretold = async (program: string) => {
        stack.program(program);
        const preview = await stack.preview("--refresh");
        expect(preview).toMatchObject({ code: 0, calls: ["list"] });
        return preview.text;
    };
    expect(await foretold(rotating(["b"]))).toContain(`The run that registers it keeps ${id}, and fails`);
    expect(await foretold(rotating(["b"], "dropAtOnce: true"))).toContain(`${id} will be deleted in the run that`);
    for (const harmless of [rotating(["a"]), rotating(["b", "a"])]) {
        expect(await foretold(harmless)).not.toMatch(/keeps wh_|will be deleted/);
    }
});
