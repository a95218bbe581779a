import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Emulator } from "../../emulator";
import { copyExample, temporaryFolder } from "./support/examples";
import { startAws } from "./support/moto";
import { emulatorForTest, Project } from "./support/project";

/** The secrets of all webhooks that there are, newest first, as a store has to hold them. */
function live(emulator: Emulator): string {
    return JSON.stringify(emulator.webhooks.map(({ secret }) => secret).reverse());
}

test("the value in AWS Secrets Manager, written by another stack, is the live list after everything that changes it", {
    timeout: 480_000,
}, async () => {
    const [aws, emulator] = await Promise.all([startAws(), emulatorForTest()]);
    const home = temporaryFolder("home");
    const infrastructureFolder = await copyExample("cross-stack/infrastructure");
    const storeFolder = join(home, "store");
    cpSync(join(__dirname, "store"), storeFolder, { recursive: true });
    // It needs what the example for AWS needs.
    symlinkSync(join(await copyExample("aws"), "node_modules"), join(storeFolder, "node_modules"));

    const infrastructure = await Project.create({ folder: infrastructureFolder, home, emulator });
    const store = await Project.create({ folder: storeFolder, home, emulator, env: aws.env });
    const stored = () => aws.read("captions-webhook-secrets");
    const refreshAndUp = async () => {
        const { code, text } = await infrastructure.up("--refresh");
        expect(code, text).toBe(0);
    };
    const newest = () => emulator.webhooks.at(-1)?.id ?? "";

    // Created.
    // Nobody receives at this URL.
    infrastructure.config({ url: "https://api.example.com/hooks/captions", deliveryCheck: "false" });
    await infrastructure.succeed();
    await store.succeed();
    expect(await stored()).toBe(live(emulator));
    expect(emulator.webhooks).toHaveLength(1);
    const saved = (await infrastructure.run("stack", "export")).stdout;

    // Rotated: both secrets, then the new one alone.
    infrastructure.config({ generations: '["second", "first"]' });
    await infrastructure.succeed();
    expect(emulator.webhooks).toHaveLength(2);
    await store.succeed();
    expect(await stored()).toBe(live(emulator));
    infrastructure.config({ generations: '["second"]' });
    await infrastructure.succeed();
    await store.succeed();
    expect(emulator.webhooks).toHaveLength(1);
    expect(await stored()).toBe(live(emulator));

    // Drifted: somebody else rotated the secret.
    emulator.rotate(newest());
    expect(await stored()).not.toBe(live(emulator));
    await infrastructure.succeed("refresh");
    // What a stack exports is only computed by its program.
    await infrastructure.succeed();
    await store.succeed();
    expect(await stored()).toBe(live(emulator));

    // Restored: somebody else deleted the webhook, and it is registered again.
    emulator.remove(newest());
    await refreshAndUp();
    await store.succeed();
    expect(emulator.webhooks).toHaveLength(1);
    expect(await stored()).toBe(live(emulator));

    // Restored: an old state from a backup, in which the webhook is one that is gone and the secret is not valid any
    // more.
    const backup = join(home, "backup.json");
    writeFileSync(backup, saved);
    expect((await infrastructure.run("stack", "import", "--file", backup)).code).toBe(0);
    for (const { id } of emulator.webhooks) emulator.remove(id);
    await refreshAndUp();
    await store.succeed();
    expect(emulator.webhooks).toHaveLength(1);
    expect(await stored()).toBe(live(emulator));

    await store.succeed("destroy");
    await expect(stored()).rejects.toThrow();
    await infrastructure.succeed("destroy");
    expect(emulator.webhooks).toEqual([]);
});
