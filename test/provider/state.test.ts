import { expect, test } from "vitest";
import { providerText } from "../../provider/dynamic/webhook";

test("the text that every state holds is the one that it has been from the start", () => {
    // It is in its users' states for years: it may never change, and what it requires may never go away.
    expect(providerText).toBe('exports.handler = () => require("pulumi-captions/provider");');
});
