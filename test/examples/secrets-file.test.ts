import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { copyExample } from "./support/examples";
import { exporterProject } from "./support/exporter";
import { Project } from "./support/project";

const working = ["whsec_first_7d1c0f", "whsec_second_93be55"];
const infrastructure = "organization/exporter/test";

/** Another team's stack that exports two secrets, and the example's receiver, which has not taken them yet. */
async function twoTeams() {
    const exporterStack = await exporterProject();
    const { home, emulator } = exporterStack;
    const exporter = await Project.create(exporterStack);
    await exporter.config({ list: JSON.stringify(working) });
    await exporter.succeed();
    const stack = { folder: await copyExample("cross-stack/receiver"), home, emulator };
    const receiver = await Project.create(stack);
    await receiver.config({ infrastructure });
    return { exporter, exporterStack, receiver, stack, home, file: join(stack.folder, "secrets.test.json") };
}

type Teams = Awaited<ReturnType<typeof twoTeams>>;

const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const modeOf = (path: string) => statSync(path).mode & 0o777;

/**
 * `up` fails as fast as it succeeds, with a message instead of a trace, and the receiver's secrets are as they were.
 */
async function expectFailure({ receiver, file }: Teams, message: RegExp, usualMs: number): Promise<void> {
    const began = performance.now();
    const { code, text } = await receiver.up();
    expect(code).not.toBe(0);
    expect(text).toMatch(message);
    expect(text).not.toMatch(/\.[jt]s:\d+|unhandled/i);
    // Formatting a stack takes Pulumi ten times as long (Node.js 20, 22).
    expect(performance.now() - began).toBeLessThan(4 * usualMs);
    expect(read(file)).toEqual(working);
}

const exportsAnew =
    (list: string) =>
    async ({ exporter }: Teams) => {
        await exporter.config({ list });
        await exporter.succeed();
    };

test.each<[string, (teams: Teams) => Promise<unknown>, RegExp]>([
    ["is an empty list", exportsAnew("[]"), /`secrets` of the stack \S+ is empty, or contains something other/],
    [
        "contains a number",
        exportsAnew('["whsec_first_7d1c0f", 7]'),
        /is empty, or contains something other than strings/,
    ],
    ["is an object", exportsAnew('{"0": "whsec_first_7d1c0f"}'), /is not a list that can be read here/],
    [
        "is encrypted with a new passphrase",
        async ({ exporter, exporterStack }) => {
            expect((await exporter.run("stack", "rm", "--force", "--yes")).code).toBe(0);
            const env = { PULUMI_CONFIG_PASSPHRASE: "a new one, which only the other team knows" };
            const renewed = await Project.create({ ...exporterStack, env });
            await renewed.config({ list: JSON.stringify(["whsec_third_20aa91"]) });
            await renewed.succeed();
        },
        /no access to that stack's secrets provider or passphrase/,
    ],
    [
        "is gone",
        async ({ exporter }) => {
            expect((await exporter.run("config", "rm", "list")).code).toBe(0);
            await exporter.succeed();
        },
        /has no output `secrets`\. Run `pulumi up` there first\./,
    ],
    ["is gone with its stack", ({ exporter }) => exporter.run("stack", "rm", "--force", "--yes"), /unknown stack/],
    [
        "is not asked for any more (config rm)",
        ({ receiver }) => receiver.run("config", "rm", "infrastructure"),
        /list of secrets is empty and would replace secrets that work/,
    ],
])("secrets that work are kept when the other stack's output %s", async (_, change, message) => {
    const teams = await twoTeams();
    const began = performance.now();
    await teams.receiver.succeed();
    const usualMs = performance.now() - began;
    expect(read(teams.file)).toEqual(working);
    await change(teams);
    await expectFailure(teams, message, usualMs);
});

test("secrets that work are kept when the file's path is spelled in another way", async () => {
    const { receiver, home } = await twoTeams();
    const folder = join(home, "run");
    mkdirSync(folder);
    symlinkSync(folder, join(home, "link"));
    for (const spelling of [
        join(folder, "secrets.json"),
        `${folder}/../run/secrets.json`,
        join(home, "link/secrets.json"),
    ]) {
        await receiver.config({ file: spelling });
        await receiver.succeed();
        expect(read(join(folder, "secrets.json"))).toEqual(working);
    }
});

test("secrets that work are kept when a second stack is deployed from the same folder", async () => {
    const { receiver, stack, file } = await twoTeams();
    await receiver.succeed();
    const second = await Project.create({ ...stack, stack: "second" });
    await second.succeed();
    expect(read(file)).toEqual(working);
    expect(read(file.replace("secrets.test.json", "secrets.second.json"))).toEqual([]);

    // Also when it is told to use the same file, with the same secrets.
    await second.config({ infrastructure, file });
    const rejected = await second.up();
    expect(rejected.code).not.toBe(0);
    expect(rejected.text).toContain("already exists, and this stack did not write it");
    expect(rejected.text).not.toMatch(/\.[jt]s:\d+/);
    await second.succeed("destroy");
    expect(read(file)).toEqual(working);
});

test.each<[string, (file: string) => void]>([
    ["deleted", (file) => rmSync(file)],
    ["changed", (file) => writeFileSync(file, "[]")],
])("a secrets file that somebody %s is written again by the next `up`", async (_, spoil) => {
    const { receiver, file } = await twoTeams();
    await receiver.succeed();
    spoil(file);
    await receiver.succeed();
    expect(read(file)).toEqual(working);
    expect(await receiver.succeed()).toMatch(/2 unchanged/);
});

test("only the owner may read the secrets, whatever mode a killed run left a file with, and in a folder that was not there", async () => {
    const { receiver, home } = await twoTeams();
    const file = join(home, "not/there/secrets.json");
    await receiver.config({ file });
    await receiver.succeed();
    expect(modeOf(file)).toBe(0o600);
    expect(modeOf(join(home, "not/there"))).toBe(0o700);

    writeFileSync(`${file}.new`, "left over", { mode: 0o666 });
    rmSync(file);
    await receiver.succeed();
    expect(modeOf(file)).toBe(0o600);
    expect(read(file)).toEqual(working);
    expect(() => statSync(`${file}.new`)).toThrow();
});

test("git ignores the secrets, also of a run that was killed, in a copy of the example", async () => {
    const folder = await copyExample("cross-stack/receiver");
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: "pipe" });
    git("init", "--quiet");
    for (const name of ["secrets.dev.json", "secrets.dev.json.new"]) writeFileSync(join(folder, name), "[]");
    const left = git("status", "--porcelain", "--untracked-files=all");
    expect(left).toContain("secrets-file.ts");
    expect(left).not.toMatch(/secrets\.dev|node_modules/);
});
