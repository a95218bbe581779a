import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { quickTypeScript } from "../support/quick-typescript";
import { type AtEnd, shared } from "../support/shared";
import { copyExample } from "./support/examples";
import { exporterProject } from "./support/exporter";
import { Project } from "./support/project";

const working = ["whsec_first_7d1c0f", "whsec_second_93be55"];
const infrastructure = "organization/exporter/test";

/** Another team's stack that exports two secrets, and the example's receiver, which has taken them. */
async function twoTeams(atEnd?: AtEnd) {
    const exporterStack = await exporterProject(atEnd);
    const { home, emulator } = exporterStack;
    const exporter = await Project.create(exporterStack);
    exporter.config({ list: JSON.stringify(working) });
    await exporter.succeed();
    const stacksFile = join(home, "stacks");
    const NODE_OPTIONS = `${quickTypeScript.NODE_OPTIONS} --require=${join(__dirname, "support/note-stacks.cjs")}`;
    const stack = {
        folder: await copyExample("cross-stack/receiver", atEnd),
        home,
        emulator,
        env: { NODE_OPTIONS, STACKS_FILE: stacksFile },
    };
    const receiver = await Project.create(stack);
    receiver.config({ infrastructure });
    await receiver.succeed();
    const file = join(stack.folder, "secrets.test.json");
    expect(read(file)).toEqual(working);
    return { exporter, exporterStack, receiver, stack, home, file, stacksFile };
}

/** Whose error ends a run: one of the program has to be without a stack, and one of Pulumi never gets into it. */
type EndedBy = "the program" | "Pulumi";

type Teams = Awaited<ReturnType<typeof twoTeams>>;

const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const modeOf = (path: string) => statSync(path).mode & 0o777;

/** `up` fails with a message instead of a trace, and the receiver's secrets are as they were. */
async function expectFailure({ receiver, file, stacksFile }: Teams, message: RegExp, by: EndedBy): Promise<void> {
    rmSync(stacksFile, { force: true });
    const { code, text } = await receiver.up();
    expect(code).not.toBe(0);
    expect(text).toMatch(message);
    expect(text).not.toMatch(/\.[jt]s:\d+|unhandled/i);
    // Formatting a stack can take Pulumi half a minute (Node.js 20, 22): whatever ends the program has none.
    const stacks = existsSync(stacksFile) ? readFileSync(stacksFile, "utf8").trim().split("\n") : [];
    expect(new Set(stacks)).toEqual(new Set(by === "the program" ? ['""'] : []));
    expect(read(file)).toEqual(working);
}

const exportsAnew =
    (list: string) =>
    async ({ exporter }: Teams) => {
        exporter.config({ list });
        await exporter.succeed();
    };

async function removeStack({ exporter }: Teams): Promise<void> {
    expect((await exporter.run("stack", "rm", "--force", "--yes")).code).toBe(0);
}

const createStack = async ({ exporterStack }: Teams) => void (await Project.create(exporterStack));

// What fails leaves everything as it was, so that all of them can be tried with the same two teams.
describe("secrets that work are kept when the other stack's output", () => {
    const teams = shared(twoTeams);

    test.each<[string, (teams: Teams) => Promise<void>, RegExp, EndedBy, ((teams: Teams) => void | Promise<void>)?]>([
        [
            "is an empty list",
            exportsAnew("[]"),
            /`secrets` of the stack \S+ is empty, or contains something other/,
            "the program",
        ],
        [
            "contains a number",
            exportsAnew('["whsec_first_7d1c0f", 7]'),
            /is empty, or contains something other than strings/,
            "the program",
        ],
        [
            "is an object",
            exportsAnew('{"0": "whsec_first_7d1c0f"}'),
            /is not a list that can be read here/,
            "the program",
        ],
        [
            "is encrypted with a new passphrase",
            async (all) => {
                await removeStack(all);
                const env = { PULUMI_CONFIG_PASSPHRASE: "a new one, which only the other team knows" };
                const renewed = await Project.create({ ...all.exporterStack, env });
                renewed.config({ list: JSON.stringify(["whsec_third_20aa91"]) });
                await renewed.succeed();
            },
            /no access to that stack's secrets provider or passphrase/,
            "the program",
            async (all) => {
                await removeStack(all);
                await createStack(all);
            },
        ],
        [
            "is gone",
            async ({ exporter }) => {
                exporter.config({ list: undefined });
                await exporter.succeed();
            },
            /has no output `secrets`\. Run `pulumi up` there first\./,
            "the program",
        ],
        ["is gone with its stack", removeStack, /unknown stack/, "Pulumi", createStack],
        [
            "is not asked for any more (config rm)",
            async ({ receiver }) => {
                receiver.config({ infrastructure: undefined });
            },
            /list of secrets is empty and would replace secrets that work/,
            "Pulumi",
            ({ receiver }) => receiver.config({ infrastructure }),
        ],
    ])("%s", async (_, change, message, by, undo) => {
        await change(teams());
        await expectFailure(teams(), message, by);
        await undo?.(teams());
    });
});

describe("with two teams' stacks", () => {
    const teams = shared(twoTeams);

    test.each<[string, (file: string) => void]>([
        ["deleted", (file) => rmSync(file)],
        ["changed", (file) => writeFileSync(file, "[]")],
    ])("a secrets file that somebody %s is written again by the next `up`", async (_, spoil) => {
        const { receiver, file } = teams();
        spoil(file);
        await receiver.succeed();
        expect(read(file)).toEqual(working);
        expect(await receiver.succeed()).toMatch(/2 unchanged/);
    });

    test("secrets that work are kept when a second stack is deployed from the same folder", async () => {
        const { stack, file } = teams();
        const second = await Project.create({ ...stack, stack: "second" });
        await second.succeed();
        expect(read(file)).toEqual(working);
        expect(read(file.replace("secrets.test.json", "secrets.second.json"))).toEqual([]);

        // Also when it is told to use the same file, with the same secrets.
        second.config({ infrastructure, file });
        const rejected = await second.up();
        expect(rejected.code).not.toBe(0);
        expect(rejected.text).toContain("already exists, and this stack did not write it");
        expect(rejected.text).not.toMatch(/\.[jt]s:\d+/);
        await second.succeed("destroy");
        expect(read(file)).toEqual(working);
    });

    test("secrets that work are kept when the file's path is spelled in another way", async () => {
        const { receiver, home } = teams();
        const folder = join(home, "run");
        mkdirSync(folder);
        symlinkSync(folder, join(home, "link"));
        for (const spelling of [
            join(folder, "secrets.json"),
            `${folder}/../run/secrets.json`,
            join(home, "link/secrets.json"),
        ]) {
            receiver.config({ file: spelling });
            await receiver.succeed();
            expect(read(join(folder, "secrets.json"))).toEqual(working);
        }
        receiver.config({ file: undefined });
        await receiver.succeed();
    });

    test("only the owner may read the secrets, whatever mode a killed run left a file with, and in a folder that was not there", async () => {
        const { receiver, home } = teams();
        const file = join(home, "not/there/secrets.json");
        receiver.config({ file });
        await receiver.succeed();
        expect(modeOf(file)).toBe(0o600);
        expect(modeOf(join(home, "not/there"))).toBe(0o700);

        writeFileSync(`${file}.new`, "left over", { mode: 0o666 });
        rmSync(file);
        await receiver.succeed();
        expect(modeOf(file)).toBe(0o600);
        expect(read(file)).toEqual(working);
        expect(() => statSync(`${file}.new`)).toThrow();
        receiver.config({ file: undefined });
        await receiver.succeed();
    });
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
