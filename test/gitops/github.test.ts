import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GitHub, type JobResult, pullRequest } from "./support/github";
import { edit, World } from "./support/world";

let world: World;
let github: GitHub;

beforeAll(async () => {
    world = await World.start();
    github = await GitHub.start(world);
});

afterAll(() => world.stop());

const deploy = (more: Partial<Parameters<GitHub["run"]>[2]> = {}): Promise<JobResult> =>
    github.run("deploy", "deploy", { sha: "main", vars: { RECEIVERS_WAIT_SECONDS: "1" }, ...more });
const night = (more: Partial<Parameters<GitHub["run"]>[2]> = {}): Promise<JobResult> =>
    github.run("drift", "drift", { sha: "main", ...more });
const rotate = (wait = "1"): Promise<JobResult> =>
    github.run("rotate", "rotate", { sha: "main", vars: { RECEIVERS_WAIT_SECONDS: wait } });
const generations = (): string[] => JSON.parse(world.onMain("generations.json")).prod;

/** Opens a pull request, or pushes to it again, and runs what is run then. */
async function preview(number: number, branch: string, from = "acme/webhooks"): Promise<Record<string, JobResult>> {
    const base = world.git(world.origin, "rev-parse", "main");
    const happened = {
        sha: world.mergeOf(branch, `refs/pull/${number}/merge`),
        event: pullRequest(number, base, from),
        fork: from !== "acme/webhooks",
    };
    const jobs = ["preview", "preview-of-fork"];
    return Object.fromEntries(
        await Promise.all(jobs.map(async (job) => [job, await github.run("preview", job, happened)] as const)),
    );
}

// One team's history, from the first deployment on: each test goes on from where the one before it ended.
describe("a team on GitHub", () => {
    test("the first merge registers the webhook, and the receiver is asked", async () => {
        const first = await deploy();
        expect(first, first.text).toMatchObject({ outcome: "success" });
        expect(world.emulator.webhooks).toMatchObject([{ url: world.receiverUrl }]);
        expect(first.text).toContain("All checks passed");
    });

    test("a pull request says which webhooks get a new secret, in one comment that is kept up to date", async () => {
        const calls = world.emulator.calls.length;
        github.comment(1, "somebody", "<!-- pulumi-captions prod --> not the workflow's own");
        world.commit("other-url", edit("Pulumi.prod.yaml", world.receiverUrl, `${world.receiverUrl}/v2`));
        const opened = await preview(1, "other-url");
        expect(opened.preview, opened.preview?.text).toMatchObject({ outcome: "success" });
        expect(opened["preview-of-fork"]).toMatchObject({ outcome: "skipped" });
        const [, comment] = github.kept.comments;
        expect(comment).toMatchObject({ pull: 1 });
        expect(comment?.body).toMatch(
            /^<!-- pulumi-captions prod -->\n### Webhooks of prod\n\nThese webhooks will get a \*\*new/,
        );
        expect(comment?.body).toContain("is done **in place**: the old secret is invalid at once");
        expect(opened.preview?.summary).toContain("**new secret**");

        world.commit("other-url", edit("Pulumi.prod.yaml", "    - creator.failure\n", ""));
        await preview(1, "other-url");
        expect(github.kept.comments).toHaveLength(2);
        expect(github.kept.comments[1]).toMatchObject({ id: comment?.id });
        expect(github.kept.comments[1]?.body).toContain("`enabledEvents` from `creator.success, creator.failure` to");
        // A preview asks nothing of the API, and has no key.
        expect(world.emulator.calls.length).toBe(calls);
    });

    test("a program that fails turns the check red, and the comment says that nothing is known", async () => {
        world.commit("broken", edit("generations.json", '"2026-11-01"', '"2026-11-01", "2026-11-01"'));
        const { preview: broken } = await preview(2, "broken");
        expect(broken).toMatchObject({ outcome: "failure", steps: { Preview: "failure" } });
        expect(broken?.text).toContain('generations: has "2026-11-01" twice');
        expect(github.kept.comments.find(({ pull }) => pull === 2)?.body).toContain("**The preview failed**");
    });

    test("a fork gets the same words without any secret, compared with what is declared", async () => {
        const calls = world.emulator.calls.length;
        world.commit("fork", edit("Pulumi.prod.yaml", "    - creator.failure\n", ""));
        const { preview: own, "preview-of-fork": fork } = await preview(3, "fork", "somebody/webhooks");
        expect(own).toMatchObject({ outcome: "skipped" });
        expect(fork, fork?.text).toMatchObject({ outcome: "success" });
        expect(fork?.summary).toMatch(/^This comes from a fork/);
        expect(fork?.summary).toContain("These webhooks will get a **new secret**");
        expect(fork?.summary).toContain("`enabledEvents` from `creator.success, creator.failure` to `creator.success`");
        expect(world.emulator.calls.length).toBe(calls);
    });

    test("a merge deploys it: one update, and the receiver accepts what is new", async () => {
        const [before] = world.emulator.webhooks;
        world.emulator.clearCalls();
        const merged = await deploy({ sha: world.mergeOf("other-url", "main") });
        expect(merged, merged.text).toMatchObject({ outcome: "success" });
        expect(world.emulator.countCalls("update")).toBe(1);
        expect(world.emulator.webhooks).toMatchObject([{ id: before?.id, enabledEvents: ["creator.success"] }]);
    });

    test("with a key that is refused nothing is changed, and no drift is claimed", async () => {
        const { webhooks } = world.emulator;
        world.commit("main", edit("Pulumi.prod.yaml", "    - creator.success\n", "$&    - creator.failure\n"));
        const refused = { secrets: { CAPTIONS_API_KEY: "key-of-yesterday" } };
        const failed = await deploy(refused);
        expect(failed).toMatchObject({ outcome: "failure", steps: { Deploy: "failure" } });
        expect(failed.text).toContain("The API key is not accepted");
        expect(failed.text).not.toContain("key-of-yesterday");
        expect(world.emulator.webhooks).toEqual(webhooks);

        expect(await night(refused)).toMatchObject({
            outcome: "failure",
            steps: { "Compare with what is registered": "failure", "Open an issue, unless one is open": "skipped" },
        });
        expect(github.kept.issues).toEqual([]);
        expect(await deploy()).toMatchObject({ outcome: "success" });
    });

    test("drift opens one issue, however many nights it lasts, and closes it when it is gone", async () => {
        expect(await night()).toMatchObject({ outcome: "success" });
        expect(github.kept.issues).toEqual([]);

        const [{ id } = { id: "" }] = world.emulator.webhooks;
        world.emulator.update(id, { url: `${world.receiverUrl}/by-hand` });
        for (const _ of ["first", "second"]) {
            const drifted = await night();
            expect(drifted, drifted.text).toMatchObject({ outcome: "success" });
            expect(drifted.text).toContain("by-hand");
        }
        expect(github.kept.issues).toMatchObject([
            { open: true, label: "captions-drift", title: "Webhooks of prod differ from what is declared" },
        ]);
        expect(github.kept.issues[0]?.body).toMatch(
            /^Somebody changed or deleted a webhook elsewhere: \[the run\]\(https:/,
        );
        expect(world.emulator.webhooks[0]?.url).toContain("by-hand");

        world.emulator.update(id, { url: world.receiverUrl });
        const folder = world.checkout("main");
        world.install(folder);
        await world.bash("pulumi refresh --yes --skip-preview --stack prod", [], folder, world.operator());
        await night();
        expect(github.kept.issues).toMatchObject([{ open: false }]);
    });

    test("a rotation that a receiver refuses stops before the old secret goes, and goes on when it is run again", async () => {
        const [old] = world.emulator.webhooks;
        world.known = world.secrets;
        const stopped = await rotate();
        expect(stopped).toMatchObject({
            outcome: "failure",
            steps: {
                "Register it": "success",
                "Wait until every receiver accepts the new secret": "failure",
                "Drop the old generation": "skipped",
                "Delete its webhook": "skipped",
                "Open an issue where it stopped, unless one is open": "success",
            },
        });
        expect(stopped.text).toContain("the newest secret was answered 401");
        expect(generations()).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\d$/), "2026-11-01"]);
        expect(world.emulator.webhooks).toEqual([old, expect.objectContaining({ url: world.receiverUrl })]);
        expect(github.kept.issues.at(-1)).toMatchObject({ open: true, label: "captions-rotation" });

        world.known = "live";
        world.emulator.clearCalls();
        const resumed = await rotate();
        expect(resumed, resumed.text).toMatchObject({ outcome: "success" });
        expect(resumed.text).toContain("Nothing to add");
        expect([world.emulator.countCalls("register"), world.emulator.countCalls("delete")]).toEqual([0, 1]);
        expect(world.emulator.webhooks).toHaveLength(1);
        expect(world.emulator.webhooks[0]?.id).not.toBe(old?.id);
        expect(generations()).toHaveLength(1);
        expect(world.subjects().slice(0, 2)).toEqual([
            "Rotate prod: drop the old generation",
            "Rotate prod: add a generation",
        ]);
        expect(github.kept.issues.at(-1)).toMatchObject({ open: false });
        expect(world.emulator.countCalls("update")).toBe(0);
    });

    test("while somebody holds the stack's lock nothing is deployed, and afterwards it is, once", async () => {
        world.commit("main", edit("Pulumi.prod.yaml", "    - creator.failure\n", ""));
        const folder = world.checkout("main");
        world.install(folder);
        world.emulator.clearCalls();
        world.emulator.inject({ endpoint: "update", kind: "hang" });
        const somebody = spawn("pulumi", ["up", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive"], {
            cwd: folder,
            env: world.operator(),
            stdio: "ignore",
            detached: true,
        });
        const gone = once(somebody, "close");
        await world.emulator.whenCalled(({ endpoint }) => endpoint === "update");

        const locked = await deploy();
        expect(locked).toMatchObject({ outcome: "failure", steps: { Deploy: "failure" } });
        expect(locked.text).toMatch(/currently locked/);
        process.kill(-(somebody.pid ?? 0), "SIGKILL");
        await gone;
        world.emulator.clearFaults();

        await world.bash("pulumi cancel --yes --stack prod", [], folder, world.operator());
        const after = await deploy();
        expect(after, after.text).toMatchObject({ outcome: "success" });
        expect(world.emulator.webhooks).toMatchObject([{ enabledEvents: ["creator.success"] }]);
    });
});
