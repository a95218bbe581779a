import { expect, test } from "vitest";
import { startProject } from "../support/project";

/** Inputs of each kind that a user may make a Pulumi secret, with a text in each that is found again. */
const program = (round: number, keeps = true) => `
const webhook = new captions.Webhook("renders", {
    url: pulumi.secret("https://hooks.example.com/UrlToken${round}"),
    enabledEvents: pulumi.secret(["creator.success"]),
    rotateWhenChanged: ${keeps ? `{ plain: "p", hidden: pulumi.secret("KeeperToken${round}") }` : '{ plain: "p" }'},
});
module.exports = { id: webhook.id };
`;

test("secret inputs are in no state in clear and on no screen, not even where a run ends half-way", async () => {
    const { emulator, stack } = await startProject(program(1), { env: { CAPTIONS_CALL_TIMEOUT_SECONDS: "1" } });
    const texts: string[] = [];
    const note = async (run: { text: string }) => {
        texts.push(run.text, JSON.stringify(await stack.resources()));
    };
    const searched = () => {
        for (const text of texts) expect(text).not.toMatch(/UrlToken|KeeperToken/);
    };
    const created = await stack.up();
    expect(created).toMatchObject({ code: 0, calls: ["list", "register"] });
    await note(created);
    searched();
    // Of unknown outcome, then done in part; from one secret to another, and to none.
    for (const [index, meddle] of [
        () => emulator.inject({ endpoint: "update", kind: "error-before", status: 504 }),
        () => emulator.behave({ ignoredFields: ["url"] }),
    ].entries()) {
        meddle();
        stack.program(program(index + 2, index === 0));
        const halfWay = await stack.up();
        expect(halfWay.code).not.toBe(0);
        await note(halfWay);
        emulator.behave({ ignoredFields: [] });
        await note(await stack.refresh());
        expect(await stack.up()).toMatchObject({ code: 0 });
        searched();
    }
    expect(texts.join()).toContain("ciphertext");
    expect(emulator.webhooks).toMatchObject([{ url: "https://hooks.example.com/UrlToken3" }]);
});
