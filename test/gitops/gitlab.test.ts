import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GitLab } from "./support/gitlab";
import { edit, World } from "./support/world";

let world: World;
let gitlab: GitLab;

beforeAll(async () => {
    world = await World.start();
    gitlab = await GitLab.start(world);
});

afterAll(async () => {
    gitlab.stop();
    await world.stop();
});

const once = { RECEIVERS_WAIT_SECONDS: "1" };
const generations = (): string[] => JSON.parse(world.onMain("generations.json")).prod;

// One team's history, from the first deployment on: each test goes on from where the one before it ended.
describe("a team on GitLab", () => {
    test("with a key that is refused nothing is registered; with the right one the webhook is, and the receiver is asked", async () => {
        const refused = await gitlab.run("deploy", "main", { CAPTIONS_API_KEY: "key-of-yesterday" });
        expect(refused.code).not.toBe(0);
        expect(refused.text).toContain("The API key is not accepted");
        expect(world.emulator.webhooks).toEqual([]);

        const first = await gitlab.run("deploy", "main", once);
        expect(first, first.text).toMatchObject({ code: 0 });
        expect(first.text).toContain("All checks passed");
        expect(world.emulator.webhooks).toMatchObject([{ url: world.receiverUrl }]);
    });

    test("a merge request says which webhooks get a new secret, in one note that is kept up to date", async () => {
        const calls = world.emulator.calls.length;
        gitlab.notes.push({ id: 1, author: { id: 99 }, body: "<!-- pulumi-captions prod --> somebody else's" });
        const withoutKey = { CI_MERGE_REQUEST_IID: "7", CAPTIONS_API_KEY: "" };
        world.commit("other", edit("Pulumi.prod.yaml", "    - creator.failure\n", ""));
        const opened = await gitlab.run("preview", "origin/other", withoutKey);
        expect(opened, opened.text).toMatchObject({ code: 0 });
        expect(gitlab.notes).toHaveLength(2);
        expect(gitlab.notes[1]?.body).toMatch(
            /^<!-- pulumi-captions prod -->\n### Webhooks of prod\n\nThese webhooks will get a \*\*new/,
        );
        expect(gitlab.notes[1]?.body).toContain("is done **in place**");

        world.commit("other", edit("generations.json", '"2026-11-01"', '"2026-11-01", "2026-11-01"'));
        const failed = await gitlab.run("preview", "origin/other", withoutKey);
        expect(failed.code).not.toBe(0);
        expect(gitlab.notes).toHaveLength(2);
        expect(gitlab.notes[1]?.body).toContain("**The preview failed**");
        expect(world.emulator.calls.length).toBe(calls);
    });

    test("a fork gets the same words without any variable of the project", async () => {
        const calls = world.emulator.calls.length;
        // The team has its key in ESC, which a backend of files does not have.
        const base = world.commit("esc", edit("Pulumi.prod.yaml", /^/, "environment:\n  - captions/prod\n"));
        world.commit("fork", edit("Pulumi.prod.yaml", world.receiverUrl, `${world.receiverUrl}/v2`), "origin/esc");
        const fork = await gitlab.run(
            "preview-of-fork",
            "origin/fork",
            { CI_MERGE_REQUEST_DIFF_BASE_SHA: base },
            false,
        );
        expect(fork, fork.text).toMatchObject({ code: 0 });
        expect(fork.text).toContain("This comes from a fork");
        expect(fork.text).toContain(`\`url\` from \`${world.receiverUrl}\` to \`${world.receiverUrl}/v2\``);
        expect(world.emulator.calls.length).toBe(calls);
    });

    test("drift opens one issue, and closes it when it is gone", async () => {
        const [{ id } = { id: "" }] = world.emulator.webhooks;
        world.emulator.rotate(id);
        for (const _ of ["first", "second"]) {
            const drifted = await gitlab.run("drift", "main");
            expect(drifted, drifted.text).toMatchObject({ code: 0 });
        }
        expect(gitlab.issues).toMatchObject([{ state: "opened", labels: "captions-drift" }]);
        expect(gitlab.issues[0]?.description).toContain("[The run](https://gitlab.example/acme/webhooks/-/jobs/4711)");

        const folder = world.checkout("main");
        world.install(folder);
        await world.bash("pulumi refresh --yes --skip-preview --stack prod", [], folder, world.operator());
        expect(await gitlab.run("drift", "main")).toMatchObject({ code: 0 });
        expect(gitlab.issues).toMatchObject([{ state: "closed", notes: ["Nothing differs any more."] }]);
    });

    test("a rotation that a receiver refuses stops before the old secret goes, and goes on when it is run again", async () => {
        const [old] = world.emulator.webhooks;
        world.known = world.secrets;
        const stopped = await gitlab.run("rotate", "main", once);
        expect(stopped.code).not.toBe(0);
        expect(stopped.text).toContain("the newest secret was answered 401");
        expect(generations()).toHaveLength(2);
        expect(world.emulator.webhooks).toEqual([old, expect.objectContaining({ url: world.receiverUrl })]);
        expect(gitlab.issues.at(-1)).toMatchObject({ state: "opened", labels: "captions-rotation" });

        world.known = "live";
        world.emulator.clearCalls();
        const resumed = await gitlab.run("rotate", "main", once);
        expect(resumed, resumed.text).toMatchObject({ code: 0 });
        expect(generations()).toHaveLength(1);
        expect(world.emulator.webhooks).toEqual([expect.not.objectContaining({ id: old?.id })]);
        expect([world.emulator.countCalls("register"), world.emulator.countCalls("update")]).toEqual([0, 0]);
        expect(world.subjects().slice(0, 2)).toEqual([
            "Rotate prod: drop the old generation",
            "Rotate prod: add a generation",
        ]);
        expect(gitlab.issues.at(-1)).toMatchObject({ state: "closed" });
    });
});
