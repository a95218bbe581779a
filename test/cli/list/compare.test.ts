import { expect, test } from "vitest";
import { compare } from "../../../cli/list/compare";

const webhookType = "pulumi-nodejs:dynamic/captions:Webhook";
const resource = (name: string, id: string, more: object = {}) => ({
    urn: `urn:pulumi:test::test::${webhookType}::${name}`,
    type: webhookType,
    id,
    outputs: { url: "https://a.example/h" },
    ...more,
});
const registered = (id: string, url: string) => ({ id, url, enabledEvents: ["creator.success"], secret: "whsec_1" });

test("against a stack: what it has, what it reads, what looks orphaned, what is another's, what is gone", () => {
    const { webhooks, gone } = compare(
        [
            registered("wh_1", "https://a.example/h"),
            registered("wh_2", "HTTPS://A.example:443/h"),
            registered("wh_3", "https://b.example/h"),
            registered("wh_4", "https://c.example/h"),
        ],
        [
            {
                name: "test",
                resources: [
                    resource("renders", "wh_1"),
                    resource("legacy", "wh_3", { external: true, outputs: { url: "https://b.example/h" } }),
                    resource("lost", "wh_5", { type: "captions:index:Webhook" }),
                    resource("elsewhere", "wh_6", { outputs: { url: "https://c.example/h", account: "eu" } }),
                    resource("bucket", "wh_4", { type: "aws:s3/bucket:Bucket" }),
                ],
            },
        ],
        undefined,
    );
    expect(webhooks.map(({ id, standing, resource }) => [id, standing, resource])).toEqual([
        ["wh_1", "in this stack", "renders"],
        ["wh_2", "looks orphaned", undefined],
        ["wh_3", "read by this stack", "legacy"],
        ["wh_4", "not in this stack", undefined],
    ]);
    expect(gone).toEqual([{ id: "wh_5", stack: "test", resource: "lost" }]);
});

test("against several stacks: what any of them has is not orphaned, and who manages comes before who reads", () => {
    const { webhooks } = compare(
        [registered("wh_1", "https://a.example/h"), registered("wh_2", "https://a.example/h")],
        [
            { name: "one", resources: [resource("renders", "wh_1"), resource("legacy", "wh_2", { external: true })] },
            { name: "two", resources: [resource("second", "wh_2")] },
        ],
        undefined,
    );
    expect(webhooks).toMatchObject([
        { standing: "in this stack", stack: "one", resource: "renders" },
        { standing: "in this stack", stack: "two", resource: "second" },
    ]);
});

test("a generation that a stack has dropped looks orphaned, though its URL has a name of its own", () => {
    const outputs = { url: "https://a.example/h?generation=2026-11" };
    const { webhooks } = compare(
        [
            registered("wh_1", "https://a.example/h?generation=2026-11"),
            registered("wh_2", "https://a.example/h?generation=2026-08"),
        ],
        [{ name: "test", resources: [resource("renders-2026-11", "wh_1", { outputs })] }],
        undefined,
    );
    expect(webhooks).toMatchObject([
        { standing: "in this stack", url: "https://a.example/…?generation=2026-11" },
        { standing: "looks orphaned", url: "https://a.example/…?generation=2026-08" },
    ]);
});

test("a managed webhook that is gone makes no other one on its URL an orphan: that is the only one there", () => {
    const listed = [registered("wh_2", "https://a.example/h")];
    const stacks = [{ name: "test", resources: [resource("renders", "wh_1")] }];
    expect(compare(listed, stacks, undefined)).toMatchObject({
        webhooks: [{ id: "wh_2", standing: "not in this stack" }],
        gone: [{ id: "wh_1" }],
    });
});

test("of an account, only that account's resources say what should be there; whose a webhook is, any of them says", () => {
    const resources = [resource("renders", "wh_1", { outputs: { url: "https://a.example/h", account: "eu" } })];
    const listed = [registered("wh_1", "https://a.example/h")];
    const stacks = [{ name: "test", resources }];
    expect(compare(listed, stacks, "eu").webhooks).toMatchObject([{ standing: "in this stack" }]);
    // The default account is the same one by another name.
    expect(compare(listed, stacks, undefined)).toMatchObject({ webhooks: [{ standing: "in this stack" }], gone: [] });
    const others = [registered("wh_2", "https://a.example/h")];
    expect(compare(others, stacks, undefined)).toMatchObject({
        webhooks: [{ standing: "not in this stack" }],
        gone: [],
    });
});

test("rotations are those of rotating webhooks whose generations are in the account, and whose outputs tell them", () => {
    const rotating = (
        name: string,
        outputs: Record<string, unknown> | null,
        type = "captions:index:RotatingWebhook",
    ) => ({
        urn: `urn:pulumi:test::test::${type}::${name}`,
        type,
        outputs,
    });
    const generationOf = (name: string, id: string, account?: string) =>
        resource(`${name}-a`, id, { parent: rotating(name, {}).urn, outputs: { url: "https://a.example/h", account } });
    const nextRotation = "2026-12-15T00:00:00.000Z";
    const known = { nextRotation, secret: { ciphertext: "v1:abc" }, ids: ["wh_1"] };
    const resources = [
        rotating("renders", { ...known, overlapEnds: "2026-12-09T00:00:00.000Z" }),
        generationOf("renders", "wh_1"),
        rotating("eu", known),
        generationOf("eu", "wh_2", "eu"),
        rotating("before-schedules", { secret: known.secret, ids: ["wh_3"] }),
        generationOf("before-schedules", "wh_3"),
        rotating("no-outputs", null),
        generationOf("no-outputs", "wh_4"),
        rotating("no-date", { nextRotation: "soon" }),
        generationOf("no-date", "wh_5"),
        rotating("other", known, "other:index:RotatingWebhook"),
    ];
    const stacks = [{ name: "test", resources }];
    expect(compare([], stacks, undefined).rotations).toEqual([
        { stack: "test", resource: "renders", nextRotation, overlapEnds: "2026-12-09T00:00:00.000Z" },
    ]);
    expect(compare([], stacks, "eu").rotations).toEqual([{ stack: "test", resource: "eu", nextRotation }]);
    expect(compare([], [], undefined).rotations).toEqual([]);
});

test("without a stack nothing is compared", () => {
    const { webhooks, gone } = compare([registered("wh_1", "https://a.example/h")], [], undefined);
    expect(webhooks).toEqual([{ id: "wh_1", url: "https://a.example/…", enabledEvents: ["creator.success"] }]);
    expect(gone).toEqual([]);
});
