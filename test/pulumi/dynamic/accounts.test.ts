import { expect, test } from "vitest";
import { renders, startDeployed, startProject, webhookProgram } from "../../support/project";

test("another account is a replacement: registered in the new one before it is deleted in the old one", async () => {
    const { emulator, stack } = await startDeployed(webhookProgram(renders));
    const old = emulator.webhooks[0];
    const other = await startProject("");
    const accounts = { eu: { apiKey: other.emulator.apiKey, baseUrl: other.emulator.baseUrl } };
    stack.setSecret("captions:accounts", JSON.stringify(accounts));
    stack.program(webhookProgram({ ...renders, account: "eu" }));
    const replaced = await stack.up();
    expect(replaced).toMatchObject({ code: 0, operations: { replace: 1 }, calls: ["delete"] });
    expect(other.emulator.calls.map(({ endpoint }) => endpoint)).toEqual(["list", "register"]);
    expect(other.emulator.calls.at(-1)?.at).toBeLessThanOrEqual(emulator.calls.at(-1)?.at ?? 0);
    expect(emulator.webhooks).toEqual([]);
    expect(await stack.outputs()).toMatchObject({ secret: other.emulator.webhooks[0]?.secret });
    expect((await stack.outputs()).id).not.toBe(old?.id);
    const [saved] = await stack.webhooks();
    expect(saved?.outputs.account).toBe("eu");
    expect(await stack.destroy()).toMatchObject({ code: 0 });
    expect(other.emulator.webhooks).toEqual([]);
});
