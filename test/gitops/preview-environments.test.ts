import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GitHub, type JobResult, type Pull, pullRequest, readWorkflow } from "./support/github";
import { bash } from "./support/shell";
import { goTool } from "./support/tools";
import { example as gitops, root, World } from "./support/world";

const example = join(root, "examples/preview-environments");
const folder = join(example, ".github/workflows");

describe("its workflows", () => {
    test("actionlint finds nothing", async ({ skip }) => {
        const actionlint = await goTool("actionlint");
        if (actionlint === undefined) skip("actionlint is built with Go, which is not on this machine");
        const files = readdirSync(folder).map((file) => join(folder, file));
        const { stdout } = await promisify(execFile)(actionlint ?? "", ["-shellcheck=", "-pyflakes=", ...files]);
        expect(stdout).toBe("");
    });

    test("for a pull request one run at a time changes its stack, and none is broken off", () => {
        const { on, concurrency, env } = readWorkflow("webhook", example);
        const number = "$" + "{{ github.event.pull_request.number || inputs.number }}";
        expect(concurrency).toEqual({ group: `webhook-of-pr-${number}`, "cancel-in-progress": false });
        expect(env).toMatchObject({ STACK: `pr-${number}` });
        expect(on.pull_request_target).toEqual({ types: ["opened", "reopened", "synchronize", "closed"] });
    });

    test("no code of a pull request runs: only main is checked out, no token is kept, no expression is in a script", () => {
        const steps = stepsOf(example, "webhook", "leftovers");
        const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
        const main = { ref: "main", "persist-credentials": false };
        expect(checkouts.map((step) => step.with)).toEqual([main, main]);
        const scripts = steps.flatMap(({ run }) => run ?? []);
        expect(scripts.filter((script) => script.includes("$" + "{{"))).toEqual([]);
        expect(scripts.filter((script) => /\bnp[mx] /.test(script))).toEqual([
            "npm ci --ignore-scripts",
            "npm ci --ignore-scripts",
        ]);
    });

    test("secrets are only on the steps that need them, in the protected environment, and actions are pinned as in examples/gitops", () => {
        const steps = stepsOf(example, "webhook", "leftovers");
        const having = steps.filter(({ env }) => JSON.stringify(env ?? {}).includes("secrets."));
        expect(having.map(({ name, environment }) => [environment, name])).toEqual([
            ["previews", "Register"],
            ["previews", "Delete"],
            ["previews", "Look for leftovers"],
        ]);
        const uses = (all: typeof steps) => [...new Set(all.flatMap(({ uses }) => uses ?? []))].sort();
        expect(uses(steps)).toEqual(uses(stepsOf(gitops, "deploy", "preview")));
    });
});

/** All steps, in the order of the files. */
function stepsOf(source: string, ...names: readonly string[]) {
    return names.flatMap((name) =>
        Object.values(readWorkflow(name, source).jobs).flatMap(({ steps, environment }) =>
            steps.map((step) => ({ ...step, environment })),
        ),
    );
}

let world: World;
let github: GitHub;

beforeAll(async () => {
    world = await World.start(example);
    world.today = "";
    github = await GitHub.start(world);
});

afterAll(() => world?.stop());

const urlOf = (number: number): string => `https://pr-${number}.preview.example.com/hooks/captions`;
const changes = () =>
    Object.fromEntries(
        (["register", "update", "delete"] as const).map((call) => [call, world.emulator.countCalls(call)]),
    );
const stacks = (): string[] =>
    Object.keys(world.state()).flatMap((path) => /\/stacks\/.*\/(pr-\d+)\.json$/.exec(path)?.[1] ?? []);

/** Something happens to a pull request, and the workflow runs for it, on a runner of its own. */
async function happen(
    number: number,
    state: Pull["state"],
    how: { fork?: boolean; secrets?: Record<string, string> } = {},
): Promise<JobResult> {
    const { fork = false, secrets = {} } = how;
    github.setPull({ number, state, isCrossRepository: fork });
    return github.run("webhook", "webhook", {
        sha: world.git(world.origin, "rev-parse", "main"),
        eventName: "pull_request_target",
        event: pullRequest(number, fork ? "somebody/webhooks" : "acme/webhooks"),
        untrusted: fork,
        secrets,
        runner: `runner-${number}`,
    });
}

/** "Run workflow", with the number of a pull request. */
const again = (number: number): Promise<JobResult> =>
    github.run("webhook", "webhook", {
        sha: world.git(world.origin, "rev-parse", "main"),
        eventName: "workflow_dispatch",
        inputs: { number },
        runner: `runner-${number}`,
    });

const night = (): Promise<JobResult> =>
    github.run("leftovers", "look", { sha: world.git(world.origin, "rev-parse", "main"), eventName: "schedule" });

/** How README.md deletes a webhook that no stack has. */
function readmeCommand(id: string): string {
    const section = /^## Leftovers$.*/ms.exec(readFileSync(join(example, "README.md"), "utf8"))?.[0] ?? "";
    const [, command = ""] = /^```sh\n(.*?)^```$/ms.exec(section) ?? [];
    expect(command).toContain('"wh_…"');
    return command.replace("wh_…", id).replace("https://api.captions.ai/api/webhooks", world.emulator.baseUrl);
}

// One history, from the first pull request on: each test goes on from where the one before it ended.
describe("a repository's pull requests", () => {
    test("by night a webhook of a preview is found, too, where there is no stack to compare with", async () => {
        const lost = world.emulator.register({ url: urlOf(8), enabledEvents: ["creator.success"] });
        const found = await night();
        expect(found, found.text).toMatchObject({ outcome: "failure" });
        expect(found.summary).toContain(`The webhook ${lost.id} (https://pr-8.preview.example.com/…) is in no stack`);
        world.emulator.remove(lost.id);
        world.emulator.clearCalls();
    });

    test("two that are opened side by side get a stack and a webhook each, by one call that changes something", async () => {
        const opened = await Promise.all([happen(1, "OPEN"), happen(2, "OPEN")]);
        for (const one of opened) expect(one, one.text).toMatchObject({ outcome: "success" });
        expect(changes()).toEqual({ register: 2, update: 0, delete: 0 });
        expect(world.emulator.webhooks.map(({ url }) => url).sort()).toEqual([urlOf(1), urlOf(2)]);
        expect(stacks()).toEqual(["pr-1", "pr-2"]);
        // README.md says how long many take.
        expect(world.emulator.countCalls()).toBe(4);
    });

    test("a push changes nothing at the API, so that the secret stays", async () => {
        const { webhooks } = world.emulator;
        world.emulator.clearCalls();
        const pushed = await happen(1, "OPEN");
        expect(pushed, pushed.text).toMatchObject({ outcome: "success" });
        expect(world.emulator.countCalls()).toBe(0);
        expect(world.emulator.webhooks).toEqual(webhooks);
    });

    test("a fork's does nothing, needs no secret, and says why", async () => {
        world.emulator.clearCalls();
        for (const state of ["OPEN", "CLOSED"] as const) {
            const { summary, ...fork } = await happen(3, state, { fork: true });
            expect(fork, fork.text).toMatchObject({
                outcome: "success",
                steps: { Register: "skipped", Delete: "skipped", "npm ci --ignore-scripts": "skipped" },
            });
            expect(summary).toBe(
                "Pull request 3 comes from a fork: it gets no preview environment, and so no webhook.\n",
            );
        }
        expect(world.emulator.countCalls()).toBe(0);
        expect(stacks()).toEqual(["pr-1", "pr-2"]);
    });

    test("a close deletes webhook and stack, also when the API's response to /delete is lost", async () => {
        world.emulator.clearCalls();
        world.emulator.inject({ endpoint: "delete", kind: "lost-answer" });
        const closed = await happen(1, "MERGED");
        expect(closed, closed.text).toMatchObject({ outcome: "success" });
        expect(world.emulator.webhooks).toMatchObject([{ url: urlOf(2) }]);
        expect(stacks()).toEqual(["pr-2"]);
        expect(changes()).toEqual({ register: 0, update: 0, delete: 1 });
    });

    test("a late run of a closed pull request registers nothing, and leaves no stack", async () => {
        world.emulator.clearCalls();
        const late = await again(1);
        expect(late, late.text).toMatchObject({ outcome: "success", steps: { Register: "skipped" } });
        expect(world.emulator.countCalls()).toBe(0);
        expect(stacks()).toEqual(["pr-2"]);
    });

    test("one whose first run died before the state was saved takes over the webhook, without a second one", async () => {
        const left = world.emulator.register({ url: urlOf(4), enabledEvents: ["creator.success", "creator.failure"] });
        world.emulator.clearCalls();
        const opened = await happen(4, "OPEN");
        expect(opened, opened.text).toMatchObject({ outcome: "success" });
        expect(changes()).toEqual({ register: 0, update: 0, delete: 0 });
        expect(world.emulator.webhooks).toContainEqual(left);
        expect(stacks()).toEqual(["pr-2", "pr-4"]);
    });

    test("by night there is nothing to say, whatever else is in the account", async () => {
        world.emulator.register({ url: "https://api.example.com/hooks/captions", enabledEvents: ["creator.success"] });
        const quiet = await night();
        expect(quiet, quiet.text).toMatchObject({ outcome: "success", summary: "Nothing is left over.\n" });
    });

    test("by night a webhook that was deleted elsewhere is told, and the command that it names registers it again", async () => {
        const gone = world.emulator.webhooks.find(({ url }) => url === urlOf(2));
        world.emulator.remove(gone?.id ?? "");
        const found = await night();
        expect(found).toMatchObject({
            outcome: "failure",
            summary: `- The webhook ${gone?.id} of the stack pr-2 no longer exists. To register it again: \`gh workflow run webhook.yml --field number=2\`\n`,
        });
        world.emulator.clearCalls();
        const repaired = await again(2);
        expect(repaired, repaired.text).toMatchObject({ outcome: "success" });
        expect(changes()).toEqual({ register: 1, update: 0, delete: 0 });
    });

    test("by night a close that failed and a webhook in no stack are told, with what to do, and nothing is changed", async () => {
        const two = world.emulator.webhooks.find(({ url }) => url === urlOf(2));
        const failed = await happen(2, "CLOSED", { secrets: { CAPTIONS_API_KEY: "key-of-yesterday" } });
        expect(failed).toMatchObject({ outcome: "failure", steps: { Delete: "failure" } });
        const lost = world.emulator.register({ url: urlOf(9), enabledEvents: ["creator.success"] });
        world.emulator.clearCalls();
        const found = await night();
        expect(found, found.text).toMatchObject({ outcome: "failure" });
        expect(found.summary.split("\n")).toEqual([
            `- The pull request of the stack pr-2 is closed, but the stack still exists, with the webhook ${two?.id}. To delete it: \`gh workflow run webhook.yml --field number=2\``,
            `- The webhook ${lost.id} (https://pr-9.preview.example.com/…) is in no stack of a preview. To delete it: see README.md, "Leftovers"`,
            "",
        ]);
        expect(world.emulator.countCalls()).toBe(1);
        const typed = await bash(readmeCommand(lost.id), ["-e"], world.folder, {
            ...world.environment(),
            CAPTIONS_API_KEY: world.emulator.apiKey,
        });
        expect(typed, typed.text).toMatchObject({ code: 0 });
        expect(world.emulator.webhooks.map(({ id }) => id)).not.toContain(lost.id);
    });

    test("the command that it names deletes what a close has left, by one call", async () => {
        world.emulator.clearCalls();
        const deleted = await again(2);
        expect(deleted, deleted.text).toMatchObject({ outcome: "success" });
        expect(world.emulator.calls.map(({ endpoint }) => endpoint)).toEqual(["delete"]);
        expect(stacks()).toEqual(["pr-4"]);
        const quiet = await night();
        expect(quiet, quiet.text).toMatchObject({ outcome: "success", summary: "Nothing is left over.\n" });
    });

    test("by night a stack that is removed while it looks is not left over", async () => {
        const opened = await happen(5, "OPEN");
        expect(opened, opened.text).toMatchObject({ outcome: "success" });
        github.setPull({ number: 5, state: "CLOSED", isCrossRepository: false });
        // The run of the close comes right after the first `pulumi stack ls`.
        const [command, marker] = [join(world.folder, "bin/pulumi"), join(world.folder, "closing")];
        const script = `#!/bin/sh
PATH="\${PATH#*:}"
pulumi "$@" || exit
if [ "$2" = ls ] && [ -e "${marker}" ]; then
    rm "${marker}"
    { pulumi destroy --stack pr-5 --yes --skip-preview && pulumi stack rm pr-5 --yes; } >&2
fi
`;
        writeFileSync(command, script, { mode: 0o755 });
        writeFileSync(marker, "");
        const quiet = await night();
        rmSync(command);
        expect(quiet, quiet.text).toMatchObject({ outcome: "success", summary: "Nothing is left over.\n" });
        expect(stacks()).toEqual(["pr-4"]);
    });

    test("by night a list that fails for another reason fails the run", async () => {
        world.emulator.inject({ endpoint: "list", kind: "error-before", status: 403 });
        expect(await night()).toMatchObject({ outcome: "failure", summary: "" });
    });
});
