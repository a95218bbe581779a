// A receiver in a callback function of Pulumi (`aws.lambda.CallbackFunction`, say), which serializes what the program
// has made.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import typescript from "typescript";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { secret, success } from "./support";

const run = promisify(execFile);
const root = join(__dirname, "../..");
let folder: string;

/** A project as npm lays it out: serialization goes by the paths of modules, so nothing of these two may be a link. */
beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "pulumi-captions-callback-"));
    const modules = join(folder, "node_modules");
    mkdirSync(join(modules, "@pulumi"), { recursive: true });
    for (const name of readdirSync(join(root, "node_modules"))) {
        if (["@pulumi", "pulumi-captions"].includes(name) || name.startsWith(".")) continue;
        symlinkSync(join(root, "node_modules", name), join(modules, name));
    }
    cpSync(join(root, "node_modules/@pulumi/pulumi"), join(modules, "@pulumi/pulumi"), { recursive: true });
    cpSync(join(inject("nodeModules"), "pulumi-captions"), join(modules, "pulumi-captions"), { recursive: true });

    // Serializes what a program exports, and calls what came out as AWS does.
    writeFileSync(
        join(folder, "deploy.mjs"),
        `import { writeFileSync } from "node:fs";
        import { createRequire } from "node:module";
        import * as pulumi from "@pulumi/pulumi";
        const [, , program, events] = process.argv;
        const { default: { callback, callbackFactory } } = await import(program);
        const options = callback ? {} : { isFactoryFunction: true };
        const { text } = await pulumi.runtime.serializeFunction(callback ?? callbackFactory, options);
        writeFileSync(program.replace(/\\.\\w+$/, ".deployed.cjs"), text);
        const { handler } = createRequire(import.meta.url)(program.replace(/\\.\\w+$/, ".deployed.cjs"));
        const statuses = [];
        for (const event of JSON.parse(events)) statuses.push((await handler(event)).statusCode);
        console.log(JSON.stringify({ statuses }));`,
    );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const event = (token: string, body: unknown = success()) => ({
    version: "2.0",
    headers: { authorization: `Bearer ${token}` },
    requestContext: { http: { method: "POST" } },
    body: JSON.stringify(body),
    isBase64Encoded: false,
});
const events = [
    event(secret),
    event(secret),
    event("wrong"),
    event(secret, { event: 1 }),
    event(secret, { event: "creator.progress", operationId: "op_1", progress: 10 }),
    event(secret, success({ operationId: "fails" })),
    {},
];
/** In the same order. */
const statuses = [200, 200, 401, 400, 200, 500, 500];

/** Deploys a program that is written in TypeScript. @returns The statuses, and what it has handed on. */
async function deploy(name: string, source: string, moduleKind: typescript.ModuleKind) {
    const { outputText } = typescript.transpileModule(source, {
        compilerOptions: { module: moduleKind, target: typescript.ScriptTarget.ES2020, esModuleInterop: true },
    });
    const file = join(folder, `${name}.${moduleKind === typescript.ModuleKind.CommonJS ? "cjs" : "mjs"}`);
    writeFileSync(file, outputText);
    const { stdout } = await run(process.execPath, ["deploy.mjs", file, JSON.stringify(events)], { cwd: folder });
    const lines = stdout.trim().split("\n");
    return { ...JSON.parse(lines.pop() ?? ""), handed: lines };
}

const options = `{
    secrets: "${secret}",
    onError: () => undefined,
    onDelivery: (delivery) => {
        if (delivery.operationId === "fails") throw new Error("no");
        console.log(delivery.operationId);
    },
}`;
const named = 'import { createReceiver, toLambdaHandler } from "pulumi-captions/receiver";';
const whole = 'import * as captions from "pulumi-captions/receiver";';
const required = 'const { createReceiver, toLambdaHandler } = require("pulumi-captions/receiver");';
const make = `toLambdaHandler(createReceiver(${options}))`;
const { CommonJS, ESNext } = typescript.ModuleKind;

const programs: [string, string, typescript.ModuleKind][] = [
    ["names that are imported, in CommonJS", named, CommonJS],
    ["names that are imported, in an ES module", named, ESNext],
    ["the whole module, in CommonJS", whole, CommonJS],
    ["the whole module, in an ES module", whole, ESNext],
    ["names that are required", required, CommonJS],
];

test.each(programs)("a callback works with %s", async (name, load, moduleKind) => {
    const made =
        load === whole ? make.replace("toLambda", "captions.toLambda").replace("create", "captions.create") : make;
    const exported = moduleKind === CommonJS ? "module.exports =" : "export default";
    // A receiver that is made anew with each event remembers nothing, so the repeat is handed on.
    const callback = `${load}\n${exported} { callback: async (event) => ${made}(event) };`;
    expect(await deploy(`callback-${programs.findIndex(([each]) => each === name)}`, callback, moduleKind)).toEqual({
        statuses,
        handed: ["op_1", "op_1", "op_1"],
    });
    const factory = `${load}\n${exported} { callbackFactory: () => ${made} };`;
    expect(await deploy(`factory-${programs.findIndex(([each]) => each === name)}`, factory, moduleKind)).toEqual({
        statuses,
        handed: ["op_1", "op_1"],
    });
});

test("a receiver that is made outside the callback cannot be serialized, instead of forgetting in silence", async () => {
    const source = `${named}\nconst handler = ${make};\nmodule.exports = { callback: handler };`;
    await expect(deploy("outside", source, CommonJS)).rejects.toThrow("Error serializing");
});

test("the program in docs/receiver.md deploys a receiver that works", async () => {
    const page = readFileSync(join(root, "docs/receiver.md"), "utf8");
    const program = /^```ts\n\/\/ pulumi\.ts\n(.*?)^```$/ms.exec(page)?.[1];
    if (program === undefined) throw new Error("docs/receiver.md has no pulumi.ts.");
    // What is used of @pulumi/aws, without a cloud: it keeps what the program gives it.
    const aws = join(folder, "node_modules/@pulumi/aws");
    mkdirSync(aws);
    writeFileSync(
        join(aws, "index.js"),
        `class CallbackFunction {
            constructor(_name, args) {
                exports.given = args;
            }
        }
        class FunctionUrl {}
        exports.lambda = { CallbackFunction, FunctionUrl };`,
    );
    const settings = `process.env.PULUMI_CONFIG = JSON.stringify({ "project:webhookSecrets": '["${secret}"]' });
        process.env.CAPTIONS_WEBHOOK_SECRETS = '["${secret}"]';
        require("@pulumi/pulumi").runtime.setMocks({ newResource: () => ({}), call: () => ({}) });`;
    const source = `${settings}\n${program}\nmodule.exports = require("@pulumi/aws").given;`;
    const answered = await deploy("docs", source, CommonJS);
    expect(answered).toEqual({
        // Its onDelivery does not fail.
        statuses: statuses.with(5, 200),
        handed: ["creator.success op_1", "unknown op_1", "creator.success fails"],
    });
});
