import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { EmulatorOptions } from "../../emulator";
import { engineEnvironment } from "../../engine";
import { run } from "../../engine/processes";
import { quickStart } from "../support/quick-start";
import { copyExample, root, temporaryFolder } from "./support/examples";
import { emulatorForTest, getEngine } from "./support/project";
import { startReceiver } from "./support/receiver";

const urlOf = (tenant: string) => `https://${tenant}.example.com/hooks/captions`;

async function service(options: EmulatorOptions = {}) {
    const emulator = await emulatorForTest(onTestFinished, options);
    const folder = await copyExample("automation");
    const base = {
        ...engineEnvironment(await getEngine(), temporaryFolder("home")),
        CAPTIONS_API_KEY: emulator.apiKey,
        CAPTIONS_BASE_URL: emulator.baseUrl,
        CAPTIONS_LIST_LAG_SECONDS: "0.3",
        // tsx compiles the programs, and nothing else that they start is in TypeScript.
        ...quickStart,
    };
    const tsx = join(root, "node_modules/tsx/dist/loader.mjs");
    /** `npm start`, or another script of the folder. No run may show a secret or the key. */
    const start = async (args: readonly string[], env: Record<string, string> = {}, script = "index.ts") => {
        const options = { cwd: folder, env: { ...base, ...env } };
        const result = await run(process.execPath, ["--import", tsx, script, ...args], options);
        for (const secret of [emulator.apiKey, ...emulator.webhooks.map((webhook) => webhook.secret)]) {
            expect(result.output).not.toContain(secret);
        }
        return result;
    };
    const declare = (tenants: readonly string[], env?: Record<string, string>) =>
        start(
            tenants.map((tenant) => `${tenant}=${urlOf(tenant)}`),
            env,
        );
    return { emulator, folder, start, declare };
}

test("automation: tenants are declared in parallel, against one rate limit, with progress; again, nothing is called", async () => {
    let limited = false;
    const startedAt = Date.now();
    const { emulator, declare } = await service({
        behaviour: { rateLimit: { calls: 2, perSeconds: 1 } },
        // Stands still until a call is rejected: so the third one is, however far apart they come.
        now: () => (limited ? Date.now() : startedAt),
    });
    emulator.onChange(() => {
        limited ||= emulator.calls.some(({ status }) => status === 429);
    });
    const tenants = ["acme", "globex", "initech"];
    const first = await declare(tenants);
    expect(first).toMatchObject({ code: 0 });
    expect(emulator.calls.filter(({ status }) => status === 429)).not.toEqual([]);
    expect(emulator.webhooks.map(({ url }) => url).sort()).toEqual(tenants.map(urlOf));
    for (const tenant of tenants) {
        expect(first.stdout).toContain(`${tenant}: create …`);
        const { id } = emulator.webhooks.find(({ url }) => url === urlOf(tenant)) ?? {};
        expect(first.stdout).toContain(`${tenant}: webhook ${id}, secret version 1, created`);
    }

    const calls = emulator.countCalls();
    const second = await declare(tenants);
    expect(second.stdout.match(/unchanged/g)).toHaveLength(3);
    expect(emulator.countCalls()).toBe(calls);
});

test("automation: a tenant that fails hides nothing of the others, and is `created` when it succeeds later", async () => {
    const { emulator, folder, start, declare } = await service();
    // A webhook with this URL is there already.
    const foreign = emulator.register({ url: urlOf("umbrella"), enabledEvents: ["creator.success"] });
    const first = await declare(["umbrella", "hooli"]);
    expect(first.code).toBe(1);
    expect(first.output).toMatch(/^umbrella: failed: .*already.*$/m);
    expect(first.stdout).toMatch(/^hooli: webhook \S+, secret version 1, created$/m);

    emulator.remove(foreign.id);
    const second = await declare(["umbrella", "hooli"]);
    expect(second).toMatchObject({ code: 0 });
    expect(second.stdout).toMatch(/^umbrella: webhook \S+, secret version 1, created$/m);
    expect(second.stdout).toMatch(/^hooli: .*, unchanged$/m);

    const moved = await start(["hooli=https://hooli.example.org/hooks/captions"]);
    expect(moved.stdout).toMatch(/^hooli: webhook \S+, secret version 2, updated$/m);

    // Removing takes the webhook and the stack; what is not there is an error, and nothing is created for it.
    const script = 'import { removeTenant } from "./tenants";\n';
    const remove = 'removeTenant(process.argv[2] ?? "").catch((error) => { console.log(error.message); });\n';
    writeFileSync(join(folder, "remove.ts"), script + remove);
    const typo = await start(["holi"], {}, "remove.ts");
    expect(typo.output.trim()).toBe("Tenant holi: there is no tenant of this name.");
    expect((await start(["hooli"], {}, "remove.ts")).output).toBe("");
    expect(emulator.webhooks.map(({ url }) => url)).toEqual([urlOf("umbrella")]);
    expect((await start(["hooli"], {}, "remove.ts")).output).toContain("there is no tenant of this name");
});

test("automation: a tenant whose receiver does not accept its secret is a failure that says so, and hides no other one", async () => {
    const { emulator, start } = await service();
    let forgotten = false;
    const receivers = await Promise.all([
        startReceiver(() => (forgotten ? [] : emulator.webhooks.map(({ secret }) => secret))),
        startReceiver(() => []),
    ]);
    const tenants = receivers.map(({ url }, index) => `tenant${index}=${url}`);
    expect(await start(tenants)).toMatchObject({ code: 0 });
    expect(receivers.map(({ requests }) => requests())).toEqual([0, 0]);
    const calls = emulator.countCalls();
    const { code, stdout, output } = await start(["--prove=1", ...tenants]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^tenant0: webhook \S+, secret version 1, unchanged$/m);
    expect(output).toMatch(/^tenant1: failed: .*DeliveryCheck "renders": /m);
    // What was proven once is asked again.
    forgotten = true;
    expect((await start(["--prove=1", ...tenants])).output).toMatch(/^tenant0: failed: .*DeliveryCheck "renders": /m);
    expect(emulator.countCalls()).toBe(calls);
});

test("automation: a wrong key is one sentence for each tenant", async () => {
    const { declare } = await service();
    const { code, stdout, output } = await declare(["acme", "globex"], { CAPTIONS_API_KEY: "key-wrong-2Vb9" });
    expect(code).toBe(1);
    expect(output).not.toMatch(/CommandError|stdout:|update failed|\.[jt]s:\d+/);
    expect(output).not.toContain("key-wrong-2Vb9");
    const failures = output.split("\n").filter((line) => !stdout.includes(line));
    expect(failures).toHaveLength(2);
    for (const line of failures) expect(line).toMatch(/^(acme|globex): failed: .*captions:apiKey/);
});

test.each([
    ["no tenant", []],
    ["a tenant without a URL", ["acme"]],
    ["a tenant twice", ["acme=https://a.example.com/", "acme=https://b.example.com/"]],
])("automation: %s is a mistake that the usage explains", async (_, args) => {
    const { emulator, start } = await service();
    const { code, output } = await start(args);
    expect(code).toBe(2);
    expect(output).toContain("Usage: npm start <tenant>=<url>");
    expect(emulator.countCalls()).toBe(0);
});
