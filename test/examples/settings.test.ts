import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { copyExample, root, temporaryFolder } from "./support/examples";
import { emulatorForTest, Project } from "./support/project";

const examples = join(root, "examples");

/** What each program cannot do without, by its folder. The native ones have values for all of it. */
const required = readdirSync(examples, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("Pulumi.yaml") && !/node_modules|^(gitops|native)/.test(path))
    .map((path) => dirname(path))
    .map((folder) => ({ folder, names: settingsOf(readFileSync(join(examples, folder, "index.ts"), "utf8")) }))
    .filter(({ names }) => names.length > 0);

function settingsOf(program: string): readonly string[] {
    return [...new Set([...program.matchAll(/config\.require\("(\w+)"\)/g)].map(([, name]) => name as string))].sort();
}

// Found by the program, a missing setting would take half a minute and 3 GB: Pulumi formats the error's stack (Node.js
// 20, 22).
test.each(required)("$folder: the settings $names are asked for before the program runs", async ({ folder, names }) => {
    const emulator = await emulatorForTest();
    const project = await Project.create({
        folder: await copyExample(folder),
        home: temporaryFolder("home"),
        emulator,
    });
    const { code, text } = await project.up();
    expect(code).not.toBe(0);
    expect(text.trim()).toMatch(
        /^error: validating stack config: Stack 'test' is missing configuration values? [^\n]*$/,
    );
    for (const name of names) expect(text).toContain(`'${name}'`);
});

test("every example that needs settings is among them", () => {
    expect(required.map(({ folder }) => folder).sort()).toEqual([
        "cloudflare",
        "cross-stack/infrastructure",
        "kubernetes",
        "quickstart",
        "rotation",
    ]);
});
