import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { toMarkdown } from "../../../cli/plan/markdown";
import { parsePreview } from "../../../cli/plan/preview";
import { type WebhookChanges, webhookChanges } from "../../../cli/plan/webhook-changes";
import { type Clock, systemClock } from "../../../probe";
import { findLeaks } from "../../support/leaks";
import { renders, startProject } from "../../support/project";
import type { Run, Stack } from "../../support/stack";
import { cli, exit } from "../support";

const inPlace = "**in place**: the old secret is invalid at once";
const now = Date.parse("2026-12-09T06:00:00Z");
const clock: Clock = { ...systemClock, now: () => now };
const noNewSecret = "**No webhook gets a new secret.**";

/** A webhook, one resource that takes its secret, and one that only waits for it. */
function program(inputs: object, more = ""): string {
    return `
const webhook = new captions.Webhook("renders", ${JSON.stringify(inputs)});
class Sink extends pulumi.dynamic.Resource {
    constructor(name, args, opts) {
        super({
            create: async (inputs) => ({ id: name, outs: inputs }),
            diff: async (id, olds, news) => ({ changes: olds.value !== news.value }),
            update: async (id, olds, news) => ({ outs: news }),
        }, name, args, opts);
    }
}
new Sink("receiver", { value: webhook.secret });
new Sink("waiting", { value: "x" }, { dependsOn: webhook });
${more}
module.exports = { secret: webhook.secret, id: webhook.id, bearer: pulumi.interpolate\`Bearer \${webhook.secret}\` };`;
}

function rotating(generations: readonly string[], more: object = {}): string {
    return `
const webhook = new captions.RotatingWebhook("r", ${JSON.stringify({ ...renders, generations, ...more })});
module.exports = { secrets: webhook.secrets };`;
}

interface Planned {
    readonly run: Run;
    /** What is said of the preview as one object, in one line. */
    readonly text: string;
    readonly code: number;
    readonly changes: WebhookChanges;
    /** What is said of the same preview as the engine's events. */
    readonly fromEvents: string;
}

async function plan(stack: Stack, secrets: readonly string[] = [], ...args: string[]): Promise<Planned> {
    const run = await stack.run("preview", "--json", ...args);
    const { code, stdout, stderr } = await cli(["plan", "-", "--fail-on-rotation"], { input: run.stdout, clock });
    const events = run.events.map((event) => JSON.stringify(event)).join("\n");
    const fromEvents = toMarkdown(webhookChanges(parsePreview(events)), now);
    const texts = new Map([
        ["text", stdout + stderr],
        ["events", fromEvents],
        ["json", (await cli(["plan", "-", "--json-out"], { input: run.stdout })).stdout],
    ]);
    expect(findLeaks(texts, secrets)).toEqual([]);
    return { run, text: stdout, code, changes: webhookChanges(parsePreview(run.stdout)), fromEvents };
}

test("a new webhook: its first secret, and the resource that takes it, but not the one that only waits", async () => {
    const { stack } = await startProject(program({ ...renders, url: `${renders.url}?token=abcdef` }));
    const { text, code, fromEvents } = await plan(stack);
    expect(code).toBe(exit.good);
    expect(text).toBe(
        "These webhooks will get a **new secret**:\n\n" +
            "- **`renders`** is registered for `https://api.example.com/…`: its first secret.\n" +
            "  - These receivers need it: `receiver` (`pulumi-nodejs:dynamic:Resource`). This deployment passes it to them.\n",
    );
    expect(fromEvents).toContain("its first secret");
    expect(fromEvents).toContain("This form of preview does not show which receivers need it");
});

test("nothing, each change in place, another account, taken out: told as it will be", async () => {
    const { emulator, stack } = await startProject(program(renders));
    await stack.up();
    const { id } = await stack.outputs();
    const secrets = emulator.webhooks.map(({ secret }) => secret);

    const same = await plan(stack, secrets);
    expect(same).toMatchObject({ text: `${noNewSecret}\n`, code: exit.good, fromEvents: noNewSecret });

    for (const [change, words] of [
        [
            { url: "https://api.example.com/other?token=abcdef" },
            "`url` changes in a part that is not shown (`https://api.example.com/…`)",
        ],
        [
            { url: "https://other.example.com/hooks?token=abcdef" },
            "`url` from `https://api.example.com/…` to `https://other.example.com/…`",
        ],
        [
            { enabledEvents: ["creator.success"] },
            "`enabledEvents` from `creator.success, creator.failure` to `creator.success`",
        ],
        [{ rotateWhenChanged: { quarter: "value-of-it" } }, "`rotateWhenChanged` asks for a rotation (`quarter`)"],
    ] as const) {
        stack.program(program({ ...renders, ...change }));
        const changed = await plan(stack, secrets);
        for (const text of [changed.text, changed.fromEvents]) {
            expect(text).toContain(
                `These webhooks will get a **new secret**:\n\n- **\`renders\`** (\`${id}\`) is changed: ${words}`,
            );
            expect(text).toContain(inPlace);
            expect(text).not.toMatch(/token=abcdef|value-of-it|waiting/);
        }
        expect(changed.text).toContain("These receivers need it: `receiver`");
        expect(changed.text).toContain("may contain a new secret: `bearer`, `secret`");
        expect(changed.fromEvents).toContain("that contain a new secret: `bearer`, `secret`");
        expect(changed.code).toBe(exit.rotation);
    }

    await stack.run("config", "set", "--secret", "captions:accounts", '{"eu": {"apiKey": "key-of-eu-4TzYb1Kd"}}');
    stack.program(program({ ...renders, account: "eu" }));
    const moved = await plan(stack, secrets);
    for (const text of [moved.text, moved.fromEvents]) {
        expect(text).toContain(`- **\`renders\`** (\`${id}\`) is replaced by another webhook`);
        expect(text).toContain(
            "in the account `eu`, with a secret of its own. It is registered before this one is deleted",
        );
    }
    expect(moved.text).toContain("These receivers need it: `receiver`");
    expect(moved.code).toBe(exit.rotation);
    expect(moved.changes.webhooks).toHaveLength(1);

    stack.program("");
    const deleted = await plan(stack, secrets);
    for (const text of [deleted.text, deleted.fromEvents]) {
        expect(text).toContain(`${noNewSecret}\n\nOther changes:\n\n- **\`renders\`** (\`${id}\`) is deleted`);
    }
    expect(deleted.code).toBe(exit.good);

    stack.program(`${program(renders)}\ncaptions.Webhook.get("legacy", "${id}");`);
    const read = await plan(stack, secrets);
    expect(read.text).toContain(`**\`legacy\`** (\`${id}\`) is only read`);
    expect(read.text).toContain(noNewSecret);
});

test("a receiver that ignores the change is named, where the preview shows what stays the same", async () => {
    const ignoring = 'new Sink("stubborn", { value: webhook.secret }, { ignoreChanges: ["value"] });';
    const { stack } = await startProject(program(renders, ignoring));
    await stack.up();
    stack.program(program({ ...renders, rotateWhenChanged: { a: "1" } }, ignoring));
    const { text } = await plan(stack, [], "--show-sames");
    expect(text).toContain("These receivers need it: `receiver` (`pulumi-nodejs:dynamic:Resource`).");
    expect(text).toContain("**not** changed by this deployment: `stubborn`");
});

test("what is not known before the deployment may change the secret", async () => {
    const { stack } = await startProject(program(renders));
    await stack.up();
    stack.program(`
const first = new captions.Webhook("first", { url: "https://first.example/", enabledEvents: ["creator.success"] });
new captions.Webhook("renders", {
    url: pulumi.interpolate\`https://api.example.com/\${first.id}\`,
    enabledEvents: ${JSON.stringify(renders.enabledEvents)},
});`);
    const { text, code, fromEvents } = await plan(stack);
    for (const each of [text, fromEvents]) {
        expect(each).toMatch(/These webhooks will get a \*\*new secret\*\*:\n\n- \*\*`first`\*\* is registered/);
        expect(each).toMatch(
            /These webhooks \*\*may\*\* get a new secret:\n\n- \*\*`renders`\*\* .*`url` may change from/,
        );
    }
    expect(code).toBe(exit.rotation);
});

test("adopting: by id or by URL, and that a preview cannot know whether anything differs", async () => {
    const { emulator, stack } = await startProject(program({ ...renders, adopt: true }));
    const byUrl = await plan(stack);
    const { id, secret } = emulator.register(renders);
    stack.program(program({ ...renders, adopt: id }));
    const byId = await plan(stack, [secret]);
    expect(byUrl.text).toContain("adopts the webhook that is registered for `https://api.example.com/…`");
    expect(byId.text).toContain(`adopts \`${id}\`, with its secret`);
    for (const { text, fromEvents, code } of [byUrl, byId]) {
        for (const each of [text, fromEvents]) {
            expect(each).toContain("These webhooks **may** get a new secret:\n\n- **`renders`** adopts");
            expect(each).toContain("A preview does not look it up");
        }
        // Only the deployment looks up whether anything differs, so it would fail every adoption.
        expect(code).toBe(exit.good);
    }
});

test("RotatingWebhook: a generation is added, and an old one dropped, without a loss", async () => {
    const { emulator, stack } = await startProject(rotating(["a"]));
    const created = await plan(stack);
    expect(created.text).toContain("**`r`, generation `a`** is registered");
    expect(created.text).not.toMatch(/beside|Keep the old name/);
    expect(created.code).toBe(exit.good);
    await stack.up();

    stack.program(rotating(["b", "a"]));
    const added = await plan(stack);
    expect(added.text).toContain("**`r`, generation `b`** is registered");
    for (const text of [added.text, added.fromEvents]) {
        expect(text).toContain("registered beside `a`, whose secret stays valid, so **no delivery is lost**");
    }
    expect(added.code).toBe(exit.good);
    expect(added.text).toContain("may contain a new secret: `secrets`");

    // At the old end of the list: the preview does not show whether another generation stays.
    stack.program(rotating(["a", "older"]));
    const behind = await plan(stack);
    expect(behind.text).toContain("Generations that are registered already keep their secrets.");
    expect(behind.fromEvents).toContain("registered beside `a`");
    expect(behind.code).toBe(exit.good);

    stack.program(rotating(["b", "a"]));
    await stack.up();
    const secrets = emulator.webhooks.map(({ secret }) => secret);
    for (const kept of ["b", "a"]) {
        stack.program(rotating([kept]));
        const dropped = await plan(stack, secrets);
        expect(dropped.text).toContain("every receiver must accept the secret of a generation that stays**");
        expect(dropped.fromEvents).toContain(`the secret of a generation that stays (\`${kept}\`)**`);
        for (const text of [dropped.text, dropped.fromEvents]) {
            expect(text).toContain(noNewSecret);
        }
        expect(dropped.code).toBe(exit.good);
    }
    stack.program(rotating(["c", "b"]));
    const both = await plan(stack, secrets);
    for (const text of [both.text, both.fromEvents]) {
        expect(text).toContain("registered beside `b`");
        expect(text).toContain("the secret of a generation that stays (`b`)**");
    }
    expect(both.code).toBe(exit.good);
});

test("RotatingWebhook: what keeps no older secret valid loses deliveries, and taking all out ends them", async () => {
    const { emulator, stack } = await startProject(rotating(["b", "a"]));
    await stack.up();
    const secrets = emulator.webhooks.map(({ secret }) => secret);

    stack.program(rotating(["c"]));
    const swapped = await plan(stack, secrets);
    for (const text of [swapped.text, swapped.fromEvents]) {
        expect(text).toContain("**No older generation stays beside it**");
        expect(text).toMatch(/generation `a`\*\* \(`\w+`\) is dropped, while `c` gets a new secret/);
        expect(text).toContain("**No secret that receivers can have now stays valid**");
        expect(text).not.toContain("every receiver must accept");
    }
    expect(swapped.text).toContain("this deployment keeps the webhook and fails, unless a `DeliveryCheck`");
    expect(swapped.code).toBe(exit.rotation);

    stack.program(rotating(["c"], { dropAtOnce: true }));
    const atOnce = await plan(stack, secrets);
    for (const text of [atOnce.text, atOnce.fromEvents]) {
        expect(text).toMatch(
            /is dropped at once \(`dropAtOnce`\), while `c` gets a new secret\. .*so deliveries are rejected/,
        );
        expect(text).not.toMatch(/keeps the webhook|Keep/);
    }
    expect(atOnce.code).toBe(exit.rotation);

    stack.program(rotating(["b", "a"], { enabledEvents: ["creator.success"] }));
    const changed = await plan(stack, secrets);
    expect(changed.text).toContain("**`r`, generation `b`**");
    expect(changed.text).toContain(
        `${inPlace}, and deliveries are rejected until the receivers have the new one. Deliver`,
    );
    expect(changed.text).toContain("Deliveries of `a` are not affected.");
    expect(changed.text).not.toContain("generation `a`**");
    expect(changed.code).toBe(exit.rotation);

    stack.program(rotating(["b"], { enabledEvents: ["creator.success"] }));
    const rotated = await plan(stack, secrets);
    expect(rotated.text).toContain("is dropped, while `b` gets a new secret");
    expect(rotated.code).toBe(exit.rotation);

    stack.program("");
    const removed = await plan(stack, secrets);
    for (const text of [removed.text, removed.fromEvents]) {
        expect(text).toContain("is deleted with its RotatingWebhook: it no longer delivers anything to");
        expect(text).not.toContain("every receiver must accept");
    }
    expect(removed.code).toBe(exit.good);
});

test("RotatingWebhook with a schedule: when it rotates next, as far as each form of the preview tells", async () => {
    const schedule = { every: "90d", overlap: "7d" };
    const { emulator, stack } = await startProject(rotating(["2026-09-04"], { schedule }));
    const first = await plan(stack);
    expect(first.text).not.toContain("Scheduled rotations");
    expect(first.fromEvents).toContain(
        "Scheduled rotations, as of this deployment:\n\n- **`r`**: a rotation is due since 2026-12-03",
    );
    await stack.up();
    const secrets = emulator.webhooks.map(({ secret }) => secret);
    expect(await plan(stack, secrets)).toMatchObject({ text: `${noNewSecret}\n` });

    stack.program(rotating(["2026-12-03", "2026-09-04"], { schedule }));
    const rotated = await plan(stack, secrets, "--show-sames");
    expect(rotated.text).toContain(
        "Scheduled rotations, as of the last deployment:\n\n" + "- **`r`**: a rotation is due since 2026-12-03\n",
    );
    expect(rotated.fromEvents).toContain(
        "Scheduled rotations, as of this deployment:\n\n" +
            "- **`r`**: next rotation in 84 days (2027-03-03); the old secret ends 2026-12-10",
    );
    await stack.up();
    const after = await plan(stack, secrets, "--show-sames");
    for (const text of [after.text, after.fromEvents]) {
        expect(text).toContain("- **`r`**: next rotation in 84 days (2027-03-03); the old secret ends 2026-12-10");
    }
    const { stdout } = await cli(["plan", "--json", "-"], { input: after.run.stdout });
    expect(JSON.parse(stdout).rotations).toEqual([
        {
            resource: "r",
            lastRotation: "2026-12-03T00:00:00.000Z",
            nextRotation: "2027-03-03T00:00:00.000Z",
            overlapEnds: "2026-12-10T00:00:00.000Z",
        },
    ]);

    stack.program("");
    const removed = await plan(stack, secrets, "--show-sames");
    for (const text of [removed.text, removed.fromEvents]) {
        expect(text).not.toContain("Scheduled rotations");
    }
});

test("a DeliveryCheck asks the receivers of a secret, and is none of them", async () => {
    const check = `new captions.DeliveryCheck("asked", { url: ${JSON.stringify(renders.url)}, secrets: [webhook.secret] });`;
    const { stack } = await startProject(program(renders, check));
    const { text } = await plan(stack);
    expect(text).toContain("These receivers need it: `receiver`");
    expect(text).not.toContain("asked");
});

test("one webhook in place of another on the same URL: handed over where it is adopted, else a rotation that loses", async () => {
    const { emulator, stack } = await startProject(program(renders));
    await stack.up();
    const { id } = await stack.outputs();
    const secrets = emulator.webhooks.map(({ secret }) => secret);

    for (const adopt of [true, String(id)]) {
        stack.program(rotating(["a"], { adopt: { a: adopt } }));
        const adopted = await plan(stack, secrets);
        for (const text of [adopted.text, adopted.fromEvents]) {
            expect(text).toContain("is handed over to `r-a`, which adopts it: it stays registered.");
        }
        expect(adopted.code).toBe(exit.good);
    }
    stack.program(rotating(["a"]));
    const succeeded = await plan(stack, secrets);
    for (const text of [succeeded.text, succeeded.fromEvents]) {
        expect(text).toContain("is deleted, and `r-a` is registered for the same URL with a secret of its own");
        expect(text).toContain('To keep this webhook and its secret, set `adopt: { "a": true }` on `r`.');
    }
    expect(succeeded.code).toBe(exit.rotation);

    // The RotatingWebhook is in the state now, but has no generation.
    const refused = (await stack.up()).text;
    expect(refused).toContain(`for this URL there is ${id} already`);
    expect(refused).toContain('set `adopt: { "<generation>": true }` to do so wherever one with this URL exists');
    const again = await plan(stack, secrets);
    for (const text of [again.text, again.fromEvents]) {
        expect(text).toContain("**`r`, generation `a`** is registered");
        expect(text).not.toContain("no delivery is lost");
    }
    expect(again.code).toBe(exit.rotation);
});

test("a webhook that is deleted before its replacement is registered: said so, where the preview shows the order", async () => {
    const first = (more: object): string =>
        `new captions.Webhook("renders", ${JSON.stringify({ ...renders, ...more })}, { deleteBeforeReplace: true });`;
    const { stack } = await startProject(first({}));
    await stack.up();
    await stack.run("config", "set", "--secret", "captions:accounts", '{"eu": {"apiKey": "key-of-eu-4TzYb1Kd"}}');
    stack.program(first({ account: "eu" }));
    const { text, fromEvents, code } = await plan(stack);
    expect(text).toContain("It is registered before this one is deleted (unless it has `deleteBeforeReplace`), but");
    expect(fromEvents).toContain("This one is deleted before it is registered, so nothing is delivered in between;");
    expect(code).toBe(exit.rotation);
});

test("with --refresh: a secret that was changed elsewhere, and a webhook that is gone", async () => {
    const { emulator, stack } = await startProject(program(renders));
    await stack.up();
    const id = emulator.webhooks[0]?.id ?? "";
    emulator.rotate(id);
    const secrets = [emulator.webhooks[0]?.secret ?? ""];
    expect((await plan(stack, secrets, "--refresh")).text).toBe(
        `${noNewSecret}\n\nThis preview does not show whether a secret was changed elsewhere; ` +
            "`pulumi preview --json --refresh --show-sames` does.\n",
    );
    const drifted = await plan(stack, secrets, "--refresh", "--show-sames");
    for (const text of [drifted.text, drifted.fromEvents]) {
        expect(text).toContain(`**\`renders\`** (\`${id}\`) already has a new secret`);
    }
    expect(drifted.text).toContain("These receivers need it: `receiver`");
    emulator.remove(id);
    const gone = await plan(stack, [], "--refresh");
    for (const text of [gone.text, gone.fromEvents]) expect(text).toContain("is registered for");
});

test("after a run that ended half-way, the next may change the secret", async () => {
    const { emulator, stack } = await startProject(program(renders), { env: { CAPTIONS_CALL_TIMEOUT_SECONDS: "0.5" } });
    await stack.up();
    emulator.inject({ endpoint: "update", kind: "hang" });
    stack.program(program({ ...renders, rotateWhenChanged: { a: "1" } }));
    expect((await stack.up()).code).not.toBe(0);
    const { text, code } = await plan(stack);
    expect(text).toContain("These webhooks **may** get a new secret");
    expect(text).toContain("was left unfinished by the last deployment");
    expect(code).toBe(exit.rotation);
});

test("a preview that failed tells nothing, and is exit code 1", async () => {
    const { stack } = await startProject("throw new Error('whsec_0123456789abcdef');");
    const { text, code, fromEvents } = await plan(stack, ["whsec_0123456789abcdef"]);
    expect(code).toBe(exit.bad);
    for (const each of [text, fromEvents]) {
        expect(each).toContain("**The preview failed**");
        expect(each).not.toContain(noNewSecret);
    }
});

test("the JSON has a shape to rely on", async () => {
    const { stack } = await startProject(rotating(["a"]));
    await stack.up();
    stack.program(rotating(["b", "a"]));
    const { run } = await plan(stack);
    for (const option of ["--json", "--json-out"]) {
        const { stdout } = await cli(["plan", option, "-"], { input: run.stdout });
        expect(JSON.parse(stdout)).toEqual({
            complete: true,
            newSecrets: ["r-b"],
            possiblyNewSecrets: [],
            webhooks: [
                {
                    urn: expect.stringContaining("::r-b"),
                    name: "r-b",
                    url: "https://api.example.com/…",
                    action: "register",
                    newSecret: "yes",
                    inPlace: false,
                    losesDeliveries: false,
                    changes: [],
                    generation: {
                        of: "r",
                        name: "b",
                        first: false,
                        removedWithAll: false,
                        beside: ["a"],
                        renewed: [],
                        standsAlone: false,
                    },
                    receivers: [],
                },
            ],
            outputs: [{ name: "secrets", certain: false }],
            hidesDrift: false,
            rotations: [],
            rotationsAsOf: "the last deployment",
        });
    }
});

/** What older engines print with --show-secrets: secrets in plain text. */
const clear = (name: string, url: string): string =>
    JSON.stringify({
        steps: [
            {
                op: "update",
                urn: `urn:pulumi:dev::p::pulumi-nodejs:dynamic/captions:Webhook::${name}`,
                oldState: {
                    type: "pulumi-nodejs:dynamic/captions:Webhook",
                    id: "wh_1",
                    inputs: { ...renders, rotateWhenChanged: { a: "whsec_keeper1" } },
                    outputs: {
                        ...renders,
                        rotateWhenChanged: { a: "whsec_keeper1" },
                        secret: "whsec_old",
                        secretVersion: 1,
                    },
                },
                newState: {
                    type: "pulumi-nodejs:dynamic/captions:Webhook",
                    inputs: { ...renders, url, rotateWhenChanged: { a: "whsec_keeper2" } },
                },
            },
        ],
        changeSummary: { update: 1 },
    });

test("secrets that a preview shows in plain text are not repeated", async () => {
    for (const option of [[], ["--json"]]) {
        const { stdout } = await cli(["plan", "-", ...option], {
            input: clear("renders", "https://b.example/?t=whsec_query"),
        });
        expect(stdout).toContain("https://b.example/…");
        expect(stdout).not.toContain("whsec");
    }
});

test("lines around the JSON are passed over, and what is not a preview is rejected", async () => {
    const preview = clear("renders", "https://b.example/");
    const noisy = await cli(["plan", "-"], { input: `\n> npm run preview\n\n${preview}\n` });
    expect(noisy).toEqual(await cli(["plan", "-"], { input: preview }));
    expect(noisy.code).toBe(exit.good);
    for (const input of [
        "",
        "Previewing update (dev)",
        "{",
        "{}",
        "[]",
        "null",
        '{"a": 1}\n{"b": 2}',
        preview.slice(0, -9),
    ]) {
        const refused = await cli(["plan", "-"], { input });
        expect(refused).toMatchObject({ code: exit.bad, stdout: "" });
        expect(refused.stderr).toContain("This is not the output of `pulumi preview --json`.");
    }
});

test("a file is read in the encoding in which PowerShell and others write it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-cli-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const preview = clear("größe", "https://b.example/");
    const expected = await cli(["plan", "-"], { input: preview });
    expect(expected.stdout).toContain("`größe`");
    const file = join(folder, "preview.json");
    for (const bytes of [
        Buffer.from(`\ufeff${preview}`, "utf8"),
        Buffer.from(`\ufeff${preview}\r\n`, "utf16le"),
        Buffer.from(`\ufeff${preview}`, "utf16le").swap16(),
    ]) {
        writeFileSync(file, bytes);
        expect(await cli(["plan", file])).toEqual(expected);
        expect(await cli(["plan", "-"], { input: bytes })).toEqual(expected);
    }
    const missing = await cli(["plan", join(folder, "none.json")]);
    expect(missing).toMatchObject({ code: exit.bad });
    expect(missing.stderr).toMatch(/Cannot read .*none\.json \(ENOENT\)\./);
});
