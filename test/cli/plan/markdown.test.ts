import { expect, test } from "vitest";
import { toMarkdown as markdownAt } from "../../../cli/plan/markdown";
import type { WebhookChange, WebhookChanges } from "../../../cli/plan/webhook-changes";

/** What GitHub takes as a comment. */
const longestComment = 65_536;

const webhook = (name: string, more: Partial<WebhookChange> = {}): WebhookChange => ({
    urn: `urn:pulumi:dev::p::pulumi-nodejs:dynamic/captions:Webhook::${name}`,
    name,
    id: "wh_1",
    url: "https://api.example.com/…",
    action: "update",
    newSecret: "yes",
    inPlace: true,
    losesDeliveries: true,
    changes: [{ property: "url", from: "https://a.example/…", to: "https://b.example/…", certain: true }],
    receivers: [{ urn: "", name: "service", type: "kubernetes:apps/v1:Deployment", op: "update" }],
    ...more,
});
const changes = (webhooks: readonly WebhookChange[], more: Partial<WebhookChanges> = {}): WebhookChanges => ({
    complete: true,
    webhooks,
    outputs: [],
    hidesDrift: false,
    rotations: [],
    rotationsAsOf: "the last deployment",
    ...more,
});

const toMarkdown = (all: WebhookChanges) => markdownAt(all, Date.parse("2026-12-09T06:00:00Z"));

/** What is left of a text without its code spans: there, names would become markup, links or mentions. */
const outsideCode = (text: string): string => text.replace(/`[^`\n]*`/g, "");

test("names, ids, types, URLs and outputs from anybody's branch are in code spans, without invisible characters", () => {
    const hostile = "x** @somebody #1 ![a](https://b.example/`c`)\n# d \u202e\u200b\u0007\u2028\ud800</details>";
    const text = toMarkdown(
        changes(
            [
                webhook(hostile),
                webhook("a.b/c-d"),
                webhook("b", { id: hostile, url: hostile }),
                webhook("c", { action: "adopt", adopts: hostile, newSecret: "maybe" }),
                webhook("d", {
                    generation: {
                        of: hostile,
                        name: hostile,
                        first: false,
                        removedWithAll: false,
                        beside: [hostile],
                        renewed: [],
                        standsAlone: false,
                    },
                }),
                webhook("e", { receivers: [{ urn: "", name: hostile, type: hostile, op: "same" }] }),
                webhook("f", { changes: [{ property: "rotateWhenChanged", to: hostile, certain: true }] }),
                webhook("g", { action: "delete", newSecret: "no", succeededBy: hostile }),
            ],
            {
                outputs: [{ name: hostile, certain: false }],
                rotations: [{ resource: hostile, nextRotation: "2026-12-15T00:00:00.000Z" }],
            },
        ),
    );
    expect(text).toContain("**`x** @somebody #1 ![a](https://b.example/'c')# d </details>`**");
    expect(text).toContain("**`a.b/c-d`**");
    expect(outsideCode(text)).not.toMatch(/@|#|!\[|http|<|a\.b|api\.example/);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{C}\p{Zl}]/u);
});

test.each([190, 2_000])(
    "%i webhooks fit into a comment, with how many more there are and where they are shown",
    (count) => {
        const many = Array.from({ length: count }, (_, index) => webhook(`renders-${index}`));
        const others = many.map(({ name }) => webhook(`old-${name}`, { action: "delete", newSecret: "no" }));
        const text = toMarkdown(changes([...many, ...others]));
        expect(text.length).toBeLessThan(longestComment - 4_000);
        const shown = text.match(/^- \*\*`renders-/gm)?.length ?? 0;
        expect(shown).toBeGreaterThan(90);
        expect(text).toContain(`- and ${count - shown} more, which \`pulumi-captions plan --json\` shows`);
        // What comes after is still counted.
        expect(text).toContain(`Other changes:\n\n- and ${count} more`);
    },
);

test("no single name or list fills the comment", () => {
    const long = "n".repeat(70_000);
    const receivers = Array.from({ length: 5_000 }, (_, index) => {
        return { urn: "", name: `service-${index}`, type: "t:T", op: "update" };
    });
    const outputs = Array.from({ length: 5_000 }, (_, index) => ({ name: `output-${index}`, certain: true }));
    const text = toMarkdown(changes([webhook(long, { receivers })], { outputs }));
    expect(text.length).toBeLessThan(10_000);
    expect(text).toMatch(/`n{120}…`/);
    expect(text).toContain("`service-19` (`t:T`) and 4980 more");
    expect(text).toContain("`output-19` and 4980 more");
});

test("a few are all shown, and nothing is said of more", () => {
    const text = toMarkdown(changes([webhook("one"), webhook("two")]));
    expect(text.match(/^- \*\*/gm)).toHaveLength(2);
    expect(text).not.toMatch(/ more,/);
});
