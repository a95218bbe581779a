import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const receiverFolder = join(__dirname, "../../receiver");
let folder: string;

beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "receiver-runtimes-"));
    for (const [format, extension] of [
        ["esm", "mjs"],
        ["cjs", "cjs"],
    ] as const) {
        await build({
            entryPoints: [join(__dirname, "smoke.ts")],
            outfile: join(folder, `smoke.${extension}`),
            bundle: true,
            format,
            platform: "neutral",
        });
    }
});
afterAll(() => rm(folder, { recursive: true }));

/** The runtime's command, if it is installed here. */
async function installed(command: string): Promise<boolean> {
    return run(command, ["--version"]).then(
        () => true,
        () => false,
    );
}

describe("the receiver", () => {
    test.each(["smoke.mjs", "smoke.cjs"])("works in this version of Node (%s)", async (script) => {
        expect((await run(process.execPath, [join(folder, script)])).stdout).toContain("The receiver works.");
    });

    for (const [command, ...options] of [
        ["deno", "run", "--no-config"],
        ["bun", "run"],
    ] as const) {
        test(`works in ${command}, if that is installed`, async (context) => {
            if (!(await installed(command))) return context.skip();
            const { stdout } = await run(command, [...options, join(folder, "smoke.mjs")]);
            expect(stdout).toContain("The receiver works.");
        });
    }

    test("imports nothing but its own files, except for node.ts, which is an entry point of its own", async () => {
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
});
