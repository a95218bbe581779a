import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import typescript from "typescript";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

type Compiler = typeof typescript;

const root = join(__dirname, "../..");
const require = createRequire(__filename);
/** The one that the SDK falls back to where a project has none. */
const bundled: Compiler = require(join(root, "node_modules/@pulumi/pulumi/vendor/typescript@3.8.3/typescript.js"));

const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** Each entry point that a program imports; `./dist/…` is for what Pulumi serializes. */
const entries = Object.keys(exports)
    .filter((name) => !name.startsWith("./dist/") && name !== "./package.json")
    .map((name) => `pulumi-captions${name.slice(1)}`);

let folder: string;

/** A project with this package as it is published, in which the names of `node_modules` are where npm puts them. */
beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "pulumi-captions-entry-points-"));
    const modules = join(folder, "node_modules");
    mkdirSync(modules);
    for (const name of readdirSync(join(root, "node_modules"))) {
        if (name !== "pulumi-captions" && !name.startsWith(".")) {
            symlinkSync(join(root, "node_modules", name), join(modules, name));
        }
    }
    cpSync(join(inject("nodeModules"), "pulumi-captions"), join(modules, "pulumi-captions"), { recursive: true });

    const imports = entries.map((name, index) => `import * as entry${index} from "${name}";\n`).join("");
    const uses = `${imports}export const all: object[] = [${entries.map((_, index) => `entry${index}`).join(", ")}];\n`;
    const right = `
import { RotatingWebhook, Webhook } from "pulumi-captions";
import { createReceiver, Delivery, secretsFromText, toLambdaHandler } from "pulumi-captions/receiver";
import { secretsFromFile } from "pulumi-captions/receiver/node";
import { dynamoDedupe } from "pulumi-captions/receiver/stores/dynamodb";
import { deliveryRequest, failureEvent, lambdaDelivery, nodeDelivery, successEvent } from "pulumi-captions/receiver/testing";
declare const client: Parameters<typeof dynamoDedupe>[0];
const webhook = new Webhook("w", { url: "https://x.example", enabledEvents: ["creator.success"] });
export const length = webhook.secret.apply((secret) => secret.length);
export const newest = new RotatingWebhook("r", { url: "https://x.example", enabledEvents: ["creator.success"], generations: ["a"] }).secrets;
export const creditsOf = (d: Delivery): number => (d.event === "creator.success" ? d.creditsSpent : 0);
export const handler = toLambdaHandler(
    createReceiver({
        secrets: length ? secretsFromFile("secrets") : secretsFromText("a"),
        dedupe: dynamoDedupe(client, "t"),
        onDelivery: (d, { secretIndex, waitUntil }) => waitUntil(Promise.resolve(creditsOf(d) + secretIndex)),
    }),
);
export const request: Request = deliveryRequest({ secret: "a", event: successEvent({ creditsSpent: 1 }) });
export const called = [handler(lambdaDelivery({ secret: "a", format: "1.0" })), fetch("x", nodeDelivery({ secret: "a", event: failureEvent() }))];
`;
    // What would be found is found: none of the types has become \`any\`.
    const wrong = `
import { Webhook } from "pulumi-captions";
import { createReceiver, Delivery } from "pulumi-captions/receiver";
import { startEmulator } from "pulumi-captions/emulator";
import { deliveryRequest, successEvent } from "pulumi-captions/receiver/testing";
const webhook = new Webhook("w", { url: "https://x.example", enabledEvents: ["creator.success"] });
export const secret: string = webhook.secret;
export const receiver = createReceiver({ secrets: 7, onDelivery: () => undefined });
export const credits = (d: Delivery): number => d.creditsSpent;
export const port: Promise<number> = startEmulator();
export const event = successEvent({ creditsSpent: "1" });
export const request: string = deliveryRequest({ secret: "a" });
`;
    for (const [name, text] of Object.entries({ uses, right, wrong })) {
        for (const ending of ["ts", "mts", "cts"]) writeFileSync(join(folder, `${name}.${ending}`), text);
    }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a compiler has to say about the project's files that end so, and about this package's declarations. */
function diagnose(compiler: Compiler, ending: string, settings: object) {
    const { options, errors } = compiler.convertCompilerOptionsFromJson(settings, folder);
    expect(errors).toEqual([]);
    const files = ["uses", "right", "wrong"].map((name) => join(folder, `${name}.${ending}`));
    const program = compiler.createProgram(files, { ...options, noEmit: true });
    const own = program.getSourceFiles().filter(({ fileName }) => /\/pulumi-captions\/dist\//.test(fileName));
    const told = (diagnostics: readonly typescript.Diagnostic[]) =>
        diagnostics.map(({ code, messageText, file }) => {
            const text = compiler.flattenDiagnosticMessageText(messageText, " ");
            return `${file?.fileName.replace(/^.*node_modules\//, "") ?? ""} TS${code}: ${text}`;
        });
    const [uses, right, wrong] = files.map((file) => {
        const source = program.getSourceFile(file);
        return told([...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]);
    });
    return {
        own: own.map(({ fileName }) => fileName),
        uses,
        right,
        wrong,
        syntax: told(own.flatMap((each) => program.getSyntacticDiagnostics(each))),
        types: told(own.flatMap((each) => program.getSemanticDiagnostics(each))),
    };
}

/** The settings of Pulumi's own template for TypeScript (github.com/pulumi/templates, typescript/tsconfig.json). */
const template = {
    strict: true,
    target: "es2020",
    module: "commonjs",
    moduleResolution: "node",
    experimentalDecorators: true,
    noFallthroughCasesInSwitch: true,
    noImplicitReturns: true,
    forceConsistentCasingInFileNames: true,
};

const ways: [string, Compiler, string, object][] = [
    ["Pulumi's template and the TypeScript 3.8 in its SDK", bundled, "ts", template],
    ["Pulumi's template and the present TypeScript", typescript, "ts", template],
    ["node16 from CommonJS", typescript, "cts", { ...template, module: "node16", moduleResolution: "node16" }],
    ["node16 from an ES module", typescript, "mts", { ...template, module: "node16", moduleResolution: "node16" }],
    ["nodenext from CommonJS", typescript, "cts", { ...template, module: "nodenext", moduleResolution: "nodenext" }],
    [
        "nodenext from an ES module",
        typescript,
        "mts",
        { ...template, module: "nodenext", moduleResolution: "nodenext" },
    ],
    ["bundler", typescript, "ts", { ...template, module: "esnext", moduleResolution: "bundler" }],
];

describe.each(ways)("with %s", (_name, compiler, ending, settings) => {
    let found: ReturnType<typeof diagnose>;
    beforeAll(() => {
        found = diagnose(compiler, ending, settings);
    });

    test("every entry point is found, and its declarations are in a form that the compiler reads", () => {
        expect(found).toMatchObject({ uses: [], syntax: [] });
        expect(found.own.length).toBeGreaterThan(entries.length);
    });

    test("the types are those that were meant", () => {
        expect(found.right).toEqual([]);
        expect(found.wrong?.map((text) => /TS\d+/.exec(text)?.[0])).toEqual([
            ...["TS2322", "TS2322", "TS2339", "TS2322", "TS2322", "TS2322"],
        ]);
    });

    test("the declarations have no error, but for a package that TypeScript 3.8 cannot find", () => {
        // valibot has its types in .d.mts and .d.cts, which came with 4.7. Of the receiver, nothing needs it.
        const unknown = found.types.filter((text) => /TS2307: Cannot find module 'valibot'/.test(text));
        expect(found.types.filter((text) => !unknown.includes(text))).toEqual([]);
        expect(unknown.filter((text) => text.includes("/receiver/"))).toEqual([]);
        if (compiler !== bundled) expect(unknown).toEqual([]);
    });
});

test("every entry point can be loaded, with require and with import", () => {
    const load = `for (const name of ${JSON.stringify(entries)}) { `;
    for (const [file, text] of [
        ["load.cjs", `${load} if (Object.keys(require(name)).length === 0) throw new Error(name); }`],
        ["load.mjs", `${load} if (Object.keys(await import(name)).length === 0) throw new Error(name); }`],
    ] as const) {
        writeFileSync(join(folder, file), text);
        execFileSync(process.execPath, [join(folder, file)], { stdio: ["ignore", "ignore", "pipe"] });
    }
});

test("an entry point has no more in it than its own: a store does not bring the receiver along", () => {
    for (const name of entries.filter((entry) => entry.includes("/stores/"))) {
        const path = exports[name.replace("pulumi-captions", ".")].import.default;
        const text = readFileSync(join(folder, "node_modules/pulumi-captions", path), "utf8");
        expect([...text.matchAll(/^(import|export) .* from /gm)]).toEqual([]);
    }
});

test("each store is at most 40 lines of code beside its types, so that one reads it before using it", () => {
    for (const name of readdirSync(join(root, "receiver/stores"))) {
        const { outputText } = typescript.transpileModule(readFileSync(join(root, "receiver/stores", name), "utf8"), {
            compilerOptions: { target: typescript.ScriptTarget.ES2022, removeComments: true },
        });
        const lines = outputText.split("\n").filter((line) => line.trim() !== "").length;
        expect({ name, lines, few: lines <= 40 }).toMatchObject({ few: true });
    }
});
