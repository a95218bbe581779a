import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { engineEnvironment } from "../../scripts/engine";
import { run } from "../../scripts/engine/processes";
import { copyExample, root, temporaryFolder } from "./support/examples";
import { emulatorForTest, getEngine } from "./support/project";

test("automation: tenants are declared in parallel, with progress; again, nothing is called; one that fails keeps no other back", async () => {
    const emulator = await emulatorForTest();
    const folder = await copyExample("automation");
    const env = {
        ...engineEnvironment(await getEngine(), temporaryFolder("home")),
        CAPTIONS_API_KEY: emulator.apiKey,
        CAPTIONS_BASE_URL: emulator.baseUrl,
        CAPTIONS_LIST_LAG_SECONDS: "0.3",
    };
    const tsx = join(root, "node_modules/tsx/dist/loader.mjs");
    const declare = (...tenants: string[]) =>
        run(process.execPath, ["--import", tsx, "index.ts", ...tenants], { cwd: folder, env });

    const first = await declare("acme", "globex", "initech");
    expect(first).toMatchObject({ code: 0 });
    expect(emulator.webhooks.map(({ url }) => url).sort()).toEqual([
        "https://acme.example.com/hooks/captions",
        "https://globex.example.com/hooks/captions",
        "https://initech.example.com/hooks/captions",
    ]);
    for (const tenant of ["acme", "globex", "initech"]) {
        expect(first.stdout).toContain(`${tenant}: create …`);
        const { id } = emulator.webhooks.find(({ url }) => url.includes(tenant)) ?? {};
        expect(first.stdout).toContain(`${tenant}: webhook ${id}, secret version 1, created`);
    }
    for (const { secret } of emulator.webhooks) expect(first.output).not.toContain(secret);

    const calls = emulator.countCalls();
    const second = await declare("acme", "globex", "initech");
    expect(second.stdout.match(/unchanged/g)).toHaveLength(3);
    expect(emulator.countCalls()).toBe(calls);

    // A webhook with this URL is there already, so this tenant is refused; the other one is declared all the same.
    emulator.register({ url: "https://umbrella.example.com/hooks/captions", enabledEvents: ["creator.success"] });
    const third = await declare("umbrella", "hooli");
    expect(third.code).toBe(1);
    expect(third.output).toContain("Tenant umbrella:");
    expect(emulator.webhooks.map(({ url }) => url)).toContain("https://hooli.example.com/hooks/captions");
    expect(readFileSync(join(folder, "Pulumi.yaml"), "utf8")).toContain("captions-tenants");
});
