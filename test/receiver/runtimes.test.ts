import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { secret, send, success } from "./support";

const run = promisify(execFile);
const root = join(__dirname, "../..");
const receiverFolder = join(root, "receiver");
let folder: string;

beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "receiver-runtimes-"));
    for (const [name, format, extension] of [
        ["smoke", "esm", "mjs"],
        ["smoke", "cjs", "cjs"],
        ["runtime-server", "esm", "mjs"],
    ] as const) {
        await build({
            entryPoints: [join(__dirname, `${name}.ts`)],
            outfile: join(folder, `${name}.${extension}`),
            bundle: true,
            format,
            platform: "neutral",
            external: ["node:*"],
        });
    }
});
afterAll(() => rm(folder, { recursive: true }));

/**
 * A runtime's program: where its npm package has put it, or in the package for this system, where npm runs no scripts.
 */
async function programOf(installed: string, scope: string, path: string): Promise<string> {
    const packages = join(root, "node_modules", scope);
    const names = existsSync(packages) ? await readdir(packages) : [];
    const places = names.map((name) => join(packages, name, path));
    for (const program of [join(root, "node_modules", installed), ...places].flatMap((place) => [
        place,
        `${place}.exe`,
    ])) {
        if (existsSync(program) && (await run(program, ["--version"]).then(Boolean, () => false))) return program;
    }
    throw new Error(`npm has installed no package of ${scope} that runs on this system.`);
}

const node = { program: async () => process.execPath, options: [] };
const deno = {
    program: () => programOf("deno/deno", "@deno", "deno"),
    options: ["run", "--no-config", "--no-remote", "--no-npm", "--allow-net"],
};
const bun = { program: () => programOf("bun/bin/bun", "@oven", "bin/bun"), options: ["run"] };

describe.each(Object.entries({ "this version of Node": node, Deno: deno, Bun: bun }))("in %s", (_name, runtime) => {
    test.each(["smoke.mjs", "smoke.cjs"])("the receiver works (%s)", async (script) => {
        const { stdout } = await run(await runtime.program(), [...runtime.options, join(folder, script)]);
        expect(stdout).toContain("The receiver works.");
    });
});

const servers = {
    "Deno.serve": { ...deno, server: "own" },
    "Bun.serve": { ...bun, server: "own" },
    "Deno's node:http": { ...deno, server: "node:http" },
    "Bun's node:http": { ...bun, server: "node:http" },
    "Node's http": { ...node, server: "node:http" },
};

describe.each(Object.entries(servers))("behind %s", (_name, { program, options, server }) => {
    /** Starts the server until the test ends. */
    async function start() {
        const child = spawn(await program(), [...options, join(folder, "runtime-server.mjs"), server]);
        const ended = once(child, "close");
        onTestFinished(async () => {
            child.kill("SIGKILL");
            await ended;
        });
        const told: Record<string, unknown>[] = [];
        let errors = "";
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
            errors += text;
        });
        const url = await new Promise<string>((resolve, reject) => {
            createInterface(child.stdout).on("line", (line) => {
                const what = JSON.parse(line);
                if (what.url) resolve(what.url);
                else told.push(what);
            });
            child.once("close", (code) => reject(new Error(`It ended with code ${code}: ${errors}`)));
        });
        const post = (body: unknown, token = secret) =>
            fetch(url, {
                method: "POST",
                headers: { authorization: `Bearer ${token}` },
                body: typeof body === "string" ? body : JSON.stringify(body),
            });
        return { url, told, post };
    }

    test("a receiver gives each of its answers, and hands each event on once", async () => {
        const { url, told, post } = await start();
        const first = await post(success({ operationId: "öp_1" }));
        expect([first.status, await first.text()]).toEqual([200, ""]);
        expect(first.headers.get("captions-receiver-instance")).toBe("one");
        expect((await post(success({ operationId: "öp_1" }), "new")).status).toBe(200);
        const copies = await Promise.all(
            Array.from({ length: 20 }, () => post(success({ operationId: "op_2" }), "new")),
        );
        expect(new Set(copies.map(({ status }) => status))).toEqual(new Set([200]));
        expect((await post({ event: "pulumi-captions.test" })).status).toBe(200);
        expect((await post("{")).status).toBe(400);
        expect((await post(success({ more: "x".repeat(100_000) }))).status).toBe(413);
        expect((await post(success({ operationId: "fails" }))).status).toBe(500);
        expect((await fetch(url)).status).toBe(405);

        const wrong = await post(success(), "wrong");
        expect([wrong.status, wrong.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
        const right = ["authorization", `Bearer ${secret}`];
        expect((await send(url, "POST", [...right, ...right], JSON.stringify(success()))).status).toBe(401);
        const all = [
            { secretIndex: 1, operationId: "öp_1" },
            { secretIndex: 0, operationId: "op_2" },
            { step: "handler", error: "Error: no" },
        ];
        await vi.waitFor(() => expect(told).toEqual(all));
    });

    test("an endless body is answered 401 without the secret, and 413 with it", async () => {
        const { url } = await start();
        for (const [token, status] of [
            ["wrong", "401"],
            [secret, "413"],
        ]) {
            const socket = connect(Number(new URL(url).port), "127.0.0.1");
            // The server may close the connection while there is still something to send.
            socket.on("error", () => undefined);
            onTestFinished(() => void socket.destroy());
            const head = `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`;
            socket.write(head);
            for (let i = 0; i < 11; i++) socket.write(`2710\r\n${"x".repeat(10_000)}\r\n`);
            const [data] = await once(socket, "data");
            expect(String(data)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
        }
    });

    test("work goes on after the answer, and a repeat waits for it", async () => {
        const { told, post } = await start();
        expect((await post(success({ operationId: "later" }))).status).toBe(200);
        expect((await post(success({ operationId: "later" }))).status).toBe(200);
        await vi.waitFor(() => expect(told).toEqual([{ secretIndex: 1, operationId: "later" }]));
    });
});

test("the receiver imports nothing but its own files, except for node.ts, which is an entry point of its own", async () => {
    const names = (await readdir(receiverFolder, { recursive: true })).filter((name) => name.endsWith(".ts"));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
        const text = await readFile(join(receiverFolder, name), "utf8");
        // What a docstring's example imports is not an import.
        const imported = [...text.matchAll(/^(?!\s*\*).*?(?:from|import|require)\s*\(?\s*"([^"]+)"/gm)].map(
            ([, path]) => path,
        );
        const foreign = imported.filter((path) => !path?.startsWith("."));
        expect({ name, foreign }).toEqual({ name, foreign: name === "node.ts" ? ["node:fs/promises"] : [] });
        expect(imported.filter((path) => path?.endsWith("/node.js"))).toEqual([]);
    }
});
