import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../sdk/support";
import { findLeaks } from "../../support/leaks";
import { startProject } from "../../support/project";
import { cli, exit, leaks, reach } from "../support";
import { Desk, projects, registerFifty, startAccount, token } from "./support";

const hook = { url: "https://a.example/hooks", enabledEvents: ["creator.success"] };

/** What an API may show otherwise from call to call. */
const moody = { listOrder: "shuffled", eventOrder: "shuffled" } as const;

/** Three runs of Node.js programs, and one of a compiler. */
const fifty = { timeout: 240_000 };

test(
    "50 webhooks, the dynamic provider: the program compiles, `up` calls nothing but /list, and the next preview has no change",
    fifty,
    async () => {
        const emulator = await startAccount(moody);
        registerFifty(emulator);
        const desk = await Desk.open(emulator, projects.dynamic);
        const before = emulator.webhooks;

        const written = await desk.cli("adopt", "--out", "index.ts");
        expect(written).toMatchObject({ code: exit.good, stderr: expect.stringContaining("Wrote index.ts.") });
        expect(written.stdout.trim().split("\n")).toHaveLength(51);
        expect(written.stdout + written.stderr).not.toContain(token);
        expect(emulator.calls.map(({ endpoint }) => endpoint)).toEqual(["list"]);
        expect(statSync(join(desk.project, "index.ts")).mode & 0o777).toBe(0o600);
        // The same, whatever the order of /list.
        expect(`${readFileSync(join(desk.project, "index.ts"))}`).toBe((await desk.cli("adopt")).stdout);
        desk.compile();

        emulator.behave({ listUrlForm: "upper-case-host" });
        expect((await desk.up()).calls).toEqual(["list"]);
        expect((await desk.pulumi("preview", "--refresh", "--expect-no-changes")).calls).toEqual(["list"]);
        // Afterwards `adopt` may go.
        const program = readFileSync(join(desk.project, "index.ts"), "utf8");
        desk.write("index.ts", program.replaceAll(/^ +adopt: .*\n/gm, ""));
        expect((await desk.up("--expect-no-changes")).calls).toEqual([]);
        expect(emulator.webhooks).toEqual(before);

        const again = await desk.cli("adopt", "--stack", "test");
        expect(again).toMatchObject({ code: exit.good, stdout: "" });
        expect(again.stderr).toBe("There is nothing to adopt, so nothing was written.\n");
    },
);

test("50 webhooks, the plugin: an import file, and the program that follows has no change", fifty, async () => {
    const emulator = await startAccount(moody);
    registerFifty(emulator);
    const desk = await Desk.open(emulator, projects.native);
    const before = emulator.webhooks;

    await desk.cli("adopt", "--native", "--out", "index.ts");
    desk.compile();
    const importing = "pulumi import --file import.json --protect=false --generate-code=false";
    expect((await desk.cli("adopt", "--format", "import", "--out", "import.json")).stderr).toContain(
        `Next: \`${importing}\``,
    );
    const file = readFileSync(join(desk.project, "import.json"), "utf8");
    expect(file).not.toContain("https");

    emulator.behave({ listUrlForm: "upper-case-host" });
    const imported = await desk.pulumi(...importing.split(" ").slice(1), "--yes", "--skip-preview");
    expect(imported.text).toContain("= 50 imported");
    expect(imported.calls).toEqual(["list"]);
    expect((await desk.up("--expect-no-changes")).calls).toEqual([]);
    const program = readFileSync(join(desk.project, "index.ts"), "utf8");
    desk.write("index.ts", program.replaceAll(/^ +\{ import: .*\n/gm, ""));
    expect((await desk.up("--expect-no-changes")).calls).toEqual([]);
    expect(emulator.webhooks).toEqual(before);
});

test("50 webhooks in YAML: every scalar means what it is, and `up` imports them", async () => {
    const unheardOf = ["creator.queued", `a.$\{b}$$"'\\#:`, "no", "1e3"];
    const emulator = await startAccount({ ...moody, events: [...hook.enabledEvents, "creator.failure", ...unheardOf] });
    registerFifty(emulator);
    emulator.register({ url: "https://queue.example/", enabledEvents: unheardOf });
    const desk = await Desk.open(emulator, projects.yaml);
    const before = emulator.webhooks;

    const { stdout } = await desk.cli("adopt", "--format", "yaml", "--resources-only");
    desk.write("Pulumi.yaml", projects.yaml + stdout);
    emulator.behave({ listUrlForm: "upper-case-host" });
    expect((await desk.up()).calls).toEqual(["list"]);
    expect((await desk.pulumi("preview", "--expect-no-changes")).calls).toEqual([]);
    const program = projects.yaml + stdout.replaceAll(/^ +options:\n +import: .*\n/gm, "");
    desk.write("Pulumi.yaml", program);
    expect((await desk.up("--expect-no-changes")).calls).toEqual([]);
    expect(emulator.webhooks).toEqual(before);
});

test("an event that is new to this package passes as it is: the preview asks the API for it", async () => {
    const emulator = await startAccount({ events: ["creator.success", "creator.failure", "creator.queued"] });
    emulator.register({ url: "https://queue.example/", enabledEvents: ["creator.queued", "creator.success"] });
    const desk = await Desk.open(emulator, projects.dynamic);
    await desk.cli("adopt", "--out", "index.ts");
    expect((await desk.up()).calls).toEqual(["events", "list"]);
    expect((await desk.up("--expect-no-changes")).calls).toEqual([]);
});

test.each([
    ["dynamic", []],
    ["native", ["--native"]],
    ["yaml", ["--format", "yaml", "--resources-only"]],
] as const)(
    "%s: a URL with a token goes into the configuration as the comment beside it says, and nothing changes",
    async (kind, args) => {
        const emulator = await startAccount();
        const url = `https://a.example/hooks?token=${token}`;
        emulator.register({ ...hook, url });
        const desk = await Desk.open(emulator, projects[kind]);
        const { stdout } = await desk.cli("adopt", ...args);
        const followed = stdout
            .replace(/(?:\/\/|#) ((?:url|adopt): .*)/g, "$1")
            .replace(/^.*a\.example.*\n/m, "")
            .replace(/^ +(?:options:\n +)?(?:\{ )?import: .*\n/m, "");
        expect(followed).not.toContain(token);
        const setting = /`(\w+: \{.*?\})` to `config:`/.exec(stdout)?.[1];
        if (kind === "yaml") {
            desk.write("Pulumi.yaml", `${projects.yaml}config:\n  ${setting}\n${followed}`);
        } else {
            desk.write("index.ts", `import * as pulumi from "@pulumi/pulumi";\n${followed}`);
            desk.compile();
        }
        const [, name = ""] = /`pulumi config set --secret (\w+)`/.exec(stdout) ?? [];
        desk.setSecret(name, url);
        const { calls, text } = await desk.up();
        expect(calls).toEqual(["list"]);
        expect((await desk.up("--expect-no-changes")).calls).toEqual([]);
        expect(emulator.countCalls("update")).toBe(0);
        expect(findLeaks(new Map([["the screen", text], ...desk.files()]), [token])).toEqual([]);
    },
);

test("a webhook that is changed before the `up` keeps its secret with the plugin, which refuses", async () => {
    const emulator = await startAccount();
    const { id } = emulator.register(hook);
    const desk = await Desk.open(emulator, projects.yaml);
    const { stdout } = await desk.cli("adopt", "--format", "yaml", "--resources-only");
    desk.write("Pulumi.yaml", projects.yaml + stdout);
    emulator.update(id, { enabledEvents: ["creator.failure"] });
    const { secret } = emulator.webhooks[0] ?? {};
    await expect(desk.up()).rejects.toThrow(
        "it is imported and not declared as it is, and a change rotates its secret",
    );
    expect(emulator.webhooks).toMatchObject([{ id, secret }]);
    expect(emulator.countCalls("update")).toBe(0);
});

test.each([
    ["dynamic", [], "remove `adopt` from the program to register a new one"],
    ["yaml", ["--format", "yaml", "--resources-only"], "there is no webhook with this id"],
] as const)(
    "%s: what is left in the program names a webhook that was deleted elsewhere, and an error says so",
    async (kind, args, words) => {
        const emulator = await startAccount();
        const { id } = emulator.register(hook);
        const desk = await Desk.open(emulator, projects[kind]);
        const { stdout } = await desk.cli("adopt", ...args);
        desk.write(kind === "yaml" ? "Pulumi.yaml" : "index.ts", kind === "yaml" ? projects.yaml + stdout : stdout);
        await desk.up();
        emulator.remove(id);
        await desk.pulumi("refresh", "--yes", "--skip-preview");
        await expect(desk.up()).rejects.toThrow(words);
        expect(emulator.webhooks).toEqual([]);
    },
);

test("an option `import` that is left in the program keeps Pulumi from replacing the webhook", async () => {
    const emulator = await startAccount();
    const { id } = emulator.register(hook);
    const desk = await Desk.open(emulator, projects.yaml);
    const { stdout } = await desk.cli("adopt", "--format", "yaml", "--resources-only");
    desk.write("Pulumi.yaml", projects.yaml + stdout);
    await desk.up();
    const urn = "urn:pulumi:test::test::captions:index:Webhook::a-hooks";
    await expect(desk.up("--replace", urn, "--refresh")).rejects.toThrow(
        "previously-imported resources that still specify an ID may not be replaced",
    );
    expect(emulator.webhooks).toMatchObject([{ id }]);
});

test("YAML without --resources-only is a project of its own", async () => {
    const emulator = await startAccount();
    emulator.register(hook);
    const desk = await Desk.open(emulator, projects.yaml);
    const { stdout } = await desk.cli("adopt", "--format", "yaml");
    // As an installed plugin is found without it.
    desk.write("Pulumi.yaml", stdout + projects.yaml.replace(/^name: .*\nruntime: .*\n/, ""));
    desk.initStack("captions-webhooks", "own");
    expect((await desk.up("--stack", "own")).calls).toEqual(["list"]);
});

test("with stacks: what they manage is not adopted, what looks orphaned is left out, and an account is an input", async () => {
    const project = await startProject(`new captions.Webhook("a-hooks", ${JSON.stringify(hook)});`);
    const { emulator, stack } = project;
    await stack.up();
    emulator.register(hook);
    const other = emulator.register({ ...hook, url: "https://a.example/hooks/" });
    const { args, env } = await reach(project);
    const result = await cli(["adopt", ...args, "--json"], { env });
    expect(result).toMatchObject({ code: exit.good, stderr: "" });
    expect(JSON.parse(result.stdout)).toEqual({
        account: null,
        stacks: ["test"],
        webhooks: [
            {
                id: other.id,
                // The stack has another one of that name.
                name: "a-hooks-2",
                url: "https://a.example/…",
                enabledEvents: hook.enabledEvents,
                mayContainToken: false,
            },
        ],
        leftOut: [{ id: expect.any(String), url: "https://a.example/…", reason: expect.stringContaining("delete it") }],
    });
    const text = await cli(["adopt", ...args], { env });
    expect(text.stderr).toContain("https://a.example/…): a named stack has another webhook with its URL");
    expect(text.stderr).not.toContain("No stack was named");

    const elsewhere = await startAccount();
    const { id } = elsewhere.register(hook);
    const accounts = JSON.stringify({ eu: { apiKey: elsewhere.apiKey, baseUrl: elsewhere.baseUrl } });
    stack.setSecret("captions:accounts", accounts);
    const eu = await cli(["adopt", ...args, "--account", "eu"], { env });
    expect(eu.stdout.match(/account: "eu",\n +adopt: "(.*)"/)?.[1]).toBe(id);
    const missing = await cli(["adopt", "--stack", "none", ...args.slice(2)], { env });
    expect(missing).toMatchObject({ code: exit.bad, stdout: "" });
    expect(missing.stderr).toContain("no stack named 'none' found");
    for (const each of [result, text, eu, missing]) {
        expect(leaks(each, [emulator.apiKey, ...emulator.webhooks.map(({ secret }) => secret)])).toEqual([]);
    }
});

test("on a terminal a program is shown only with --show-urls; what has no URLs, and the list, always", async () => {
    const emulator = await startAccount();
    emulator.register({ ...hook, url: `https://a.example/hooks?token=${token}` });
    const run = (...argv: string[]) =>
        cli(["adopt", ...argv], {
            env: { CAPTIONS_API_KEY: emulator.apiKey, CAPTIONS_BASE_URL: emulator.baseUrl },
            columns: 80,
        });
    for (const format of ["typescript", "yaml"]) {
        const hidden = await run("--format", format);
        expect(hidden).toMatchObject({ code: exit.good, stderr: expect.stringContaining("Nothing was written") });
        expect(hidden.stdout).toMatch(/^name +id +url +events\na-hooks +wh_\w+ +https:\/\/a\.example\/… /);
        expect(hidden.stdout + hidden.stderr).not.toContain(token);
        expect((await run("--format", format, "--show-urls")).stdout).toContain(token);
    }
    expect(JSON.parse((await run("--format", "import")).stdout).resources).toHaveLength(1);
    const json = await run("--json");
    expect(JSON.parse(json.stdout).webhooks).toMatchObject([{ mayContainToken: true, url: "https://a.example/…" }]);
    expect(json.stdout).not.toContain(token);
});

test("it says what to look at: unnamed stacks, what a RotatingWebhook has registered, shared URLs, and tokens", async () => {
    const emulator = await startAccount();
    emulator.register(hook);
    const env = { CAPTIONS_API_KEY: emulator.apiKey, CAPTIONS_BASE_URL: emulator.baseUrl };
    expect((await cli(["adopt"], { env })).stderr.trim().split("\n")).toEqual([
        expect.stringContaining("No stack was named"),
        expect.stringContaining("The program contains the URLs in full"),
    ]);
    emulator.register(hook);
    emulator.register({ ...hook, url: "https://b.example/hooks?generation=2026-11" });
    emulator.register({ ...hook, url: `https://c.example/${token}` });
    const { stderr } = await cli(["adopt"], { env });
    expect(stderr).toContain("b-hooks: the URL shows that a RotatingWebhook registered it.");
    expect(stderr).toContain("a-hooks, a-hooks-2: there is another one on the same URL");
    expect(stderr).toContain("c-webhook: the URL may contain a token.");
    expect(stderr).not.toContain(token);
});

test("a file that exists is left as it is without --force, and with it becomes private in one step", async () => {
    const emulator = await startAccount();
    emulator.register(hook);
    const env = { CAPTIONS_API_KEY: emulator.apiKey, CAPTIONS_BASE_URL: emulator.baseUrl };
    const folder = temporaryFolder();
    const file = join(folder, "index.ts");
    writeFileSync(file, "mine", { mode: 0o644 });
    for (const [out, words] of [
        [file, "exists already. Choose another file, or overwrite it with --force."],
        [join(folder, "none/index.ts"), "(ENOENT). Check that its folder exists"],
        [join(file, "index.ts"), "(ENOTDIR). Check that its folder exists"],
    ] as const) {
        const refused = await cli(["adopt", "--out", out], { env });
        expect(refused).toMatchObject({ code: exit.bad, stdout: "" });
        expect(refused.stderr).toContain(words);
        expect(refused.stderr.trim().split("\n")).toHaveLength(1);
    }
    // What cannot be written costs no call.
    expect(emulator.calls).toEqual([]);
    expect(readFileSync(file, "utf8")).toBe("mine");

    expect(await cli(["adopt", "--out", file, "--force"], { env })).toMatchObject({ code: exit.good });
    expect(readFileSync(file, "utf8")).toContain("new captions.Webhook");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const onFolder = await cli(["adopt", "--out", folder, "--force"], { env });
    expect(onFolder).toMatchObject({ code: exit.bad, stdout: "" });
    expect(onFolder.stderr).toContain("Cannot write");
    expect(readdirSync(folder)).toEqual(["index.ts"]);
    expect(readdirSync(dirname(folder)).filter((name) => name.startsWith(`${basename(folder)}.`))).toEqual([]);
});

test("nothing to adopt is no error, says so and writes nothing", async () => {
    const emulator = await startAccount();
    const env = { CAPTIONS_API_KEY: emulator.apiKey, CAPTIONS_BASE_URL: emulator.baseUrl };
    const file = join(temporaryFolder(), "index.ts");
    for (const argv of [["--out", file], ["--format", "import"], []]) {
        expect(await cli(["adopt", ...argv], { env })).toEqual({
            code: exit.good,
            stdout: "",
            stderr: "There is nothing to adopt, so nothing was written.\n",
        });
    }
    expect(existsSync(file)).toBe(false);

    const masked = await startAccount({ secrets: "masked" });
    masked.register(hook);
    const result = await cli(["adopt"], { env: { ...env, CAPTIONS_BASE_URL: masked.baseUrl } });
    expect(result).toMatchObject({ code: exit.good, stdout: "" });
    expect(result.stderr).toMatch(/^Left out: .* no usable secret .*\nThere is nothing to adopt/);
});

test("a missing key and wrong usage are one sentence", async () => {
    const missing = await cli(["adopt"]);
    expect(missing).toMatchObject({ code: exit.bad, stdout: "" });
    expect(missing.stderr).toContain("There is no API key");
    for (const [argv, words] of [
        [["--format", "yml"], '--format must be typescript, yaml or import, not "yml". Did you mean yaml? See'],
        [["--format", "python"], '--format must be typescript, yaml or import, not "python". See'],
        [
            ["--native", "--format", "yaml"],
            "--native is for --format typescript; --format yaml is always for the plugin.",
        ],
        [["--resources-only"], "--resources-only needs --format yaml."],
        [["--force"], "--force needs --out."],
        [["--json", "--out", "x"], "--json writes no program"],
        [["--account", "eu"], "--account needs --stack"],
        [["--account", "eu", "--stack", "dev", "--native"], "With the plugin an account is a provider"],
    ] as const) {
        const { code, stdout, stderr } = await cli(["adopt", ...argv]);
        expect({ argv, code, stdout }).toEqual({ argv, code: exit.usage, stdout: "" });
        expect(stderr).toContain(words);
        expect(stderr.trim().split("\n")).toHaveLength(1);
    }
});
