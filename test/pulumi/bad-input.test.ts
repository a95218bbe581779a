import { expect, test } from "vitest";
import { startProject, webhookProgram } from "../support/project";

/** What stands in for a password in the inputs: no message may repeat it. */
const password = "hunter2-9fJ2kQ7x";

test("fourteen invalid inputs are rejected in four previews, each by its property, and nothing is called", async () => {
    // The engine ends a preview at the first resource that is rejected, and shows all that is wrong with it.
    const wrong: readonly Record<string, unknown>[] = [
        { url: `http://user:${password}@a.example/#x`, enabledEvents: [], rotateWhenChanged: "2026-Q4", adopt: "wh 1" },
        {
            url: "https://a.example/\u202e",
            enabledEvents: [["creator.success"]],
            account: "__proto__",
            constructor: "x",
        },
        {
            url: "https://[fe80::1%25eth0]/",
            enabledEvents: "creator.success",
            allowDuplicateUrl: "yes",
            secret: password,
        },
        { url: 5, enabledEvents: [{}] },
    ];
    const { emulator, stack } = await startProject("");
    for (const inputs of wrong) {
        stack.program(webhookProgram(inputs));
        const preview = await stack.preview();
        expect(preview.code).not.toBe(0);
        for (const name of Object.keys(inputs)) expect(preview.text).toMatch(new RegExp(`\\b${name}: \\S`));
        expect(preview.text).not.toContain(password);
        expect(preview.text).not.toMatch(/\u202e|^\s+at .+:\d+:\d+\)?$/m);
    }
    expect(emulator.calls).toEqual([]);
});
