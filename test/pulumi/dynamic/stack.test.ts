import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Engine, ensureEngine } from "../../../engine";
import { runPulumi } from "../../../engine/pulumi";
import { writeEmptyStack } from "../../support/empty-stack";
import { renders, startDeployed, webhookProgram } from "../../support/project";

/*
 * What the tests do themselves in place of runs of the engine is what the engine does.
 */

/** What a way to make a stack writes, by file; without what differs from one stack to the next. */
async function filesOf(make: (project: string, temporaryFolder: string) => unknown): Promise<Record<string, string>> {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-empty-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const project = join(folder, "project");
    mkdirSync(project);
    writeFileSync(join(project, "Pulumi.yaml"), "name: some\nruntime: nodejs\n");
    await make(project, folder);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        // The engine's log, its backup, and what it says of the kind of each file.
        .filter((file) => !/\.(log|bak|attrs)$/.test(file));
    return Object.fromEntries(
        files.map((file) => {
            const text = readFileSync(file, "utf8").replaceAll(folder, "FOLDER");
            const known = text.replace(/v1:[\w+/=:]{40,}/g, "SALT").replace(/"time":"[^"]+"/, '"time":"TIME"');
            return [
                file.slice(folder.length + 1).replace(/-[0-9a-f]{40}-/, "-PLACE-"),
                file.endsWith(".json") ? JSON.parse(known) : known,
            ];
        }),
    );
}

function runIn(engine: Engine, project: string, temporaryFolder: string, ...args: string[]) {
    return runPulumi(engine, args, { project, temporaryFolder });
}

test("a stack that the tests start with has what `pulumi stack init` writes, and is the current one", async () => {
    const engine = await ensureEngine({ log: () => undefined });
    const written = await filesOf(async (project, temporaryFolder) => {
        writeEmptyStack(engine, { project, projectName: "some", temporaryFolder, name: "dev" });
        const { stdout, text } = await runIn(engine, project, temporaryFolder, "stack", "export");
        expect(JSON.parse(stdout), text).toMatchObject({ version: 3 });
        expect(stdout).not.toContain("resources");
    });
    expect(written).toEqual(await filesOf((project, folder) => runIn(engine, project, folder, "stack", "init", "dev")));
});

test("outputs are read, and a setting is encrypted, as the engine does it", async () => {
    const { stack } = await startDeployed(webhookProgram(renders));
    stack.setSecret("captions:accounts", "{}");
    stack.setSecret("captions:apiKey", "key: 'with' \"every\" #kind");
    const engine = await ensureEngine({ log: () => undefined });
    const ask = async (...args: string[]) => {
        const { stdout, text } = await runIn(engine, join(stack.folder, "project"), stack.folder, ...args, "--json");
        expect(stdout, text).toMatch(/^\{/);
        return JSON.parse(stdout);
    };
    const outputs = await ask("stack", "output", "--show-secrets");
    expect(outputs).toHaveProperty("secret");
    expect(await stack.outputs()).toEqual(outputs);
    expect(await ask("config", "--show-secrets")).toEqual({
        "captions:accounts": expect.objectContaining({ value: "{}", secret: true }),
        "captions:apiKey": expect.objectContaining({ value: "key: 'with' \"every\" #kind", secret: true }),
    });
});
