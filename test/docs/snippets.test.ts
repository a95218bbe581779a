import { execFile, fork } from "node:child_process";
import {
    copyFileSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build, transformSync } from "esbuild";
import { Miniflare, type WorkerOptions } from "miniflare";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import type { Receiver } from "../../receiver";
import { startRedis } from "../receiver/stores/servers";
import { listen, secret, success } from "../receiver/support";

const root = dirname(dirname(__dirname));

/** A block of code that is meant to be copied. */
interface Snippet {
    /** Where it stands: `docs/receiver.md:7`. */
    readonly place: string;
    /** The file that it says it is in its first line (`// receiver.ts`), so that others of its page can import it. */
    readonly file: string | undefined;
    readonly code: string;
}

/**
 * Every block of TypeScript in a page of Markdown, in the docstrings of a source, or in the descriptions of the schema.
 */
function snippetsOf(path: string): Snippet[] {
    const name = relative(root, path);
    const inDocstrings = path.endsWith(".ts");
    // A description is one line of JSON.
    const text = path.endsWith(".json")
        ? readFileSync(path, "utf8").replaceAll("\\n", "\n").replaceAll('\\"', '"')
        : readFileSync(path, "utf8");
    // Pulumi's registry says `typescript`.
    const fenced = inDocstrings ? /^ *\* ```ts\n(.*?)^ *\* ```$/gms : /^```(?:ts|typescript)\n(.*?)^```$/gms;
    return [...text.matchAll(fenced)].map((match) => {
        const code = inDocstrings ? (match[1] ?? "").replace(/^ *\* ?/gm, "") : (match[1] ?? "");
        const line = text.slice(0, match.index).split("\n").length;
        return { place: `${name}:${line}`, file: /^\/\/ (\S+\.ts)\n/.exec(code)?.[1], code };
    });
}

function filesBelow(folder: string, ending: string): string[] {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
    return names.filter((name) => name.endsWith(ending)).map((name) => join(root, folder, name));
}

/** Those of the clouds' packages are checked with them, in test/examples/. */
const needsCloud = ({ code }: Snippet): boolean => /from "@(pulumi\/(?!pulumi")|pulumiverse\/|aws-sdk\/)/.test(code);

const pages = [join(root, "README.md"), ...filesBelow("docs", ".md")];
const sources = ["provider", "receiver", "emulator"].flatMap((folder) => filesBelow(folder, ".ts"));
const schema = join(root, "provider/native/schema.json");
const snippets = [...pages, ...sources, schema].flatMap(snippetsOf).filter((snippet) => !needsCloud(snippet));

/** What Deno has and Node.js has not, as far as the snippets use it (docs.deno.com/api/deno/~/Deno.serve). */
const deno = `
declare const Deno: {
    serve(options: { port: number }, handler: (request: Request) => Response | Promise<Response>): unknown;
};
`;

let folder: string;
const folderOf = ({ place }: Snippet): string => join(folder, place.replace(/:\d+$/, "").replaceAll(/[\\/]/g, "--"));

/** Each page's snippets in a folder of their own, beside this package as it is published and the frameworks. */
beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "pulumi-captions-snippets-"));
    mkdirSync(join(folder, "node_modules"));
    const link = (name: string, from: string) => symlinkSync(join(from, name), join(folder, "node_modules", name));
    link("pulumi-captions", inject("nodeModules"));
    for (const name of ["@pulumi", "@hono", "@types", "express", "fastify", "hono", "ioredis", "tsx"]) {
        link(name, join(root, "node_modules"));
    }
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(folder, "deno.d.ts"), deno);
    const { compilerOptions } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
    const options = { ...compilerOptions, noUnusedLocals: false };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["**/*.ts"] }));
    for (const snippet of snippets) {
        const into = folderOf(snippet);
        mkdirSync(into, { recursive: true });
        const name = (snippet.file ?? `line-${snippet.place.split(":").at(-1)}.ts`).replace(/\.ts$/, "");
        writeFileSync(join(into, `${name}.ts`), snippet.code);
        writeFileSync(join(into, `${name}.js`), transformSync(snippet.code, { loader: "ts", format: "esm" }).code);
    }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("there are snippets in the README, the documentation, the schema and the docstrings of each folder", () => {
    const native = ["docs/_index.md", "docs/installation-configuration.md", "provider/native/schema.json"];
    for (const place of ["README.md", "docs/", "provider/", "receiver/", "emulator/", ...native]) {
        expect(snippets.filter((snippet) => snippet.place.startsWith(place))).not.toEqual([]);
    }
});

test("every snippet compiles on its own against the published package", async () => {
    // What would be found is found.
    writeFileSync(join(folder, "wrong.ts"), 'import { Nothing } from "pulumi-captions";\n');
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", folder, "--pretty", "false"], {
        cwd: folder,
    }).catch((error: { stdout: string }) => error);
    expect(stdout).toMatch(/^wrong\.ts\(1,10\): error TS2305: .*\n$/);
});

describe("the receivers in docs/receiver.md", () => {
    const receiverPage = snippets.filter(({ place }) => place.startsWith("docs/receiver.md"));
    const pathOf = (file: string): string => {
        const snippet = receiverPage.find((one) => one.file === file);
        if (snippet === undefined) throw new Error(`docs/receiver.md has no ${file}.`);
        return join(folderOf(snippet), file.replace(/\.ts$/, ".js"));
    };
    const post = (authorization: string) => ({
        method: "POST",
        headers: { "content-type": "application/json", authorization },
        body: JSON.stringify(success()),
    });
    const [right, wrong] = [post(`Bearer ${secret}`), post("Bearer wrong")];
    const secretsText = JSON.stringify(["another", secret]);

    /** Runs one of the page's files in workerd until the test ends. @returns its URL */
    const inWorkerd = async (file: string, options: { durableObjects?: WorkerOptions["durableObjects"] } = {}) => {
        const { outputFiles } = await build({
            entryPoints: [pathOf(file)],
            bundle: true,
            format: "esm",
            platform: "neutral",
            write: false,
        });
        const worker = new Miniflare({
            modules: true,
            script: outputFiles[0]?.text ?? "",
            compatibilityDate: "2025-01-01",
            bindings: { CAPTIONS_WEBHOOK_SECRETS: secretsText },
            ...options,
        });
        onTestFinished(() => worker.dispose());
        return await worker.ready;
    };

    /** Tells on which port a server listens, and stands in for `Deno.serve` where this is not Deno. */
    const preload = `
        import { createServer } from "node:http";
        import { Server } from "node:net";
        import { toNodeListener } from "pulumi-captions/receiver";
        const { emit } = Server.prototype;
        Server.prototype.emit = function (name, ...args) {
            if (name === "listening") process.send({ port: this.address().port });
            return emit.call(this, name, ...args);
        };
        globalThis.Deno = { serve: ({ port }, handler) => createServer(toNodeListener(handler)).listen(port) };
    `;

    /** Runs a snippet as a program until the test ends. @returns where it listens */
    async function start(file: string): Promise<string> {
        const preloaded = join(folder, "preload.mjs");
        writeFileSync(preloaded, preload);
        const child = fork(pathOf(file), {
            execArgv: ["--import", pathToFileURL(preloaded).href],
            env: { ...process.env, PORT: "0", CAPTIONS_WEBHOOK_SECRETS: secretsText },
            stdio: ["ignore", "pipe", "pipe", "ipc"],
        });
        onTestFinished(() => {
            child.kill("SIGKILL");
        });
        let said = "";
        child.stderr?.setEncoding("utf8").on("data", (text: string) => {
            said += text;
        });
        return await new Promise((resolve, reject) => {
            child.once("message", (message: { port: number }) => resolve(`http://127.0.0.1:${message.port}`));
            child.once("exit", (code) => reject(new Error(`It ended with code ${code}: ${said}`)));
        });
    }

    test.each(["node.ts", "express.ts", "fastify.ts", "hono.ts", "deno.ts"])(
        "%s starts, accepts a delivery with one of the secrets, and refuses a wrong one",
        async (file) => {
            const url = `${await start(file)}/hooks/captions`;
            expect((await fetch(url, right)).status).toBe(200);
            expect((await fetch(url, wrong)).status).toBe(401);
        },
    );

    /** What a module exports, loaded with the secrets in its environment. */
    async function load(file: string, env: Record<string, string>): Promise<Record<string, unknown>> {
        Object.assign(process.env, env);
        onTestFinished(() => {
            for (const name of Object.keys(env)) delete process.env[name];
        });
        // Each time anew, as the secrets are read when it is loaded.
        const { outputFiles } = await build({
            entryPoints: [pathOf(file)],
            bundle: true,
            format: "esm",
            platform: "node",
            write: false,
        });
        const module = join(folder, `${basename(file, ".ts")}-${Math.random().toString(36).slice(2)}.mjs`);
        writeFileSync(module, outputFiles[0]?.text ?? "");
        return await import(/* @vite-ignore */ pathToFileURL(module).href);
    }

    async function takes(receiver: Receiver): Promise<void> {
        expect((await receiver(new Request("http://localhost/", right))).status).toBe(200);
        expect((await receiver(new Request("http://localhost/", wrong))).status).toBe(401);
    }

    test("bun.ts has the function that Bun serves", async () => {
        const { default: server } = await load("bun.ts", { CAPTIONS_WEBHOOK_SECRETS: secretsText });
        await takes((server as { fetch: Receiver }).fetch);
    });

    test("lambda.ts answers the event of a function URL", async () => {
        const { handler } = await load("lambda.ts", { CAPTIONS_WEBHOOK_SECRETS: secretsText });
        const answer = async ({ headers, body }: typeof right) =>
            await (handler as (event: object) => Promise<object>)({
                headers,
                requestContext: { http: { method: "POST" } },
                body,
                isBase64Encoded: false,
            });
        expect(await answer(right)).toMatchObject({ statusCode: 200 });
        expect(await answer(wrong)).toMatchObject({ statusCode: 401 });
    });

    test("worker.ts runs in workerd, with the secrets in a binding", async () => {
        const url = await inWorkerd("worker.ts");
        expect((await fetch(url, right)).status).toBe(200);
        expect((await fetch(url, wrong)).status).toBe(401);
    });

    test("file.ts takes its secrets from a file, and a new one as soon as it is written", async () => {
        const file = join(folder, "secrets.json");
        writeFileSync(file, '["another"]');
        const { receiver } = await load("file.ts", { SECRETS_FILE: file });
        expect((await (receiver as Receiver)(new Request("http://localhost/", right))).status).toBe(401);
        writeFileSync(file, secretsText);
        await takes(receiver as Receiver);
    });

    test("store.ts takes its secrets from a store", async () => {
        const url = await listen(createServer((_request, response) => response.end(secretsText)));
        const { receiver } = await load("store.ts", { SECRETS_URL: url });
        expect((await (receiver as Receiver)(new Request("http://localhost/", right))).status).toBe(200);
    });

    test("work.ts answers while its work goes on", async () => {
        const env = { CAPTIONS_WEBHOOK_SECRETS: secretsText, HOSTNAME: "pod-7" };
        const { receiver } = await load("work.ts", env);
        const failure = { ...right, body: JSON.stringify(success({ event: "creator.failure" })) };
        const answer = await (receiver as Receiver)(new Request("http://localhost/", failure));
        expect([answer.status, answer.headers.get("captions-receiver-instance")]).toEqual([200, "pod-7"]);
    });

    test("redis.ts remembers deliveries in Redis", async () => {
        const env = { CAPTIONS_WEBHOOK_SECRETS: secretsText, REDIS_URL: await startRedis() };
        const { receiver, redis } = await load("redis.ts", env);
        const client = redis as { keys(pattern: string): Promise<string[]>; quit(): Promise<unknown> };
        onTestFinished(async () => void (await client.quit()));
        await takes(receiver as Receiver);
        expect(await client.keys("*")).toHaveLength(1);
    });

    test("durable-object.ts runs in workerd, with its Durable Object", async () => {
        const url = await inWorkerd("durable-object.ts", {
            durableObjects: { DELIVERIES: { className: "CaptionsDelivery", useSQLite: true } },
        });
        expect((await fetch(url, right)).status).toBe(200);
        expect((await fetch(url, right)).status).toBe(200);
        expect((await fetch(url, wrong)).status).toBe(401);
    });

    test("receiver.test.ts passes, by the command of the page", async () => {
        const page = readFileSync(join(root, "docs/receiver.md"), "utf8");
        const section = /^## Test your receiver$.*?^## /ms.exec(page)?.[0] ?? "";
        const [, commands = ""] = /^```sh\n(.*?)^```$/ms.exec(section) ?? [];
        const [install, ...run] = commands.trim().split("\n");
        expect(install).toBe("npm install --save-dev tsx");
        // Only what the reader has: nothing that is compiled.
        const project = join(folder, "project");
        mkdirSync(project);
        for (const file of ["receiver.ts", "lambda.ts", "receiver.test.ts"]) {
            copyFileSync(pathOf(file).replace(/\.js$/, ".ts"), join(project, file));
        }
        const { stdout } = await promisify(execFile)("sh", ["-c", run.join("\n")], {
            cwd: project,
            env: { PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) },
        });
        expect(stdout).toMatch(/^(#|ℹ) pass 3$/m);
    });

    test("every file of the page is one of these", () => {
        const files = receiverPage.map(({ file }) => file);
        const servers = ["node", "express", "fastify", "hono", "lambda", "worker", "deno", "bun"];
        // And pulumi.ts, which test/receiver/callback-functions.test.ts runs.
        const run = [...servers, "work", "file", "store", "receiver.test", "redis", "durable-object"];
        expect(files).toEqual(["receiver.ts", ...run.map((name) => `${name}.ts`)]);
    });
});
