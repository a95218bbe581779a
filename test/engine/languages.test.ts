import { delimiter } from "node:path";
import { describe, expect, it } from "vitest";
import type { Engine } from "../../engine";
import { ensureLanguages } from "../../engine/languages";
import { LANGUAGE_HOST_VERSION, YAML_HOST_VERSION } from "../../engine/versions";
import { TestMachine } from "../support/machine";

const silent = { log: () => undefined };

/** An engine without any language host but Node.js's. */
function engineOf(machine: TestMachine): Engine {
    const pulumi = machine.program("engine/pulumi", "");
    const binDir = machine.path("engine");
    return {
        pulumi,
        binDir,
        version: "3.274.1",
        source: "build",
        env: { PATH: [binDir, machine.bin].join(delimiter) },
    };
}

/** A Go that builds what does nothing, and has the sources of Python's host. */
function go(machine: TestMachine, { build = "" } = {}): void {
    machine.write("sources/python/cmd/pulumi-language-python-exec", "print('hello')");
    machine.program(
        "bin/go",
        `
        if (args[0] === "version") console.log("go version go1.26.6 linux/amd64");
        if (args[0] === "env") console.log("auto");
        if (args[0] === "list") console.log(path.join(folder, "sources"));
        if (args[0] === "build") {
            const program = args[args.indexOf("-o") + 1];
            note(path.basename(program) + " " + args.at(-1) + " in " + path.basename(process.cwd()));
            ${build}
            fs.mkdirSync(path.dirname(program), { recursive: true });
            fs.writeFileSync(program, "#!/bin/sh", { mode: 0o755 });
        }
        `,
    );
}

const hosts = (engine: Engine) => engine.env.PATH.split(delimiter).slice(2);

describe.skipIf(process.platform === "win32")("ensureLanguages", () => {
    it("builds those that are asked for, once per machine, and puts them on the PATH", async () => {
        const machine = new TestMachine();
        go(machine);
        const engine = engineOf(machine);
        const first = await ensureLanguages(engine, ["yaml", "python"], silent, machine.env);
        expect(await ensureLanguages(engine, ["yaml", "python"], silent, machine.env)).toEqual(first);
        expect(machine.notes).toEqual([
            "pulumi-language-yaml github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml in yaml",
            "pulumi-language-python github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python in language",
        ]);
        const system = `${process.platform}-${process.arch}`;
        expect(hosts(first)).toEqual([
            machine.path("cache", `pulumi-language-yaml-${YAML_HOST_VERSION}-${system}`, "bin"),
            machine.path("cache", `pulumi-language-python-${LANGUAGE_HOST_VERSION}-${system}`, "bin"),
        ]);
    });

    it("puts the script that Python's host starts beside it", async () => {
        const machine = new TestMachine();
        go(machine);
        const [folder = ""] = hosts(await ensureLanguages(engineOf(machine), ["python"], silent, machine.env));
        expect(machine.list(folder.slice(machine.folder.length))).toEqual([
            "pulumi-language-python",
            "pulumi-language-python-exec",
        ]);
    });

    it("takes those that are there already", async () => {
        const machine = new TestMachine();
        const engine = engineOf(machine);
        machine.program("engine/pulumi-language-yaml", "");
        machine.program("bin/pulumi-language-go", "");
        expect(await ensureLanguages(engine, ["yaml", "go"], silent, machine.env)).toEqual(engine);
    });

    it("says which is missing, and why it can't be built, and leaves nothing half-built", async () => {
        const machine = new TestMachine();
        const engine = engineOf(machine);
        const attempt = () => ensureLanguages(engine, ["go"], silent, machine.env);
        await expect(attempt()).rejects.toThrow(
            /^There is no pulumi-language-go, and it can't be built with Go: there is no go on PATH/,
        );
        go(machine, { build: `console.error("dial tcp: lookup: no such host"); process.exit(1);` });
        await expect(attempt()).rejects.toMatchObject({
            name: "EngineError",
            message: expect.stringMatching(/pulumi-language-go.*Go could not reach the module proxy/),
        });
        expect(machine.list("cache")).toEqual([]);
    });
});
