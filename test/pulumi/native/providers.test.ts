import { expect, test } from "vitest";
import { renders, startProject } from "../../support/project";

/** The key is no part of the program: it comes from a variable that is named. */
const provider = (name: string, { key = "CAPTIONS_API_KEY", ...settings }: Record<string, unknown>) =>
    `const ${name} = new captions.Provider("${name}", { apiKey: process.env.${key}, ...${JSON.stringify(settings)} });\n`;
const webhook = (name: string, of: string) =>
    `const ${name} = new captions.Webhook("${name}", ${JSON.stringify(renders)}, { provider: ${of} });\n` +
    `exports.${name} = ${name}.secret;\n`;

test("several accounts are several providers side by side; a moved webhook is registered before the old one is deleted", async () => {
    const other = await startProject("");
    const { emulator, stack } = await startProject("", { env: { OTHER_KEY: other.emulator.apiKey } });
    const both = [
        provider("eu", { baseUrl: emulator.baseUrl, listLagSeconds: 0.3 }),
        provider("us", { key: "OTHER_KEY", baseUrl: other.emulator.baseUrl, listLagSeconds: 0.3 }),
    ];
    stack.program(both.join("") + webhook("one", "eu") + webhook("two", "us"));
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
    expect(await stack.outputs()).toEqual({
        one: emulator.webhooks[0]?.secret,
        two: other.emulator.webhooks[0]?.secret,
    });
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });

    stack.program(
        both.join("") +
            webhook("one", "us")
                .replace("{ provider", "{ deleteBeforeReplace: false, provider")
                .replace(renders.url, `${renders.url}/moved`) +
            webhook("two", "us"),
    );
    // Of a webhook that is there already nobody has said that it is the one that is moved.
    const stranger = other.emulator.register({ ...renders, url: `${renders.url}/moved` });
    const refused = await stack.up();
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain(`for this URL there is ${stranger.id} already`);
    other.emulator.remove(stranger.id);
    const before = other.emulator.calls.length;
    expect(await stack.up()).toMatchObject({ code: 0, operations: { replace: 1 }, calls: ["delete"] });
    expect(other.emulator.calls.slice(before).map(({ endpoint }) => endpoint)).toEqual(["list", "register"]);
    expect(other.emulator.calls.at(-1)?.at).toBeLessThanOrEqual(emulator.calls.at(-1)?.at ?? 0);
    expect(await stack.destroy()).toMatchObject({ code: 0 });
    expect(other.emulator.webhooks).toEqual([]);
});

test("a webhook that loses its provider is moved to the default one's account; one that gets a provider of its own account stays", async () => {
    const other = await startProject("");
    const { emulator, stack } = await startProject("", { env: { OTHER_KEY: other.emulator.apiKey } });
    const them = provider("us", { key: "OTHER_KEY", baseUrl: other.emulator.baseUrl, listLagSeconds: 0.3 });
    const us = provider("eu", {});
    stack.program(them + us + webhook("one", "us"));
    expect(await stack.up()).toMatchObject({ code: 0, calls: [] });

    stack.program(them + us + webhook("one", "undefined"));
    expect(await stack.preview()).toMatchObject({ code: 0, operations: { replace: 1 } });
    expect(await stack.up()).toMatchObject({ code: 0, operations: { replace: 1 }, calls: ["list", "register"] });
    expect(other.emulator.webhooks).toEqual([]);

    // Of another version of this package, too. The engine notes what it last was on the providers that name none.
    for (const [declared, operations] of [
        [webhook("one", "eu"), { same: 4 }],
        [webhook("one", "undefined"), { same: 4 }],
        [webhook("one", 'undefined, version: "0.0.1"'), { same: 4 }],
        [webhook("one", "undefined"), { same: 2, update: 2 }],
    ] as const) {
        stack.program(them + us + declared);
        expect(await stack.up()).toMatchObject({ code: 0, operations, calls: [] });
    }
    expect(await stack.outputs()).toEqual({ one: emulator.webhooks[0]?.secret });
});

test("a changed key, base URL or limit of a provider replaces no webhook and rotates none", async () => {
    const { emulator, stack } = await startProject("", { env: { NEW_KEY: "another-key-9Tq2" } });
    const { baseUrl } = emulator;
    const mirror = new URL(baseUrl);
    mirror.hostname = "localhost";
    const changes = { key: { key: "NEW_KEY" }, address: { baseUrl: mirror.href }, limit: { callTimeoutSeconds: 30 } };
    const program = (isChanged: boolean) =>
        Object.entries(changes)
            .map(([name, change]) => {
                const settings = { baseUrl, listLagSeconds: 0.3, ...(isChanged ? change : {}) };
                const declared = webhook(`of_${name}`, name).replace(renders.url, `${renders.url}/${name}`);
                return provider(name, settings) + declared;
            })
            .join("");
    stack.program(program(false));
    await stack.up();
    const before = emulator.webhooks;
    expect(before).toHaveLength(3);
    stack.program(program(true));
    const both = await stack.previewAndUp();
    expect(both).toMatchObject({ code: 0, operations: { update: 3, same: 4 }, calls: [] });
    expect(emulator.webhooks).toEqual(before);
});

test("settings that are invalid are named, without their values; what is not known yet passes a preview", async () => {
    const { emulator, stack } = await startProject("");
    for (const [settings, words] of [
        [{ apiKey: "with a space" }, "captions:apiKey contains whitespace"],
        [{ baseUrl: "http://api.example.com/secret-path" }, "captions:baseUrl must be an https URL"],
        [{ waitAtMostSeconds: 1e9 }, "captions:waitAtMostSeconds must be a number of seconds"],
        [{ apikey: "whsec_1" }, "apikey: unknown setting; did you mean apiKey?"],
    ] as const) {
        stack.program(provider("eu", settings) + webhook("one", "eu"));
        const preview = await stack.preview();
        expect(preview.code).not.toBe(0);
        expect(preview.text).toContain(words);
        expect(preview.text).not.toMatch(/with a space|secret-path|whsec_1/);
    }
    // The key comes out of another resource.
    stack.program(`
const first = new captions.Webhook("first", ${JSON.stringify({ ...renders, url: `${renders.url}/1` })});
const eu = new captions.Provider("eu", { apiKey: first.id.apply(() => process.env.CAPTIONS_API_KEY) });
${webhook("one", "eu")}`);
    expect(await stack.preview()).toMatchObject({ code: 0, calls: [] });
    expect(await stack.up()).toMatchObject({ code: 0 });
    expect(emulator.webhooks).toHaveLength(2);
});

test("a webhook of the dynamic provider is not taken for one of another account than its own", async () => {
    const other = await startProject("");
    const { emulator, stack } = await startProject("", { env: { OTHER_KEY: other.emulator.apiKey } });
    const { apiKey, baseUrl } = emulator;
    stack.setSecret("captions:apiKey", apiKey);
    stack.setSecret("captions:baseUrl", baseUrl);
    const accounts = JSON.stringify({ us: { apiKey: other.emulator.apiKey, baseUrl: other.emulator.baseUrl } });
    stack.setSecret("captions:accounts", accounts);
    const declared = (name: string, account?: string) =>
        `new captions.Webhook("${name}", ${JSON.stringify({ ...renders, account })});\n`;
    stack.program(declared("one") + declared("two", "us"), "dynamic");
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });

    const both = provider("eu", { baseUrl }) + provider("us", { key: "OTHER_KEY", baseUrl: other.emulator.baseUrl });
    for (const [name, of, words] of [
        ["one", "us", '"one".*belongs to the account of captions:apiKey'],
        ["two", "eu", '"two".*belongs to the account "us" of captions:accounts'],
    ] as const) {
        // Alone: beside it another one may be moved before this one is refused. A run that fails deletes nothing.
        stack.program(both + webhook(name, of));
        const refused = await stack.up();
        expect(refused.code).not.toBe(0);
        expect(refused.text).toMatch(new RegExp(words));
    }
    stack.program(both + webhook("one", "eu") + webhook("two", "us"));
    expect(await stack.up()).toMatchObject({ code: 0, operations: { same: 5 }, calls: [] });
});

test("a webhook of an account of the dynamic provider needs a provider of that account", async () => {
    const { emulator, stack } = await startProject("");
    const accounts = JSON.stringify({ eu: { apiKey: emulator.apiKey, baseUrl: emulator.baseUrl } });
    stack.setSecret("captions:accounts", accounts);
    stack.program(`new captions.Webhook("one", ${JSON.stringify({ ...renders, account: "eu" })});`, "dynamic");
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
    stack.program(`new captions.Webhook("one", ${JSON.stringify(renders)});`);
    const refused = await stack.up();
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain(
        'it belongs to the account "eu" of captions:accounts. With the plugin an account is a provider',
    );
    const settings = { baseUrl: emulator.baseUrl };
    stack.program(provider("eu", settings) + webhook("one", "eu"));
    expect(await stack.up()).toMatchObject({ code: 0, operations: { create: 1, same: 2 }, calls: [] });
});

test("a key that is handed over in clear is encrypted in the state", async () => {
    const { stack } = await startProject(`
const raw = new pulumi.ProviderResource("captions", "raw", { apiKey: process.env.CAPTIONS_API_KEY }, { version: "0.1.0" });
new captions.Webhook("one", ${JSON.stringify(renders)}, { provider: raw });`);
    // Every file that the engine writes is searched for the key.
    expect(await stack.up()).toMatchObject({ code: 0, calls: ["list", "register"] });
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });
    expect(await stack.destroy()).toMatchObject({ code: 0, calls: ["delete"] });
});
