import { describe, expect, test } from "vitest";
import { check, unknown } from "../../provider/lifecycle";
import { renders } from "../support/account";

interface Given {
    readonly wanted?: Record<string, unknown>;
    readonly saved?: Record<string, unknown>;
    readonly events?: readonly string[] | undefined;
}

async function checked({ wanted = {}, saved = {}, events = ["creator.success", "creator.failure"] }: Given) {
    let asked = 0;
    const notes: string[] = [];
    const failures = await check(
        saved,
        { ...renders, ...wanted },
        {
            accounts: ["eu", "us"],
            listEvents: async () => {
                asked++;
                return events;
            },
            notify: (line) => notes.push(line),
        },
    );
    return { failures, asked, notes };
}

test("right inputs pass without a call", async () => {
    const wanted = { rotateWhenChanged: { a: 1 }, adopt: "wh_1", allowDuplicateUrl: true, account: "eu" };
    expect(await checked({ wanted })).toEqual({ failures: [], asked: 0, notes: [] });
});

describe("url", () => {
    test.each([
        "https://a.example",
        "https://a.example:8443/h?x=%20y",
        "HTTPS://A.EXAMPLE/",
        "https://bücher.example/ü",
        "https://[2001:db8::1]/h",
        "https://192.0.2.1/h",
        "https://a/",
        "http://localhost:3000/h",
        "http://127.0.0.1/h",
        "http://127.3.2.1:80/h",
        "http://[::1]:3000/h",
        "http://captions.localhost/h",
        unknown,
    ])("%s is accepted", async (url) => {
        expect((await checked({ wanted: { url } })).failures).toEqual([]);
    });

    test.each<[unknown, RegExp]>([
        [undefined, /required/],
        [null, /required/],
        ["", /required/],
        [5, /must be a string, not a number/],
        [["https://a.example"], /not a list/],
        [{}, /not an object/],
        ["a.example/h", /not an absolute URL/],
        ["/h", /not an absolute URL/],
        ["//a.example/h", /not an absolute URL/],
        ["https:a.example", /not an absolute URL/],
        ["https:///h", /not an absolute URL/],
        ["https://", /not an absolute URL/],
        ["https://a b.example/", /white space/],
        [" https://a.example/", /white space/],
        ["https://a.example/\n", /white space/],
        ["https://a.example/\u0000", /white space/],
        ["https://a.example/\u202eh", /white space/],
        ["https:\\\\a.example\\h", /backslash/],
        ["https://a.example/\ud800", /surrogate/],
        ["https://a.example:99999/", /not an absolute URL/],
        ["https://[::1/", /not an absolute URL/],
        ["https://a.example:0/", /port 0/],
        ["http://a.example/h", /must use https/],
        ["http://127.0.0.1.example/h", /must use https/],
        ["http://localhost.example/h", /must use https/],
        ["ftp://a.example/h", /must use https/],
        ["javascript:alert(1)", /not an absolute URL/],
        ["https://user:pw@a.example/h", /user name or a password/],
        ["https://@a.example/h", /user name or a password/],
        ["https://a.example/h#part", /fragment/],
        ["https://a.example/h#", /fragment/],
        [`https://a.example/${"x".repeat(8_000)}`, /longer than/],
    ])("%j is refused", async (url, reason) => {
        const { failures } = await checked({ wanted: { url } });
        expect(failures).toHaveLength(1);
        expect(failures[0]).toMatch(/^url: /);
        expect(failures[0]).toMatch(reason);
    });

    test("is never repeated in a message, as it may hold a password", async () => {
        const { failures } = await checked({ wanted: { url: "http://user:hunter2@a.example/h#x" } });
        expect(failures).toHaveLength(3);
        expect(failures.join()).not.toMatch(/hunter2|a\.example/);
    });
});

describe("enabledEvents", () => {
    test.each<[unknown, RegExp]>([
        [undefined, /required/],
        [[], /empty/],
        ["creator.success", /must be a list/],
        [{ 0: "creator.success" }, /not an object/],
        [[5], /item 0 .*a number/],
        [["creator.success", ""], /item 1 .*empty string/],
        [["creator.success", null], /item 1 .*null/],
        [["creator success"], /item 0 .*white space/],
        [["créator"], /item 0/],
        [["x".repeat(201)], /item 0 .*201 characters/],
    ])("%j is refused", async (enabledEvents, reason) => {
        const { failures, asked } = await checked({ wanted: { enabledEvents } });
        expect(failures).toHaveLength(1);
        expect(failures[0]).toMatch(/^enabledEvents: /);
        expect(failures[0]).toMatch(reason);
        expect(asked).toBe(0);
    });

    test("of a name that is not known is looked up, and refused with the nearest name", async () => {
        const { failures, asked } = await checked({ wanted: { enabledEvents: ["creator.sucess", "creator.failure"] } });
        expect(asked).toBe(1);
        expect(failures).toHaveLength(1);
        expect(failures[0]).toContain('unknown event "creator.sucess"; did you mean "creator.success"?');
    });

    test("of a new name that the API knows is accepted", async () => {
        const events = ["creator.success", "creator.started"];
        const { failures, asked } = await checked({ wanted: { enabledEvents: ["creator.started"] }, events });
        expect({ failures, asked }).toEqual({ failures: [], asked: 1 });
    });

    test("of a new name that was accepted in the last run is not looked up again", async () => {
        const enabledEvents = ["creator.started"];
        expect(await checked({ wanted: { enabledEvents }, saved: { enabledEvents } })).toMatchObject({ asked: 0 });
    });

    test("of a new name passes with a warning where there is no key to look it up", async () => {
        const listEvents = async () => undefined;
        const notes: string[] = [];
        const context = { accounts: [], listEvents, notify: (line: string) => notes.push(line) };
        expect(await check({}, { ...renders, enabledEvents: ["creator.started"] }, context)).toEqual([]);
        expect(notes.join()).toContain("creator.started");
    });

    test("not known yet, in whole or in part, passes", async () => {
        for (const enabledEvents of [unknown, ["creator.success", unknown]]) {
            expect(await checked({ wanted: { enabledEvents } })).toEqual({ failures: [], asked: 0, notes: [] });
        }
    });
});

test.each<[Record<string, unknown>, RegExp]>([
    [{ urll: "x" }, /^urll: unknown property; did you mean url\?/],
    [{ enabledevents: [] }, /^enabledevents: .*did you mean enabledEvents/],
    [{ secret: "x" }, /^secret: is an output/],
    [{ secretVersion: 3 }, /^secretVersion: is an output/],
    [{ rotateWhenChanged: "2026-Q4" }, /^rotateWhenChanged: must be an object/],
    [{ rotateWhenChanged: ["a"] }, /^rotateWhenChanged: .*not a list/],
    [{ adopt: 5 }, /^adopt: /],
    [{ adopt: "" }, /^adopt: /],
    [{ adopt: "wh 1" }, /^adopt: /],
    [{ allowDuplicateUrl: "yes" }, /^allowDuplicateUrl: must be true or false/],
    [{ account: "eur" }, /^account: "eur" is not configured; did you mean "eu"\? Configured: eu, us/],
    [{ account: "" }, /^account: /],
    [{ account: {} }, /^account: /],
])("%j is refused", async (wanted, reason) => {
    const { failures } = await checked({ wanted });
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatch(reason);
});

test("values of every property that are not known yet pass", async () => {
    const names = ["url", "enabledEvents", "rotateWhenChanged", "adopt", "allowDuplicateUrl", "account"];
    for (const name of names) expect((await checked({ wanted: { [name]: unknown } })).failures).toEqual([]);
});
