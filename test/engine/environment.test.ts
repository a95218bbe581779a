import { execFile } from "node:child_process";
import { symlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { engineEnvironment, ensureEngine } from "../../engine";
import { TestMachine } from "../support/machine";

test("runs a dynamic provider on the real engine without an account and without a trace in the home folder", async () => {
    const machine = new TestMachine();
    const engine = await ensureEngine({ log: () => undefined });
    machine.write("program/Pulumi.yaml", "name: scratch\nruntime: nodejs\n");
    machine.write("program/package.json", '{ "name": "scratch", "main": "index.js" }');
    machine.write(
        "program/index.js",
        `const { dynamic } = require("@pulumi/pulumi");
        class Nothing extends dynamic.Resource {}
        const provider = { create: async () => ({ id: "made-here" }) };
        exports.id = new Nothing(provider, "nothing", {}).id;`,
    );
    symlinkSync(resolve(__dirname, "../../node_modules"), machine.path("program/node_modules"), "junction");
    const env = { ...engineEnvironment(engine, machine.folder), HOME: machine.path("home") };
    const run = (...args: string[]) =>
        promisify(execFile)(engine.pulumi, [...args, "--non-interactive"], { env, cwd: machine.path("program") });

    await run("stack", "init", "dev");
    await run("up", "--yes", "--skip-preview");
    expect((await run("stack", "output", "id")).stdout.trim()).toBe("made-here");
    await run("preview", "--expect-no-changes");
    await run("refresh", "--yes", "--skip-preview");
    await run("destroy", "--yes", "--skip-preview");
    expect(machine.list("home")).toEqual([]);
    expect(dirname(engine.pulumi)).toBe(engine.binDir);
});
