import { expect, test } from "vitest";
import { choose } from "../../../cli/adopt/choose";
import { mayContainToken } from "../../../cli/adopt/words";
import type { RegisteredWebhook, WebhookList } from "../../../cli/provider";

const registered = (id: string, url: string, more: Partial<RegisteredWebhook> = {}): RegisteredWebhook => ({
    id,
    url,
    enabledEvents: ["creator.success"],
    secret: "whsec_x7Kq2mVn8sLw4TzY",
    ...more,
});
const list = (...webhooks: RegisteredWebhook[]): WebhookList => ({ webhooks, unreadableIds: [], withoutId: 0 });
const resource = (name: string, id: string, url: string, more: object = {}) => ({
    urn: `urn:pulumi:prod::test::captions:index:Webhook::${name}`,
    type: "captions:index:Webhook",
    id,
    outputs: { url },
    ...more,
});

test("what is in no stack is adopted; what looks orphaned, is only read or cannot be declared is left out with its reason", async () => {
    const stack = {
        name: "prod",
        resources: [
            resource("a-hooks", "wh_1", "https://a.example/hooks"),
            resource("read", "wh_3", "https://c.example/hooks", { external: true }),
        ],
    };
    const { webhooks, leftOut } = await choose(
        {
            webhooks: [
                registered("wh_1", "https://a.example/hooks"),
                registered("wh_2", "HTTPS://A.example:443/hooks"),
                registered("wh_3", "https://c.example/hooks"),
                registered("wh_4", "https://a.example/hooks/"),
                registered("wh_5", "https://user:x7Kq2mVn@d.example/hooks"),
                registered("wh_6", "http://e.example/hooks"),
                registered("wh_7", "https://f.example/hooks", { enabledEvents: [] }),
                registered("wh_8", "https://g.example/hooks", { secret: undefined }),
                registered("wh_9", "not a URL"),
            ],
            unreadableIds: ["wh_10"],
            withoutId: 1,
        },
        [stack],
        undefined,
    );
    // The stack has `a-hooks` already.
    expect(webhooks.map(({ id, name }) => [id, name])).toEqual([["wh_4", "a-hooks-2"]]);
    expect(leftOut.map(({ id, url, reason }) => `${id} ${url} ${reason}`)).toEqual([
        expect.stringContaining("(no id) (unknown) the API shows it in a form that is not documented"),
        expect.stringContaining("wh_10 (unknown) the API shows it in a form that is not documented"),
        expect.stringContaining("wh_2 https://a.example/… a named stack has another webhook with its URL"),
        expect.stringContaining('wh_3 https://c.example/… the stack prod reads it as "read"'),
        expect.stringContaining(
            "wh_5 https://d.example/… a program cannot declare it as it is (url: contains a user name",
        ),
        expect.stringContaining("wh_6 http://e.example/… a program cannot declare it as it is (url: must use https"),
        expect.stringContaining(
            "wh_7 https://f.example/… a program cannot declare it as it is (enabledEvents: is empty",
        ),
        expect.stringContaining("wh_8 https://g.example/… the API returns no usable secret"),
        expect.stringContaining("wh_9 (not a URL) a program cannot declare it as it is (url: "),
    ]);
    expect(JSON.stringify(leftOut)).not.toContain("x7Kq2mVn");
});

test("an id that a stack has by a provider of its own, or in another account, is left out", async () => {
    const url = "https://a.example/hooks";
    const own = resource("a-hooks", "wh_1", url);
    for (const [resources, account] of [
        [[own], "eu"],
        [[{ ...own, outputs: { url, account: "eu" } }], undefined],
    ] as const) {
        const { webhooks, leftOut } = await choose(
            list(registered("wh_1", url)),
            [{ name: "prod", resources: [...resources] }],
            account,
        );
        expect([webhooks, leftOut]).toEqual([[], []]);
    }
});

test("two webhooks on one URL, in whichever spelling, are both adopted, with leave to share it", async () => {
    const { webhooks } = await choose(
        list(
            registered("wh_1", "https://a.example/hooks"),
            registered("wh_2", "https://A.example:443/Hooks/"),
            registered("wh_3", "https://a.example/hooks/other"),
        ),
        [],
        undefined,
    );
    expect(webhooks.map(({ id, name, sharesUrl }) => [id, name, sharesUrl])).toEqual([
        ["wh_2", "a-hooks", true],
        ["wh_1", "a-hooks-2", true],
        ["wh_3", "a-hooks-other", false],
    ]);
});

test("events come in one order, without doubles, and those that are new to this package as they are", async () => {
    const orders = [
        ["creator.queued", "creator.failure", "ads.done", "creator.success"],
        ["creator.success", "ads.done", "creator.success", "creator.queued", "creator.failure"],
    ];
    for (const enabledEvents of orders) {
        const { webhooks } = await choose(
            list(registered("wh_1", "https://a.example/", { enabledEvents })),
            [],
            undefined,
        );
        expect(webhooks[0]?.enabledEvents).toEqual([
            "creator.success",
            "creator.failure",
            "ads.done",
            "creator.queued",
        ]);
    }
});

test("a webhook that is listed twice is one, and one of a RotatingWebhook is known by its URL", async () => {
    const one = registered("wh_1", "https://a.example/hooks?generation=2026-11");
    const { webhooks } = await choose(list(one, one), [], undefined);
    expect(webhooks).toMatchObject([{ id: "wh_1", sharesUrl: false, isGeneration: true, mayContainToken: false }]);
});

test.each([
    ["https://a.example/hooks/captions", false],
    ["https://a.example/hooks?source=captions&v=2", false],
    ["https://a.example/customers/84213", false],
    ["https://a.example/hooks?token=abc", true],
    ["https://a.example/hooks?api_key=abc", true],
    ["https://a.example/hooks?x=x7Kq2mVn8sLw", true],
    ["https://a.example/hooks?x7Kq2mVn8sLw", true],
    ["https://a.example/token/abc/hooks", true],
    ["https://a.example/hooks/x7Kq2mVn8sLw4TzY", true],
    ["https://a.example/hooks/f81d4fae-7dec-11d0-a765-00a0c91e6bf6", true],
    ["https://a.example/hooks;key=abc", true],
    ["https://user@a.example/hooks", true],
    ["https://user:abc@a.example/hooks", true],
])("whether a URL looks as if it contained a credential: %s: %s", (url, expected) => {
    expect(mayContainToken(url)).toBe(expected);
});
