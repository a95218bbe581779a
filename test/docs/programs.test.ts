import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { parse } from "yaml";
import { startEmulator } from "../../emulator";
import { runPulumi } from "../../engine/pulumi";
import schema from "../../provider/native/schema.json";
import { findOrBuildLanguages, installJavaLibraries, installPythonSdk } from "../prerequisites";
import { filesIn, root, sdk, silent, temporaryFolder, tool } from "../sdk/support";
import { setSecret, writeEmptyStack } from "../support/empty-stack";
import { once } from "../support/once";

// Those in TypeScript: snippets.test.ts. C# needs a compiler that is not among the tests' tools.

/** A cold compiler compiles Pulumi's SDK, too. */
const COMPILES_MS = 10 * 60_000;

interface Program {
    /** A name for a folder. */
    readonly name: string;
    readonly code: string;
}

const pages = ["docs/_index.md", "docs/installation-configuration.md", "README.md"].map(
    (page) => [page, readFileSync(join(root, page), "utf8")] as const,
);
const descriptions = [schema.resources, schema.functions].flatMap((all) =>
    Object.entries(all).map(([token, { description }]) => [token, description] as const),
);

/** Every program that is shown in this language, in the pages and in the schema. */
function programsIn(language: string, isProgram: RegExp): readonly Program[] {
    const blocks = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms");
    return [...pages, ...descriptions].flatMap(([place, text]) =>
        [...text.matchAll(blocks)].flatMap(([, code = ""], index) =>
            isProgram.test(code) ? [{ name: `${place.replaceAll(/\W/g, "-")}-${index}`, code }] : [],
        ),
    );
}

test("every page of the registry and the README show programs in all languages, and so does the schema", () => {
    for (const [language, sign] of [
        ["python", /^import pulumi_captions/m],
        ["go", /^func main/m],
        ["yaml", /^resources:|^variables:/m],
    ] as const) {
        const names = programsIn(language, sign).map(({ name }) => name.replace(/-\d+$/, ""));
        const places = ["docs-_index-md", "docs-installation-configuration-md", ...Object.keys(schema.resources)];
        const shown = new Set(names);
        expect(places.map((place) => place.replaceAll(":", "-")).filter((place) => !shown.has(place))).toEqual([]);
    }
});

test("those in Python pass mypy", { timeout: COMPILES_MS }, async () => {
    const [folder, { python }] = [await sdk("python"), await installPythonSdk(silent)];
    const env = { MYPYPATH: folder, MYPY_CACHE_DIR: temporaryFolder() };
    const files = programsIn("python", /^import/m).map(({ name, code }) => {
        // A name that Python can import.
        const file = join(folder, `${name.replaceAll("-", "_")}.py`);
        writeFileSync(file, code);
        return file;
    });
    await tool(python, ["-m", "mypy", "--strict", "--follow-imports=silent", ...files], { cwd: folder, env });
});

test("those in Go are formatted, and pass go vet", { timeout: COMPILES_MS }, async () => {
    const folder = await sdk("go");
    for (const { name, code } of programsIn("go", /^package main/m)) {
        mkdirSync(join(folder, "programs", name), { recursive: true });
        writeFileSync(join(folder, "programs", name, "main.go"), code);
    }
    expect(await tool("gofmt", ["-l", "programs"], { cwd: folder })).toBe("");
    await tool("go", ["vet", "./programs/..."], { cwd: folder });
});

test("those in Java compile", { timeout: COMPILES_MS }, async () => {
    const folder = await sdk("java");
    const { javac, libraries } = await installJavaLibraries(join(folder, "pom.xml"), silent);
    const files = filesIn(join(folder, "src"), ".java");
    // All have a class of the same name. One run of the compiler can take them as a package each.
    for (const { name, code } of programsIn("java", /^public class App/m)) {
        const packageName = `of_${name.replaceAll("-", "_")}`;
        const file = join(folder, packageName, "App.java");
        mkdirSync(join(folder, packageName));
        writeFileSync(file, `package ${packageName};\n${code}`);
        files.push(file);
    }
    expect(files.filter((file) => file.endsWith("App.java")).length).toBeGreaterThan(5);
    await tool(javac, ["--release", "11", "-d", "classes", "-cp", join(libraries, "*"), ...files], { cwd: folder });
});

describe("those in YAML", () => {
    const programs = programsIn("yaml", /^(resources|variables):/m);
    const engineWithLanguages = once(() => findOrBuildLanguages(silent));

    test.each(programs)("$name: the engine previews it", async ({ code }) => {
        const emulator = await startEmulator();
        try {
            const engine = await engineWithLanguages();
            const project = temporaryFolder();
            const legacy = { url: "https://api.example.com/hooks/captions", enabledEvents: ["creator.success"] };
            emulator.register(legacy);
            const imported = emulator.register({ ...legacy, url: "https://api.example.com/hooks/legacy" });
            const body = code.replaceAll("wh_123", imported.id).replace(/^(name|runtime): .*\n/gm, "");
            writeFileSync(join(project, "Pulumi.yaml"), `name: test\nruntime: yaml\n${plugin(project)}${body}`);
            const stack = { project, projectName: "test", temporaryFolder: project };
            writeEmptyStack(engine, stack);
            for (const name of Object.keys(parse(code).config ?? {})) setSecret(engine, stack, `test:${name}`, "key");
            const env = { CAPTIONS_BASE_URL: emulator.baseUrl, CAPTIONS_API_KEY: emulator.apiKey };
            const preview = await runPulumi(engine, ["preview"], { project, temporaryFolder: project, env });
            expect(preview.code, preview.text).toBe(0);
        } finally {
            await emulator.stop();
        }
    });
});

/** Where the plugin is, for a project that has no packages. */
function plugin(project: string): string {
    symlinkSync(inject("nodeModules"), join(project, "node_modules"), "junction");
    return "plugins:\n  providers:\n    - name: captions\n      path: ./node_modules/pulumi-captions/plugin\n";
}
