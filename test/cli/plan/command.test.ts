import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { toMarkdown } from "../../../cli/plan/markdown";
import { parsePreview } from "../../../cli/plan/preview";
import { type WebhookChanges, webhookChanges } from "../../../cli/plan/webhook-changes";
import { type Clock, systemClock } from "../../../probe";
import { findLeaks } from "../../support/leaks";
import { once } from "../../support/once";
import { renders, startDeployed, startProject } from "../../support/project";
import type { Run, Stack } from "../../support/stack";
import { cli, exit } from "../support";

const inPlace = "**in place**: the old secret is invalid at once";
const now = Date.parse("2026-12-09T06:00:00Z");
const clock: Clock = { ...systemClock, now: () => now };
const noNewSecret = "**No webhook gets a new secret.**";

/**
 * A resource in a receiver's place: a dynamic one, with its provider written in the form that Pulumi serializes one to.
 * To do that itself, Pulumi would load a compiler in each run.
 */
const sink = `
const __provider = \`exports.handler = () => ({
    create: async (inputs) => ({ id: "sink", outs: inputs }),
    diff: async (id, olds, news) => ({ changes: olds.value !== news.value }),
    update: async (id, olds, news) => ({ outs: news }),
});\`;
class Sink extends pulumi.CustomResource {
    constructor(name, args, opts) {
        super("pulumi-nodejs:dynamic:Resource", name, { ...args, __provider }, opts);
    }
}`;

/** A webhook, one resource that takes its secret, and one that only waits for it. */
function program(inputs: object, more = ""): string {
    return `${sink}
const webhook = new captions.Webhook("renders", ${JSON.stringify(inputs)});
new Sink("receiver", { value: webhook.secret });
new Sink("waiting", { value: "x" }, { dependsOn: webhook });
${more}
module.exports = { secret: webhook.secret, id: webhook.id, bearer: pulumi.interpolate\`Bearer \${webhook.secret}\` };`;
}

/** Several webhooks: of each its inputs or, as an expression, what they differ in from those that it began with. */
function webhooks(all: Readonly<Record<string, string>>, more = ""): string {
    const each = Object.entries(all).map(
        ([name, inputs]) => `
    const ${name} = new captions.Webhook("${name}", { ...${JSON.stringify({ ...renders, url: urlOf(name) })}, ...${inputs} }${
        name === "deletedFirst" ? ", { deleteBeforeReplace: true }" : ""
    });
    new Sink("receiver-of-${name}", { value: ${name}.secret });
    new Sink("waiting-for-${name}", { value: "x" }, { dependsOn: ${name} });`,
    );
    return `${sink}\n${more}\n${each.join("\n")}`;
}

const urlOf = (name: string): string => `https://api.example.com/hooks/${name}`;

function rotating(generations: readonly string[], more: object = {}): string {
    return `
const webhook = new captions.RotatingWebhook("r", ${JSON.stringify({ ...renders, generations, ...more })});
module.exports = { secrets: webhook.secrets };`;
}

/** Several of them; the secrets of the first one are an output. */
function families(all: Readonly<Record<string, object>>): string {
    const each = Object.entries(all).map(([name, inputs]) => {
        const own = JSON.stringify({ ...renders, url: urlOf(name), ...inputs });
        return `new captions.RotatingWebhook("${name}", ${own})`;
    });
    return `const all = [${each.join(", ")}];\nmodule.exports = { secrets: all[0].secrets };`;
}

interface Planned {
    readonly run: Run;
    /** What is said of the preview as one object, in one line. */
    readonly text: string;
    readonly code: number;
    /** The webhooks that `--fail-on-rotation` names. */
    readonly losing: readonly string[];
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
    const [, losing = ""] = /until receivers have a new secret: (.*)\.\n$/.exec(stderr) ?? [];
    const changes = webhookChanges(parsePreview(run.stdout));
    return { run, text: stdout, code, losing: losing.split(", "), changes, fromEvents };
}

/** What is said of one webhook, below the title of its section. */
function about(text: string, webhook: string): string {
    const at = text.indexOf(`- **${webhook}**`);
    expect(at, `${webhook} in ${text}`).toBeGreaterThanOrEqual(0);
    const title = text.slice(0, at).split("\n\n").at(-2);
    return `${title}\n\n${text.slice(at).split(/\n(?=- |\n)/)[0]}`;
}

/** The first deployment, with a receiver and a DeliveryCheck that take the secret. */
const first = once(async () => {
    const check = `new captions.DeliveryCheck("asked", { url: ${JSON.stringify(renders.url)}, secrets: [webhook.secret] });`;
    const { stack } = await startProject(program({ ...renders, url: `${renders.url}?token=abcdef` }, check));
    return await plan(stack);
});

test("a new webhook: its first secret, and the resource that takes it, but not the one that only waits", async () => {
    const { text, code, fromEvents } = await first();
    expect(code).toBe(exit.good);
    expect(text).toBe(
        "These webhooks will get a **new secret**:\n\n" +
            "- **`renders`** is registered for `https://api.example.com/…`: its first secret.\n" +
            "  - These receivers need it: `receiver` (`pulumi-nodejs:dynamic:Resource`). This deployment passes it to them.\n",
    );
    expect(fromEvents).toContain("its first secret");
    expect(fromEvents).toContain("This form of preview does not show which receivers need it");
});

test("a DeliveryCheck asks the receivers of a secret, and is none of them", async () => {
    const { text } = await first();
    expect(text).toContain("These receivers need it: `receiver`");
    expect(text).not.toContain("asked");
});

/** What changes in place of each webhook, and how that is said. */
const inPlaceChanges = [
    [
        "path",
        `{ url: "https://api.example.com/other?token=abcdef" }`,
        "`url` changes in a part that is not shown (`https://api.example.com/…`)",
    ],
    [
        "host",
        `{ url: "https://other.example.com/hooks?token=abcdef" }`,
        "`url` from `https://api.example.com/…` to `https://other.example.com/…`",
    ],
    [
        "events",
        `{ enabledEvents: ["creator.success"] }`,
        "`enabledEvents` from `creator.success, creator.failure` to `creator.success`",
    ],
    [
        "keepers",
        `{ rotateWhenChanged: { quarter: "value-of-it" } }`,
        "`rotateWhenChanged` asks for a rotation (`quarter`)",
    ],
] as const;

/** The previews of a deployed stack: of no change, and of each kind of change at once. */
const changes = once(async () => {
    const names = [...inPlaceChanges.map(([name]) => name), "moved", "deletedFirst", "unsure", "removed"];
    const ignoring = 'new Sink("stubborn", { value: keepers.secret }, { ignoreChanges: ["value"] });';
    const ends = `\n${ignoring}\nmodule.exports = { secret: path.secret, id: path.id, bearer: pulumi.interpolate\`Bearer \${path.secret}\` };`;
    const before = Object.fromEntries(names.map((name) => [name, "{}"]));
    const { emulator, stack } = await startProject(webhooks(before) + ends);
    stack.setSecret("captions:accounts", '{"eu": {"apiKey": "key-of-eu-4TzYb1Kd"}}');
    const up = await stack.up();
    expect(up.code, up.text).toBe(0);
    const secrets = emulator.webhooks.map(({ secret }) => secret);
    const ids = new Map(names.map((name) => [name, emulator.webhooks.find(({ url }) => url === urlOf(name))?.id]));
    const same = await plan(stack, secrets);

    const changed = {
        ...before,
        ...Object.fromEntries(inPlaceChanges),
        moved: '{ account: "eu" }',
        deletedFirst: '{ account: "eu" }',
        unsure: '{ url: fresh.id.apply((id) => "https://api.example.com/" + id) }',
    };
    const fresh = `const fresh = new captions.Webhook("fresh", ${JSON.stringify({ ...renders, url: urlOf("fresh") })});`;
    stack.program(webhooks(changed, fresh) + ends);
    const each = await plan(stack, secrets);
    const withSames = await plan(stack, secrets, "--show-sames");

    const { removed: _, ...kept } = before;
    stack.program(`${webhooks(kept)}${ends}\ncaptions.Webhook.get("legacy", "${ids.get("path")}");`);
    return { ids, same, each, withSames, removed: await plan(stack, secrets) };
});

test("nothing changes: said so", async () => {
    const { same } = await changes();
    expect(same).toMatchObject({ text: `${noNewSecret}\n`, code: exit.good, fromEvents: noNewSecret });
});

test.each(inPlaceChanges)("a change in place, of %s: told as it will be", async (name, _, words) => {
    const { ids, each } = await changes();
    for (const text of [each.text, each.fromEvents]) {
        expect(about(text, `\`${name}\``)).toContain(
            `These webhooks will get a **new secret**:\n\n- **\`${name}\`** (\`${ids.get(name)}\`) is changed: ${words}`,
        );
        expect(about(text, `\`${name}\``)).toContain(inPlace);
        expect(text).not.toMatch(/token=abcdef|value-of-it|waiting/);
    }
    expect(about(each.text, `\`${name}\``)).toContain(`These receivers need it: \`receiver-of-${name}\``);
    expect(each.text).toContain("may contain a new secret: `bearer`, `secret`");
    expect(each.fromEvents).toContain("that contain a new secret: `bearer`, `secret`");
    expect(each.code).toBe(exit.rotation);
    expect(each.losing).toContain(name);
});

test("another account: replaced by a webhook there, with a secret of its own", async () => {
    const { ids, each } = await changes();
    for (const text of [each.text, each.fromEvents].map((whole) => about(whole, "`moved`"))) {
        expect(text).toContain(`- **\`moved\`** (\`${ids.get("moved")}\`) is replaced by another webhook`);
        expect(text).toContain(
            "in the account `eu`, with a secret of its own. It is registered before this one is deleted",
        );
    }
    expect(about(each.text, "`moved`")).toContain("These receivers need it: `receiver-of-moved`");
    expect(each.losing).toContain("moved");
    expect(each.changes.webhooks.filter(({ name }) => name === "moved")).toHaveLength(1);
});

test("a webhook that is deleted before its replacement is registered: said so, where the preview shows the order", async () => {
    const { each } = await changes();
    expect(about(each.text, "`deletedFirst`")).toContain(
        "It is registered before this one is deleted (unless it has `deleteBeforeReplace`), but",
    );
    expect(about(each.fromEvents, "`deletedFirst`")).toContain(
        "This one is deleted before it is registered, so nothing is delivered in between;",
    );
    expect(each.losing).toContain("deletedFirst");
});

test("what is not known before the deployment may change the secret", async () => {
    const { each } = await changes();
    for (const text of [each.text, each.fromEvents]) {
        expect(about(text, "`fresh`")).toMatch(
            /These webhooks will get a \*\*new secret\*\*:\n\n- \*\*`fresh`\*\* is registered/,
        );
        expect(about(text, "`unsure`")).toMatch(
            /These webhooks \*\*may\*\* get a new secret:\n\n- \*\*`unsure`\*\* .*`url` may change from/,
        );
    }
    expect(each.losing).toContain("unsure");
    expect(each.losing).not.toContain("fresh");
});

test("a receiver that ignores the change is named, where the preview shows what stays the same", async () => {
    const text = about((await changes()).withSames.text, "`keepers`");
    expect(text).toContain("These receivers need it: `receiver-of-keepers` (`pulumi-nodejs:dynamic:Resource`).");
    expect(text).toContain("**not** changed by this deployment: `stubborn`");
});

test("taken out, or only read: no webhook gets a new secret", async () => {
    const { ids, removed } = await changes();
    for (const text of [removed.text, removed.fromEvents]) {
        expect(text).toContain(`${noNewSecret}\n\nOther changes:\n\n`);
        expect(about(text, "`removed`")).toContain(
            `Other changes:\n\n- **\`removed\`** (\`${ids.get("removed")}\`) is deleted`,
        );
    }
    expect(about(removed.text, "`legacy`")).toContain(`**\`legacy\`** (\`${ids.get("path")}\`) is only read`);
    expect(removed.code).toBe(exit.good);
});

test("adopting: by id or by URL, and that a preview cannot know whether anything differs", async () => {
    const { emulator, stack } = await startProject("");
    const { id, secret } = emulator.register({ ...renders, url: urlOf("byId") });
    stack.program(webhooks({ byUrl: "{ adopt: true }", byId: JSON.stringify({ adopt: id }) }));
    const { text, fromEvents, code } = await plan(stack, [secret]);
    expect(text).toContain("adopts the webhook that is registered for `https://api.example.com/…`");
    expect(text).toContain(`adopts \`${id}\`, with its secret`);
    for (const each of [text, fromEvents]) {
        for (const name of ["byUrl", "byId"]) {
            const said = about(each, `\`${name}\``);
            expect(said).toContain(`These webhooks **may** get a new secret:\n\n- **\`${name}\`** adopts`);
            expect(said).toContain("A preview does not look it up");
        }
    }
    // Only the deployment looks up whether anything differs, so it would fail every adoption.
    expect(code).toBe(exit.good);
});

test("RotatingWebhook: a generation is added, and an old one dropped, without a loss", async () => {
    const before = {
        added: { generations: ["a"] },
        behind: { generations: ["a"] },
        both: { generations: ["b", "a"] },
        keepsB: { generations: ["b", "a"] },
        keepsA: { generations: ["b", "a"] },
    };
    const { emulator, stack } = await startProject(families(before));
    const created = await plan(stack);
    expect(created.text).toContain("**`added`, generation `a`** is registered");
    expect(created.text).not.toMatch(/beside|Keep the old name/);
    expect(created.code).toBe(exit.good);
    await stack.up();
    const secrets = emulator.webhooks.map(({ secret }) => secret);

    const adding = {
        added: { generations: ["b", "a"] },
        // At the old end of the list: the preview does not show whether another generation stays.
        behind: { generations: ["a", "older"] },
        both: { generations: ["c", "b"] },
    };
    stack.program(families({ ...before, ...adding }));
    const added = await plan(stack, secrets);
    expect(added.text).toContain("**`added`, generation `b`** is registered");
    for (const text of [added.text, added.fromEvents]) {
        expect(about(text, "`added`, generation `b`")).toContain(
            "registered beside `a`, whose secret stays valid, so **no delivery is lost**",
        );
        expect(about(text, "`both`, generation `c`")).toContain("registered beside `b`");
        expect(about(text, "`both`, generation `a`")).toContain("the secret of a generation that stays (`b`)**");
    }
    expect(about(added.text, "`behind`, generation `older`")).toContain(
        "Generations that are registered already keep their secrets.",
    );
    expect(about(added.fromEvents, "`behind`, generation `older`")).toContain("registered beside `a`");
    expect(added.text).toContain("may contain a new secret: `secrets`");
    expect(added.code).toBe(exit.good);

    stack.program(families({ ...before, keepsB: { generations: ["b"] }, keepsA: { generations: ["a"] } }));
    const dropped = await plan(stack, secrets);
    for (const [name, old, kept] of [
        ["keepsB", "a", "b"],
        ["keepsA", "b", "a"],
    ]) {
        const webhook = `\`${name}\`, generation \`${old}\``;
        expect(about(dropped.text, webhook)).toContain(
            "every receiver must accept the secret of a generation that stays**",
        );
        expect(about(dropped.fromEvents, webhook)).toContain(`the secret of a generation that stays (\`${kept}\`)**`);
    }
    for (const text of [dropped.text, dropped.fromEvents]) {
        expect(text).toContain(noNewSecret);
    }
    expect(dropped.code).toBe(exit.good);
});

test("RotatingWebhook: what keeps no older secret valid loses deliveries, and taking all out ends them", async () => {
    const names = ["swapped", "atOnce", "changed", "renewed", "removed"];
    const before = Object.fromEntries(names.map((name) => [name, { generations: ["b", "a"] }]));
    const { emulator, stack } = await startProject(families(before));
    await stack.up();
    const secrets = emulator.webhooks.map(({ secret }) => secret);

    stack.program(
        families({
            swapped: { generations: ["c"] },
            atOnce: { generations: ["c"], dropAtOnce: true },
            changed: { generations: ["b", "a"], enabledEvents: ["creator.success"] },
            renewed: { generations: ["b"], enabledEvents: ["creator.success"] },
        }),
    );
    const { text, fromEvents, code, losing } = await plan(stack, secrets);
    for (const each of [text, fromEvents]) {
        expect(about(each, "`swapped`, generation `c`")).toContain("**No older generation stays beside it**");
        const swapped = about(each, "`swapped`, generation `a`");
        expect(swapped).toMatch(/generation `a`\*\* \(`\w+`\) is dropped, while `c` gets a new secret/);
        expect(swapped).toContain("**No secret that receivers can have now stays valid**");
        expect(about(each, "`atOnce`, generation `a`")).toMatch(
            /is dropped at once \(`dropAtOnce`\), while `c` gets a new secret\. .*so deliveries are rejected/,
        );
        for (const generation of ["a", "b", "c"]) {
            expect(about(each, `\`atOnce\`, generation \`${generation}\``)).not.toMatch(/keeps the webhook|Keep/);
        }
        expect(about(each, "`removed`, generation `a`")).toContain(
            "is deleted with its RotatingWebhook: it no longer delivers anything to",
        );
        expect(each).not.toContain("every receiver must accept");
    }
    expect(about(text, "`swapped`, generation `a`")).toContain(
        "this deployment keeps the webhook and fails, unless a `DeliveryCheck`",
    );
    const changed = about(text, "`changed`, generation `b`");
    expect(changed).toContain(`${inPlace}, and deliveries are rejected until the receivers have the new one. Deliver`);
    expect(changed).toContain("Deliveries of `a` are not affected.");
    expect(text).not.toContain("`changed`, generation `a`**");
    expect(about(text, "`renewed`, generation `a`")).toContain("is dropped, while `b` gets a new secret");
    expect(code).toBe(exit.rotation);
    const lose = new Set(losing.map((name) => name.replace(/-\w$/, "")));
    expect([...lose].sort()).toEqual(["atOnce", "changed", "renewed", "swapped"]);
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

test("one webhook in place of another on the same URL: handed over where it is adopted, else a rotation that loses", async () => {
    const { emulator, stack } = await startProject(webhooks({ byUrl: "{}", byId: "{}", instead: "{}" }));
    await stack.up();
    const secrets = emulator.webhooks.map(({ secret }) => secret);
    const id = emulator.webhooks.find(({ url }) => url === urlOf("byId"))?.id ?? "";

    const families: [name: string, adopt: boolean | string | undefined][] = [
        ["byUrl", true],
        ["byId", id],
        ["instead", undefined],
    ];
    const each = families.map(([name, adopt]) => {
        const inputs = { ...renders, url: urlOf(name), generations: ["a"], ...(adopt ? { adopt: { a: adopt } } : {}) };
        return `new captions.RotatingWebhook("${name}", ${JSON.stringify(inputs)});`;
    });
    stack.program(each.join("\n"));
    const { text, fromEvents, code, losing } = await plan(stack, secrets);
    for (const each of [text, fromEvents]) {
        for (const name of ["byUrl", "byId"]) {
            expect(about(each, `\`${name}\``)).toContain(
                `is handed over to \`${name}-a\`, which adopts it: it stays registered.`,
            );
        }
        expect(about(each, "`instead`")).toContain(
            "is deleted, and `instead-a` is registered for the same URL with a secret of its own",
        );
        expect(about(each, "`instead`")).toContain(
            'To keep this webhook and its secret, set `adopt: { "a": true }` on `instead`.',
        );
    }
    expect(code).toBe(exit.rotation);
    expect(losing.join()).toContain("instead");
    expect(losing.join()).not.toMatch(/byUrl|byId/);

    // The RotatingWebhook is in the state now, but has no generation.
    const refused = (await stack.up()).text;
    expect(refused).toMatch(/for this URL there is \S+ already/);
    expect(refused).toContain('set `adopt: { "<generation>": true }` to do so wherever one with this URL exists');
    const again = await plan(stack, secrets);
    for (const each of [again.text, again.fromEvents]) {
        expect(about(each, "`instead`, generation `a`")).toContain("is registered");
        expect(about(each, "`instead`, generation `a`")).not.toContain("no delivery is lost");
    }
    expect(again.code).toBe(exit.rotation);
});

test("with --refresh: a secret that was changed elsewhere, and a webhook that is gone", async () => {
    const { emulator, stack } = await startDeployed(program(renders));
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
    const { emulator, stack } = await startDeployed(program(renders));
    emulator.inject({ endpoint: "update", kind: "hang" });
    stack.program(program({ ...renders, rotateWhenChanged: { a: "1" } }));
    expect((await stack.up("--config", "captions:callTimeoutSeconds=0.5")).code).not.toBe(0);
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
