import { copyFileSync, existsSync, mkdirSync, readlinkSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { TestMachine, until } from "../support/machine";

describe.skipIf(process.platform === "win32")("the set-up", () => {
    let machine: TestMachine;

    beforeEach(() => {
        machine = new TestMachine();
        mkdirSync(machine.path("scripts"));
        copyFileSync(resolve(__dirname, "../../scripts/setup.mjs"), machine.path("scripts/setup.mjs"));
        machine.write("package.json", '{ "name": "sample", "main": "./dist/provider/index.js" }');
        machine.write("package-lock.json", "{}");
        machine.write("provider/index.ts", "");
        machine.write("proceed", "");
        // What npm does, as far as the set-up sees it. `ci` waits for the file "proceed".
        machine.program(
            "bin/npm",
            `(async () => {
                note(args[0]);
                const put = (name) => {
                    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
                    fs.writeFileSync(path.join(folder, name), "");
                };
                if (args[0] === "ci") {
                    await waitFor("proceed");
                    if (fs.existsSync(path.join(folder, "broken"))) { console.error("npm error ERESOLVE"); process.exit(1); }
                    fs.rmSync(path.join(folder, "node_modules"), { recursive: true, force: true });
                    put("node_modules/.package-lock.json");
                    // Like npm, which runs the script "prepare" after an install.
                    const setup = path.join(folder, "scripts/setup.mjs");
                    require("node:child_process").execFileSync(process.execPath, [setup, "build"]);
                } else {
                    for (const source of fs.readdirSync(path.join(folder, "provider"))) {
                        put("dist/provider/" + source.replace(".ts", ".js"));
                        put("dist/provider/" + source.replace(".ts", ".d.ts"));
                    }
                }
            })();`,
        );
    });

    const start = (...only: string[]) => machine.start(process.execPath, [machine.path("scripts/setup.mjs"), ...only]);

    async function setUp(...only: string[]): Promise<{ code: number | null; output: string; did: string[] }> {
        const before = machine.notes.length;
        const running = start(...only);
        const code = await running.ended;
        return { code, output: running.output, did: machine.notes.slice(before) };
    }

    it("installs, links the package to itself, builds; and does nothing the second time", async () => {
        expect(await setUp()).toMatchObject({ code: 0, did: ["ci", "run"] });
        expect(readlinkSync(machine.path("node_modules/sample"))).toBe("..");
        expect(await setUp()).toEqual({ code: 0, output: "", did: [] });
        expect(machine.list("tmp")).toEqual([]);
    });

    it("installs again when the lock file has other content, not when it only has another time", async () => {
        await setUp();
        machine.write("package-lock.json", "{}");
        const later = new Date(Date.now() + 60_000);
        machine.setTime("package-lock.json", later);
        expect((await setUp()).did).toEqual([]);
        machine.write("package-lock.json", "{ }");
        machine.setTime("package-lock.json", later);
        expect((await setUp()).did).toEqual(["ci", "run"]);
        expect(existsSync(machine.path("node_modules/sample/package.json"))).toBe(true);
    });

    it("does only the part that is asked for", async () => {
        expect(await setUp("packages")).toMatchObject({ code: 0, did: ["ci"] });
        expect(machine.list("dist")).toEqual([]);
        expect(await setUp("build")).toMatchObject({ code: 0, did: ["run"] });
        // As where npm has installed this package from git: it is for npm to say which packages there are.
        rmSync(machine.path("node_modules"), { recursive: true });
        expect(await setUp("build")).toMatchObject({ code: 0, did: ["run"] });
    });

    it("leaves packages alone that somebody installed by hand", async () => {
        machine.write("node_modules/.package-lock.json", "");
        expect((await setUp()).did).toEqual(["run"]);
    });

    it("builds again when a source is changed, added or removed, and removes what was built from it", async () => {
        await setUp();
        machine.write("provider/index.ts", "changed");
        expect((await setUp()).did).toEqual(["run"]);
        const added = machine.write("provider/added.ts", "");
        expect((await setUp()).did).toEqual(["run"]);
        expect(machine.list("dist/provider")).toEqual(["added.d.ts", "added.js", "index.d.ts", "index.js"]);
        rmSync(added);
        expect((await setUp()).did).toEqual(["run"]);
        expect(machine.list("dist/provider")).toEqual(["index.d.ts", "index.js"]);
        rmSync(machine.path("dist"), { recursive: true });
        expect((await setUp()).did).toEqual(["run"]);
        machine.write("README.md", "no source");
        expect((await setUp()).did).toEqual([]);
    });

    it("installs once when two are started at the same time", async () => {
        rmSync(machine.path("proceed"));
        const first = start();
        await until(() => machine.notes.length > 0);
        const second = start();
        await until(() => second.output.includes("Waiting for another set-up"));
        machine.write("proceed", "");
        expect([await first.ended, await second.ended]).toEqual([0, 0]);
        expect(machine.notes).toEqual(["ci", "run"]);
    });

    it("takes over from one that was killed", async () => {
        rmSync(machine.path("proceed"));
        const killed = start();
        await until(() => machine.notes.length > 0);
        killed.child.kill("SIGKILL");
        machine.write("proceed", "");
        await killed.ended;
        const [lock] = machine.list("tmp");
        machine.age(machine.path("tmp", lock as string));
        const { code, output } = await setUp();
        expect(code).toBe(0);
        expect(output).not.toContain("Waiting");
        expect(machine.list("tmp")).toEqual([]);
    });

    it("says what npm said when it fails", async () => {
        machine.write("broken", "");
        const { code, output } = await setUp();
        expect(code).toBe(1);
        expect(output).toMatch(/npm could not install the packages \(npm ci .*\):\n {4}npm error ERESOLVE\n$/);
        expect(machine.list("tmp")).toEqual([]);
    });
});
