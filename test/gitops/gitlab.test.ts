import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GitLab } from "./support/gitlab";
import { edit, World } from "./support/world";

let world: World;
let gitlab: GitLab;

beforeAll(async () => {
    world = await World.start();
    gitlab = new GitLab(world);
});

afterAll(() => world.stop());

const check = { RECEIVERS_WAIT_SECONDS: "1" };

// One team's history, from the first deployment on: each test goes on from where the one before it ended.
describe("a team on GitLab", () => {
    test("with a key that is refused nothing is registered; with the right one the webhook is, and the receiver is asked", async () => {
        const refused = await gitlab.run("deploy", "main", { CAPTIONS_API_KEY: "key-of-yesterday" });
        expect(refused.code).not.toBe(0);
        expect(refused.text).toContain("The API key is not accepted");
        expect(refused.text).toContain("What to do: README.md");
        expect(world.emulator.webhooks).toEqual([]);

        const first = await gitlab.run("deploy", "main");
        expect(first, first.text).toMatchObject({ code: 0 });
        expect(first.text).not.toContain("What to do");
        expect(world.emulator.webhooks).toMatchObject([{ url: world.receiverUrl }]);
        const checked = await gitlab.run("check", "main", check);
        expect(checked, checked.text).toMatchObject({ code: 0 });
        expect(checked.text).toContain("All checks passed.");
    });

    test("a merge request says which webhooks get a new secret, in a report that is linked there, and writes no state", async () => {
        const [calls, state] = [world.emulator.calls.length, world.state()];
        const withoutKey = { CAPTIONS_API_KEY: "" };
        world.commit("other", edit("Pulumi.prod.yaml", "    - creator.failure\n", ""));
        const opened = await gitlab.run("preview", "other", withoutKey);
        expect(opened, opened.text).toMatchObject({ code: 0 });
        expect(opened.plan).toContain("These webhooks will get a **new secret**");
        expect(opened.plan).toContain("is done **in place**");

        world.commit("broken", edit("index.ts", '"90d"', '"90 days"'));
        const failed = await gitlab.run("preview", "broken", withoutKey);
        expect(failed.code).not.toBe(0);
        expect(failed.plan).toContain("**The preview failed**");
        expect(world.emulator.calls.length).toBe(calls);
        expect(world.state()).toEqual(state);
    });

    test("a fork gets the same words without any variable of the project, compared with what it was merged into", async () => {
        const calls = world.emulator.calls.length;
        // The team has its key in ESC, which a backend of files does not have.
        const base = world.commit("esc", edit("Pulumi.prod.yaml", /^/, "environment:\n  - captions/prod\n"));
        world.commit("fork", edit("Pulumi.prod.yaml", "    - creator.failure\n", ""), "origin/esc");
        for (const name of ["CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_MERGE_REQUEST_TARGET_BRANCH_SHA"]) {
            const fork = await gitlab.run("preview-of-fork", "fork", { [name]: base }, { withSecrets: false });
            expect(fork, fork.text).toMatchObject({ code: 0 });
            expect(fork.plan).toMatch(/^This pull request gets no access/);
            expect(fork.plan).toContain("`enabledEvents` from `creator.success, creator.failure` to `creator.success`");
        }
        expect(world.emulator.calls.length).toBe(calls);
    });

    test("a job that is retried deploys the tip of main, not its own commit", async () => {
        const old = world.git(world.origin, "rev-parse", "main");
        world.mergeOf("other", "main");
        world.emulator.clearCalls();
        const deployed = await gitlab.run("deploy", old);
        expect(deployed, deployed.text).toMatchObject({ code: 0 });
        expect(world.emulator.countCalls("update")).toBe(1);
        expect(world.emulator.webhooks).toMatchObject([{ enabledEvents: ["creator.success"] }]);
    });

    test("by night it rotates and retires, and neither a night nor a merge deletes anything while a receiver rejects the new secret, also after the overlap", async () => {
        const [old] = world.emulator.webhooks;
        const night = { CI_PIPELINE_SOURCE: "schedule" };
        world.emulator.clearCalls();
        world.known = world.secrets;
        world.today = "2026-12-03";
        const registered = await gitlab.run("deploy", "main", night);
        expect(registered, registered.text).toMatchObject({ code: 0 });
        expect((await gitlab.run("check", "main", check)).code).not.toBe(0);

        world.today = "2026-12-20";
        for (const variables of [night, {}]) {
            const refused = await gitlab.run("deploy", "main", variables);
            expect(refused.code).not.toBe(0);
            expect(refused.text).toContain("Nothing is deleted in this run");
        }
        expect(world.emulator.webhooks).toEqual([old, expect.objectContaining({ url: world.receiverUrl })]);

        world.known = "live";
        expect(await gitlab.run("deploy", "main", night)).toMatchObject({ code: 0 });
        expect(await gitlab.run("check", "main", check)).toMatchObject({ code: 0 });
        expect(world.emulator.webhooks).toEqual([expect.not.objectContaining({ id: old?.id })]);
        const changing = (["register", "update", "delete"] as const).map((call) => world.emulator.countCalls(call));
        expect(changing).toEqual([1, 0, 1]);
    });

    test("a job that is cancelled ends the call that is under way", async () => {
        world.today = "2027-03-04";
        world.emulator.clearCalls();
        world.emulator.inject({ endpoint: "register", kind: "slow-body", delayMs: 10 });
        const controller = new AbortController();
        const running = gitlab.run("deploy", "main", {}, { cancel: controller.signal });
        await world.emulator.whenCalled(({ endpoint }) => endpoint === "register");
        controller.abort();
        const cancelled = await running;
        expect(cancelled.text).toContain("What to do: README.md");
        expect(world.emulator.webhooks).toHaveLength(2);
    });

    test("the next job finds the lock free, and the webhook in the state; drift is told and never repaired, and an orphan is told", async () => {
        const [{ id } = { id: "" }] = world.emulator.webhooks;
        world.known = world.secrets;
        world.emulator.rotate(id);
        const next = await gitlab.run("deploy", "main");
        expect(next, next.text).toMatchObject({ code: 0 });
        expect(world.emulator.countCalls("register")).toBe(1);
        const drifted = await gitlab.run("check", "main", check);
        expect(drifted.code).not.toBe(0);
        expect(drifted.text).toContain("secretVersion");
        expect(world.emulator.countCalls("update")).toBe(0);

        world.known = "live";
        const folder = world.clone("main");
        world.install(folder);
        await world.bash("pulumi up --refresh --yes --skip-preview --stack prod", [], folder, world.operator());
        world.emulator.register({ url: world.receiverUrl, enabledEvents: ["creator.success"] });
        // Only what looks for orphans, after the other two, ends with this code.
        const orphaned = await gitlab.run("check", "main", check);
        expect(orphaned, orphaned.text).toMatchObject({ code: 4 });
        expect(orphaned.text).toContain("All checks passed.");
    });
});

// With the key in the stack's settings, as ESC hands it on, the provider of the last change is in the state with its
// key.
test("a key that is rotated in the settings is used for drift at once", { timeout: 240_000 }, async () => {
    const own = await World.start();
    try {
        const ci = new GitLab(own);
        const withoutKey = { ...check, CAPTIONS_API_KEY: "" };
        const setKey = async (key: string): Promise<void> => {
            const folder = own.clone("main");
            const set = await own.bash(
                `printf %s "$KEY" | pulumi config set --stack prod --secret captions:apiKey`,
                ["-eo", "pipefail"],
                folder,
                { ...own.operator(), KEY: key },
            );
            expect(set, set.text).toMatchObject({ code: 0 });
            own.git(folder, "commit", "--quiet", "--all", "--message", "Set the key");
            own.git(folder, "push", "--quiet", "origin", "HEAD:main");
        };
        await setKey(own.emulator.apiKey);
        expect(await ci.run("deploy", "main", withoutKey)).toMatchObject({ code: 0 });
        const next = "key-9PqV4zRt7KmN2sWx6Bh";
        await own.startApi(next);
        await setKey(next);

        const folder = own.clone("main");
        own.install(folder);
        const { CAPTIONS_API_KEY: _, ...env } = own.operator();
        const refresh = "pulumi refresh --preview-only --expect-no-changes --stack prod --non-interactive";
        const plain = await own.bash(refresh, [], folder, env);
        expect(plain.code).not.toBe(0);
        expect(plain.text).toContain("The API key is not accepted");
        const checked = await ci.run("check", "main", withoutKey);
        expect(checked, checked.text).toMatchObject({ code: 0 });
    } finally {
        await own.stop();
    }
});
