import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { delimiter, dirname, resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { TestMachine, until } from "../support/machine";

const root = resolve(__dirname, "../..");

function copy(machine: TestMachine, name: string): void {
    mkdirSync(dirname(machine.path(name)), { recursive: true });
    copyFileSync(resolve(root, name), machine.path(name));
}

describe.skipIf(process.platform === "win32")(".ci/run", () => {
    it.each([
        { what: "everything passes", npm: 'console.log("7 passed, 0 failed")', last: "7 passed, 0 failed", code: 0 },
        {
            what: "a test fails, and npm adds its own lines",
            npm: 'console.log("6 passed, 1 failed\\nnpm error Lifecycle script failed"); process.exitCode = 1',
            last: "6 passed, 1 failed",
            code: 1,
        },
        {
            what: "npm ends badly after the counts",
            npm: 'console.log("7 passed, 0 failed"); process.exitCode = 3',
            last: "7 passed, 1 failed",
            code: 1,
        },
        {
            what: "there are no counts",
            npm: 'console.log("npm error"); process.exitCode = 1',
            last: "0 passed, 1 failed",
            code: 1,
        },
        { what: "nothing ran", npm: 'console.log("0 passed, 0 failed")', last: "0 passed, 1 failed", code: 1 },
    ])("ends with the counts when $what", async ({ npm, last, code }) => {
        const machine = new TestMachine();
        copy(machine, ".ci/run");
        machine.program("bin/npm", npm);
        const env = { ...machine.env, PATH: [machine.bin, "/usr/bin", "/bin"].join(delimiter) };
        const running = machine.start("bash", [machine.path(".ci/run")], env);
        expect(await running.ended).toBe(code);
        expect(running.output.trimEnd().split("\n").at(-1)).toBe(last);
        expect(machine.list("tmp")).toEqual([]);
    });
});

describe.skipIf(process.platform === "win32")("npm test", () => {
    let machine: TestMachine;

    beforeEach(() => {
        machine = new TestMachine();
        for (const name of ["test", "setup", "leftovers"]) copy(machine, `scripts/${name}.mjs`);
        machine.write("package.json", '{ "name": "sample", "main": "./dist/provider/index.js" }');
        machine.write("package-lock.json", "{}");
        machine.write("dist/provider/index.js", "");
        machine.program("node_modules/@biomejs/biome/bin/biome", "");
        machine.program("node_modules/typescript/bin/tsc", "");
        machine.write("node_modules/.package-lock.json", "");
        symlinkSync(dirname(require.resolve("tsx/package.json")), machine.path("node_modules/tsx"));
        machine.write("engine/main.ts", 'console.log("{}")');
        machine.write("test/prerequisites/browser.ts", 'console.log("/browser")');
        machine.write("test/prerequisites/main.ts", "");
        machine.program(
            "bin/npm",
            'if (args[0] === "pack") console.log(JSON.stringify([{ filename: "sample.tgz" }]));',
        );
        vitest({ numPassedTests: 2, numFailedTests: 0, testResults: [] });
    });

    /** A vitest with this result, which does something besides. */
    function vitest(report: object, code = 0, does = ""): void {
        machine.write(
            "node_modules/vitest/vitest.mjs",
            `import { appendFileSync, writeFileSync } from "node:fs";
            const args = process.argv.slice(2);
            const { PULUMI_CAPTIONS_TARBALL, CHROMIUM_PATH, PULUMI_CAPTIONS_ENGINE_ERROR } = process.env;
            appendFileSync(${JSON.stringify(machine.path("notes"))}, JSON.stringify({ args, PULUMI_CAPTIONS_TARBALL, CHROMIUM_PATH, PULUMI_CAPTIONS_ENGINE_ERROR }) + "\\n");
            writeFileSync(args.find((arg) => arg.startsWith("--outputFile.json=")).split("=")[1], ${JSON.stringify(JSON.stringify(report))});
            ${does}
            process.exitCode = ${code};`,
        );
    }

    async function npmTest(...args: string[]) {
        const running = machine.start(process.execPath, [machine.path("scripts/test.mjs"), ...args]);
        const code = await running.ended;
        const [given] = machine.notes.map((line) => JSON.parse(line));
        return { code, output: running.output, last: running.output.trimEnd().split("\n").at(-1), given };
    }

    it("counts format and lint, types, and each test", async () => {
        expect(await npmTest()).toMatchObject({ code: 0, last: "4 passed, 0 failed" });
        expect(machine.list("tmp").filter((name) => name.startsWith("pulumi-"))).toEqual([]);
    });

    it("gives the tests the packed package and the browser, and vitest what was asked for", async () => {
        const { given } = await npmTest("test/provider");
        expect(given.args.at(-1)).toBe("test/provider");
        expect(given.CHROMIUM_PATH).toBe("/browser");
        expect(given.PULUMI_CAPTIONS_TARBALL).toMatch(/sample\.tgz$/);
        expect(given.PULUMI_CAPTIONS_ENGINE_ERROR).toBeUndefined();
    });

    it("still runs what can run when a check fails", async () => {
        machine.program("node_modules/@biomejs/biome/bin/biome", 'console.log("a long line"); process.exitCode = 1');
        const { code, last, output } = await npmTest();
        expect({ code, last }).toEqual({ code: 1, last: "3 passed, 1 failed" });
        expect(output).toMatch(/failed format and lint \(\d+\.\d s\)\n {4}a long line\n/);
    });

    it("tells the tests why there is no engine, so that not each of them tries again", async () => {
        machine.write("engine/main.ts", 'console.error("no Go"); process.exitCode = 1;');
        const { last, given } = await npmTest();
        expect(given.PULUMI_CAPTIONS_ENGINE_ERROR).toBe("no Go");
        expect(last).toBe("4 passed, 1 failed");
    });

    it("counts a test file that can't be loaded, and an error outside of any test", async () => {
        const broken = { status: "failed", assertionResults: [] };
        vitest({ numPassedTests: 2, numFailedTests: 1, testResults: [broken] }, 1);
        expect((await npmTest()).last).toBe("4 passed, 2 failed");
        vitest({ numPassedTests: 2, numFailedTests: 0, testResults: [] }, 1);
        expect((await npmTest()).last).toBe("4 passed, 1 failed");
    });

    const twoTests = { numPassedTests: 2, numFailedTests: 0, testResults: [] };

    it.skipIf(process.platform !== "linux")(
        "fails for each process that a test left behind, names and ends it",
        async () => {
            vitest(
                twoTests,
                0,
                `const { spawn } = await import("node:child_process");
            const forever = "setInterval(() => undefined, 1000)";
            const { TMPDIR, ...others } = process.env;
            for (const options of [{}, { env: others, cwd: TMPDIR }]) {
                const child = spawn(process.execPath, ["-e", forever], { ...options, detached: true, stdio: "ignore" });
                appendFileSync(${JSON.stringify(machine.path("pids"))}, child.pid + "\\n");
                child.unref();
            }`,
            );
            const { code, last, output } = await npmTest();
            const pids = readFileSync(machine.path("pids"), "utf8").trim().split("\n");
            expect({ code, last }).toEqual({ code: 1, last: "4 passed, 1 failed" });
            expect(pids).toHaveLength(2);
            for (const pid of pids) {
                expect(output).toContain(`The tests left process ${pid} running: ${process.execPath} -e setInterval`);
            }
            await until(() => pids.every(hasEnded));
        },
    );

    it("fails for a temporary folder that a test left behind, not for a tool's cache", async () => {
        const leaves = (name: string) => `const { mkdirSync } = await import("node:fs");
            mkdirSync(process.env.TMPDIR + "/${name}");`;
        vitest(twoTests, 0, leaves("captions-x1"));
        const { code, last, output } = await npmTest();
        expect({ code, last }).toEqual({ code: 1, last: "4 passed, 1 failed" });
        expect(output).toMatch(/The tests left \S+captions-x1 behind\./);
        vitest(twoTests, 0, leaves("tsx-0"));
        expect(await npmTest()).toMatchObject({ code: 0, last: "4 passed, 0 failed" });
    });

    it("fails when there was no test at all", async () => {
        vitest({ numPassedTests: 0, numFailedTests: 0, testResults: [] });
        expect(await npmTest()).toMatchObject({ code: 1, last: "2 passed, 1 failed" });
    });

    it("ends with the counts when the packages can't be installed", async () => {
        machine.write("package-lock.json", "{ }");
        machine.setTime("node_modules/.package-lock.json", new Date(0));
        machine.program("bin/npm", 'console.error("npm error network"); process.exitCode = 1;');
        const { code, last, output } = await npmTest();
        expect({ code, last }).toEqual({ code: 1, last: "0 passed, 1 failed" });
        expect(output).toContain("npm error network");
    });
});

/** Gone, or only not asked for its code yet by whoever started it. */
function hasEnded(pid: string): boolean {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8") === "";
    } catch {
        return true;
    }
}
