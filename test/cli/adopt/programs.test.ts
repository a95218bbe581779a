import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { Adoptable } from "../../../cli/adopt/choose";
import { toImportFile } from "../../../cli/adopt/import-file";
import { quoteForPulumiYaml, quoteForScript, quoteForYaml } from "../../../cli/adopt/quote";
import { toTypeScript } from "../../../cli/adopt/typescript";
import { toYaml } from "../../../cli/adopt/yaml";

const plain: Adoptable = {
    id: "wh_1",
    url: "https://a.example/hooks",
    enabledEvents: ["creator.success", "creator.failure"],
    name: "a-hooks",
    sharesUrl: false,
    mayContainToken: false,
    isGeneration: false,
};
const secretive: Adoptable = {
    ...plain,
    id: "wh_2",
    url: `https://a.example/hooks?token=\${x}`,
    enabledEvents: ["creator.success"],
    name: "a-hooks-2",
    sharesUrl: true,
    mayContainToken: true,
};

test("TypeScript: one resource each, with `adopt` for the dynamic provider", () => {
    expect(toTypeScript([plain, secretive], { isNative: false, account: undefined })).toBe(`\
import * as captions from "pulumi-captions";

// Webhooks that were registered without Pulumi, with their ids.
// \`pulumi up\` takes them over; afterwards \`adopt\` can be removed.

const aHooks = new captions.Webhook("a-hooks", {
    url: "https://a.example/hooks",
    enabledEvents: ["creator.success", "creator.failure"],
    adopt: "wh_1",
});

const aHooks2 = new captions.Webhook("a-hooks-2", {
    // This URL may contain a token. To keep it out of the program, import @pulumi/pulumi as \`pulumi\`, run
    // \`pulumi config set --secret aHooks2Url\`, which prompts for the URL, and write here:
    // url: new pulumi.Config().requireSecret("aHooks2Url"),
    url: "https://a.example/hooks?token=\${x}",
    enabledEvents: ["creator.success"],
    allowDuplicateUrl: true,
    adopt: "wh_2",
});
`);
});

test("TypeScript: an account is an input, and the plugin's classes have the option `import`", () => {
    expect(toTypeScript([plain], { isNative: false, account: "eu" })).toContain(
        '    account: "eu",\n    adopt: "wh_1",\n',
    );
    expect(toTypeScript([plain], { isNative: true, account: undefined })).toBe(`\
import * as captions from "pulumi-captions/native";

// Webhooks that were registered without Pulumi, with their ids.
// \`pulumi up\` imports them; afterwards the option \`import\` can be removed.

const aHooks = new captions.Webhook(
    "a-hooks",
    {
        url: "https://a.example/hooks",
        enabledEvents: ["creator.success", "creator.failure"],
    },
    { import: "wh_1" },
);
`);
});

test("YAML: a whole program, or its resources", () => {
    const resources = `\
# Webhooks that were registered without Pulumi, with their ids. \`pulumi up\` imports them; afterwards the option
# \`import\` can be removed.
resources:
  a-hooks:
    type: captions:Webhook
    properties:
      url: "https://a.example/hooks"
      enabledEvents: ["creator.success", "creator.failure"]
    options:
      import: "wh_1"
  a-hooks-2:
    type: captions:Webhook
    properties:
      # This URL may contain a token. To keep it out of the program, run
      # \`pulumi config set --secret aHooks2Url\`, which prompts for the URL, add
      # \`aHooks2Url: { type: string, secret: true }\` to \`config:\`, and write here, without the option \`import\`:
      # url: \${aHooks2Url}
      # adopt: "wh_2"
      url: "https://a.example/hooks?token=$$\{x}"
      enabledEvents: ["creator.success"]
      allowDuplicateUrl: true
    options:
      import: "wh_2"
`;
    expect(toYaml([plain, secretive], { resourcesOnly: true })).toBe(resources);
    expect(toYaml([plain, secretive], { resourcesOnly: false })).toBe(
        `name: captions-webhooks\ndescription: Webhooks of the Captions API\nruntime: yaml\n${resources}`,
    );
});

test("an import file: types, names and ids, and no URL", () => {
    expect(JSON.parse(toImportFile([plain, secretive]))).toEqual({
        resources: [
            { type: "captions:index:Webhook", name: "a-hooks", id: "wh_1" },
            { type: "captions:index:Webhook", name: "a-hooks-2", id: "wh_2" },
        ],
    });
});

const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom(
        "no",
        "1e3",
        ": ",
        "# x",
        `\${a.b}`,
        `$$\{a}`,
        "$$",
        "'\"`",
        "\\u0041",
        "\u2028\u0085\ufeff\u007f",
        "😀",
    ),
);

test("for any text: a literal means that text, in JavaScript, JSON and YAML, and is one line of printable ASCII", () => {
    fc.assert(
        fc.property(anyText, (text) => {
            const script = quoteForScript(text);
            expect(script).toMatch(/^[\x20-\x7e]*$/);
            expect(runInNewContext(script)).toBe(text);
            expect(JSON.parse(script)).toBe(text);
            expect(quoteForYaml(text)).toMatch(/^[\x20-\x7e]*$/);
            expect(parse(quoteForYaml(text))).toBe(text);
            // Pulumi reads `$$` as a dollar sign and `${` as the begin of a reference, left to right.
            const read = parse(quoteForPulumiYaml(text)) as string;
            expect(read.replaceAll("$$", "")).not.toContain("$");
            expect(read.replaceAll("$$", "$")).toBe(text);
        }),
    );
});

test("for any webhooks: the programs declare them as they are", () => {
    const adoptable = fc.record({
        id: fc.stringMatching(/^[\x21-\x7e]{1,20}$/),
        url: anyText,
        enabledEvents: fc.array(anyText, { minLength: 1, maxLength: 3 }),
        sharesUrl: fc.boolean(),
        mayContainToken: fc.boolean(),
    });
    fc.assert(
        fc.property(fc.array(adoptable, { maxLength: 5 }), fc.boolean(), (all, isNative) => {
            const webhooks = all.map((one, index) => ({ ...plain, ...one, name: `a-hooks-${index}` }));
            const declared = webhooks.map(({ name, id, url, enabledEvents, sharesUrl }) => {
                const inputs = { url, enabledEvents, ...(sharesUrl ? { allowDuplicateUrl: true } : {}) };
                return isNative ? [name, inputs, { import: id }] : [name, { ...inputs, adopt: id }];
            });
            const made: unknown[] = [];
            class Webhook {
                constructor(...args: unknown[]) {
                    made.push(args);
                }
            }
            const program = toTypeScript(webhooks, { isNative, account: undefined }).replace(/^import .*\n/, "");
            runInNewContext(`"use strict"; ${program}`, { captions: { Webhook } });
            expect(JSON.parse(JSON.stringify(made))).toEqual(JSON.parse(JSON.stringify(declared)));

            const { resources } = parse(toYaml(webhooks, { resourcesOnly: true }));
            const dollars = (text: string) => text.replaceAll("$", "$$$$");
            expect(resources ?? {}).toEqual(
                Object.fromEntries(
                    webhooks.map(({ name, id, url, enabledEvents, sharesUrl }) => [
                        name,
                        {
                            type: "captions:Webhook",
                            properties: {
                                url: dollars(url),
                                enabledEvents: enabledEvents.map(dollars),
                                ...(sharesUrl ? { allowDuplicateUrl: true } : {}),
                            },
                            options: { import: id },
                        },
                    ]),
                ),
            );
        }),
    );
});
