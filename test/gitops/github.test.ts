import { spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GitHub, type JobResult, type Outcome, pullRequest } from "./support/github";
import { killTree } from "./support/shell";
import { edit, World } from "./support/world";

let world: World;
let github: GitHub;

beforeAll(async () => {
    world = await World.start();
    github = await GitHub.start(world);
});

afterAll(() => world.stop());

type Happened = Parameters<GitHub["run"]>[2];

const names = {
    up: "Deploy",
    deliver: "Wait until the receivers accept every secret",
    drift: "Look for drift",
    orphans: "Look for orphans",
};
const main = (): string => world.git(world.origin, "rev-parse", "main");

/** One run of deploy.yml, both jobs of it. */
async function deploy({ stack = "prod", ...more }: Partial<Happened> & { readonly stack?: string } = {}) {
    const happened = { sha: main(), vars: { STACK: stack, RECEIVERS_WAIT_SECONDS: "1" }, ...more };
    const result = await github.run("deploy", "deploy", happened);
    await report(result.outcome, stack);
    return result;
}

async function report(outcome: Outcome, stack = "prod"): Promise<void> {
    const reported = await github.run("deploy", "report", {
        sha: main(),
        vars: { STACK: stack },
        needs: { deploy: outcome },
    });
    expect(reported, reported.text).toMatchObject({ outcome: "success" });
}

const openIssues = (): string[] => github.kept.issues.filter(({ open }) => open).map(({ title }) => title);

/** Opens a pull request, or pushes to it again, and runs what is run then. */
async function preview(
    number: number,
    branch: string,
    more: Partial<Happened> & { from?: string; login?: string } = {},
) {
    const { from = "acme/webhooks", login = "somebody", ...rest } = more;
    const happened: Happened = {
        sha: world.mergeOf(branch, `refs/pull/${number}/merge`),
        eventName: "pull_request",
        event: pullRequest(number, from, login),
        untrusted: from !== "acme/webhooks" || login === "dependabot[bot]",
        ...rest,
    };
    const [own, fork] = await Promise.all([
        github.run("preview", "preview", happened),
        github.run("preview", "preview-of-fork", happened),
    ]);
    return { own, fork, happened };
}

/** What the README says to do about drift. */
async function repair(): Promise<void> {
    const folder = world.clone("main");
    world.install(folder);
    const up = "pulumi up --refresh --yes --skip-preview --stack prod";
    const repaired = await world.bash(up, [], folder, world.operator());
    expect(repaired, repaired.text).toMatchObject({ code: 0 });
}

const commentOn = (pull: number): string | undefined =>
    github.kept.comments.filter((comment) => comment.pull === pull).at(-1)?.body;

// One team's history, from the first deployment on: each test goes on from where the one before it ended.
describe("a team on GitHub", () => {
    test("the first merge registers the webhook, and the receiver is asked", async () => {
        const first = await deploy();
        expect(first, first.text).toMatchObject({ outcome: "success" });
        expect(world.emulator.webhooks).toMatchObject([{ url: world.receiverUrl }]);
        expect(first.text).toContain("All checks passed.");
        expect(github.kept.issues).toEqual([]);
    });

    test("a pull request says which webhooks get a new secret, in one comment that is kept up to date, and writes no state", async () => {
        const [calls, state] = [world.emulator.calls.length, world.state()];
        github.comment(1, "somebody", "<!-- pulumi-captions prod --> not the workflow's own");
        world.commit("other-url", edit("Pulumi.prod.yaml", world.receiverUrl, `${world.receiverUrl}/v2`));
        const opened = await preview(1, "other-url");
        expect(opened.own, opened.own.text).toMatchObject({ outcome: "success" });
        expect(opened.fork).toMatchObject({ outcome: "skipped" });
        const [, comment] = github.kept.comments;
        expect(comment).toMatchObject({ pull: 1 });
        expect(comment?.body).toMatch(
            /^<!-- pulumi-captions prod -->\n### Webhooks of prod\n\nThese webhooks will get a \*\*new/,
        );
        expect(comment?.body).toContain("is done **in place**: the old secret is invalid at once");
        expect(opened.own.summary).toContain("**new secret**");

        world.commit("other-url", edit("Pulumi.prod.yaml", "    - creator.failure\n", ""));
        await preview(1, "other-url");
        expect(github.kept.comments).toHaveLength(2);
        expect(github.kept.comments[1]).toMatchObject({ id: comment?.id });
        expect(commentOn(1)).toContain("`enabledEvents` from `creator.success, creator.failure` to");
        // A preview asks nothing of the API, and its access to the state may be one that only reads.
        expect(world.emulator.calls.length).toBe(calls);
        expect(world.state()).toEqual(state);
    });

    test("a preview that fails turns the check red, and the comment says so, also where the engine has not started", async () => {
        world.commit("broken", edit("index.ts", '"90d"', '"90 days"'));
        const { own: broken, happened } = await preview(2, "broken");
        expect(broken).toMatchObject({ outcome: "failure" });
        expect(broken.text).toContain('every: must be like "12h"');
        expect(commentOn(2)).toContain("**The preview failed**, so it is unknown");

        const nowhere = await github.run("preview", "preview", { ...happened, vars: { STACK: "nowhere" } });
        expect(nowhere).toMatchObject({ outcome: "failure", steps: { Preview: "failure" } });
        expect(nowhere.text).toContain("no stack named 'nowhere' found");
        expect(commentOn(2)).toMatch(
            /### Webhooks of nowhere\n\n\*\*The preview failed\*\* before .* \[the run\]\(https:\/\/github\.example\/acme\/webhooks\/actions\/runs\/4711\)\.\n$/,
        );
    });

    test("a fork and Dependabot get the same words without any secret, compared with what they were merged into, also in a folder that is kept", async () => {
        const calls = world.emulator.calls.length;
        world.commit("fork", edit("Pulumi.prod.yaml", "    - creator.failure\n", ""));
        // Main moves on before the pull request is merged into it for the check: with secret settings, and with ESC.
        const secure = edit(
            "Pulumi.prod.yaml",
            /^config:\n/m,
            `environment:\n  - captions/prod\nconfig:\n  captions:apiKey:\n    secure: v1:of:another+key/=\n  app:nested:\n    list: [{secure: v1:x:y}]\n`,
        );
        world.commit("secure", secure);
        world.git(world.origin, "branch", "before", "main");
        world.mergeOf("secure", "main");
        for (const [number, from] of [
            [3, { from: "somebody/webhooks" }],
            [5, { login: "dependabot[bot]" }],
        ] as const) {
            const { own, fork } = await preview(number, "fork", from);
            expect(own).toMatchObject({ outcome: "skipped" });
            expect(fork, fork.text).toMatchObject({ outcome: "success" });
            expect(fork.summary).toMatch(/^This pull request gets no access/);
            expect(fork.summary).toContain("These webhooks will get a **new secret**");
            expect(fork.summary).toContain(
                "`enabledEvents` from `creator.success, creator.failure` to `creator.success`",
            );
            expect(fork.summary).not.toContain("Other changes");
            expect(commentOn(number)).toBeUndefined();
        }
        expect(world.emulator.calls.length).toBe(calls);
        world.git(world.origin, "branch", "--force", "main", "before");
    });

    test("a fork that adds a stack, or the first program of an empty repository, is compared with nothing", async () => {
        world.commit("another", (folder) =>
            renameSync(join(folder, "Pulumi.prod.yaml"), join(folder, "Pulumi.staging.yaml")),
        );
        const happened = {
            sha: world.mergeOf("another", "refs/pull/4/merge"),
            eventName: "pull_request",
            event: pullRequest(4, "somebody/webhooks"),
            vars: { STACK: "acme/staging" },
        };
        const { summary, ...fork } = await github.run("preview", "preview-of-fork", happened);
        expect(fork, fork.text).toMatchObject({ outcome: "success" });
        expect(summary).toContain("is registered");
    });

    test("a merge queue is not held up: its checks are skipped", async () => {
        for (const job of ["preview", "preview-of-fork"]) {
            const queued = { sha: main(), eventName: "merge_group", event: { merge_group: {} } };
            expect(await github.run("preview", job, queued)).toMatchObject({ outcome: "skipped" });
        }
    });

    test("a merge deploys it: one update, and the receiver accepts what is new", async () => {
        const [before] = world.emulator.webhooks;
        world.emulator.clearCalls();
        const merged = await deploy({ sha: world.mergeOf("other-url", "main") });
        expect(merged, merged.text).toMatchObject({ outcome: "success" });
        expect(world.emulator.countCalls("update")).toBe(1);
        expect(world.emulator.webhooks).toMatchObject([{ id: before?.id, enabledEvents: ["creator.success"] }]);
    });

    test("with a key that is refused nothing is changed, and one issue says so", async () => {
        const { webhooks } = world.emulator;
        world.commit("main", edit("Pulumi.prod.yaml", "    - creator.success\n", "$&    - creator.failure\n"));
        const failed = await deploy({ secrets: { CAPTIONS_API_KEY: "key-of-yesterday" } });
        expect(failed).toMatchObject({ outcome: "failure", steps: { [names.up]: "failure" } });
        expect(failed.text).toContain("The API key is not accepted");
        expect(failed.text).not.toContain("key-of-yesterday");
        await report("failure");
        expect(world.emulator.webhooks).toEqual(webhooks);
        expect(openIssues()).toEqual(["Webhooks of prod need attention"]);
        expect(github.kept.issues[0]?.body).toMatch(
            /^\[The run\]\(https:.*4711\) ended with: failure\. \[What to do\]\(https:.*README\.md#when-a-deployment-fails\)$/,
        );
    });

    test("a re-run of an old commit, or an approval that took days, deploys the tip of main, which closes the issue", async () => {
        world.emulator.clearCalls();
        const again = await deploy({ sha: world.git(world.origin, "rev-parse", "main^1^1") });
        expect(again, again.text).toMatchObject({ outcome: "success" });
        expect(world.emulator.countCalls("update")).toBe(1);
        expect(world.emulator.webhooks).toMatchObject([{ enabledEvents: ["creator.success", "creator.failure"] }]);
        expect(openIssues()).toEqual([]);
    });

    test("two stacks in one repository have an issue each", async () => {
        await report("failure", "acme/staging");
        await report("failure");
        expect(openIssues()).toEqual(["Webhooks of acme/staging need attention", "Webhooks of prod need attention"]);
        await report("success");
        expect(openIssues()).toEqual(["Webhooks of acme/staging need attention"]);
        await report("success", "acme/staging");
        expect(openIssues()).toEqual([]);
    });

    test("drift is told, and never repaired unasked", async () => {
        const [{ id } = { id: "" }] = world.emulator.webhooks;
        world.emulator.update(id, { url: `${world.receiverUrl}/by-hand` });
        world.emulator.clearCalls();
        const drifted = await deploy();
        expect(drifted).toMatchObject({ outcome: "failure", steps: { [names.up]: "success" } });
        expect(world.emulator.countCalls("update")).toBe(0);
        expect(openIssues()).toEqual(["Webhooks of prod need attention"]);
    });

    test("once drift is repaired as README.md says, an orphan is found", async () => {
        await repair();
        expect(world.emulator.countCalls("update")).toBe(1);
        const lost = world.emulator.register({ url: world.receiverUrl, enabledEvents: ["creator.success"] });
        const orphaned = await deploy();
        expect(orphaned, orphaned.text).toMatchObject({
            outcome: "failure",
            steps: {
                [names.up]: "success",
                [names.deliver]: "success",
                [names.drift]: "success",
                [names.orphans]: "failure",
            },
        });
        expect(orphaned.text).toMatch(new RegExp(`${lost.id}.*looks orphaned`));
        world.emulator.remove(lost.id);
    });

    test("drift that leaves the secret as it was for the receivers is found, too, and however many nights it lasts there is one issue, until all is well", async () => {
        const [{ id } = { id: "" }] = world.emulator.webhooks;
        world.known = world.secrets;
        world.emulator.rotate(id);
        world.emulator.clearCalls();
        const rotated = await deploy();
        expect(rotated).toMatchObject({
            outcome: "failure",
            steps: { [names.deliver]: "success", [names.drift]: "failure" },
        });
        expect(openIssues()).toEqual(["Webhooks of prod need attention"]);
        world.known = "live";
        await repair();
        expect(await deploy()).toMatchObject({ outcome: "success" });
        expect(world.emulator.countCalls("update")).toBe(0);
        expect(openIssues()).toEqual([]);
    });

    test("by night it rotates and retires, and neither a night, a merge, a re-run nor the operator's retry deletes anything while a receiver rejects the new secret, also after the overlap", async () => {
        const [old] = world.emulator.webhooks;
        world.known = world.secrets;
        world.emulator.clearCalls();
        const night = { eventName: "schedule" };
        world.today = "2026-12-03";
        const first = await deploy(night);
        expect(first).toMatchObject({
            outcome: "failure",
            steps: { [names.up]: "success", [names.deliver]: "failure" },
        });
        world.today = "2026-12-20";
        // Whoever deploys: the night, a merge, or a re-run.
        for (const happened of [night, {}, { sha: world.git(world.origin, "rev-parse", "main^1") }]) {
            const refused = await deploy(happened);
            expect(refused).toMatchObject({
                outcome: "failure",
                steps: { [names.up]: "failure", [names.deliver]: "skipped" },
            });
            expect(refused.text).toContain("Nothing is deleted in this run");
        }
        // The Kubernetes operator runs the program so when it tries again by itself.
        const folder = world.clone("main");
        world.install(folder);
        const up = "exec pulumi up --yes --skip-preview --stack prod --non-interactive";
        const retried = await world.bash(up, [], folder, world.operator());
        expect(retried.code).not.toBe(0);
        expect(world.emulator.webhooks).toEqual([old, expect.objectContaining({ url: world.receiverUrl })]);
        expect(openIssues()).toHaveLength(1);

        world.known = "live";
        const retired = await deploy(night);
        expect(retired, retired.text).toMatchObject({ outcome: "success" });
        expect(world.emulator.webhooks).toEqual([expect.not.objectContaining({ id: old?.id })]);
        const changing = (["register", "update", "delete"] as const).map((call) => world.emulator.countCalls(call));
        expect(changing).toEqual([1, 0, 1]);
    });

    test("a run that is cancelled ends the call that is under way, frees the lock, and is told of", async () => {
        world.today = "2027-03-04";
        world.emulator.clearCalls();
        world.emulator.inject({ endpoint: "register", kind: "slow-body", delayMs: 10 });
        const controller = new AbortController();
        const running = deploy({ cancel: controller.signal });
        await world.emulator.whenCalled(({ endpoint }) => endpoint === "register");
        controller.abort();
        const cancelled: JobResult = await running;
        expect(cancelled, cancelled.text).toMatchObject({
            outcome: "cancelled",
            steps: { [names.up]: "cancelled", [names.deliver]: "skipped" },
        });
        expect(openIssues()).toHaveLength(1);
        expect(github.kept.issues.at(-1)?.body).toContain("ended with: cancelled");
        expect(world.emulator.webhooks).toHaveLength(2);
    });

    test("while somebody holds the stack's lock nothing is deployed, and afterwards it is, once", async () => {
        world.commit("main", edit("Pulumi.prod.yaml", "    - creator.failure\n", ""));
        const folder = world.clone("main");
        world.install(folder);
        world.emulator.inject({ endpoint: "update", kind: "hang" });
        const somebody = spawn("pulumi", ["up", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive"], {
            cwd: folder,
            env: world.operator(),
            stdio: "ignore",
        });
        const gone = once(somebody, "close");
        await world.emulator.whenCalled(({ endpoint }) => endpoint === "update");

        const locked = await deploy();
        expect(locked).toMatchObject({ outcome: "failure", steps: { [names.up]: "failure" } });
        expect(locked.text).toMatch(/currently locked/);
        killTree(somebody.pid ?? 0);
        await gone;
        world.emulator.clearFaults();

        await world.bash("pulumi cancel --yes --stack prod", [], folder, world.operator());
        const after = await deploy();
        expect(after, after.text).toMatchObject({ outcome: "success" });
        expect(world.emulator.webhooks).toMatchObject([{}, { enabledEvents: ["creator.success"] }]);
        // What the cancelled run registered is known to the state, as the call could end.
        expect(world.emulator.countCalls("register")).toBe(1);
        expect(openIssues()).toEqual([]);
    });
});
