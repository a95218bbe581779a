import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, diff } from "../../provider/lifecycle";
import { canonicalUrl, sameUrl } from "../../provider/lifecycle/same";
import { renders } from "../support/account";

/** What stands in for a password in the inputs: no message may repeat it. */
const password = "hunter2-9fJ2kQ7x";
const known = ["creator.success", "creator.failure", "creator.started"];

async function failuresOf(wanted: Record<string, unknown>): Promise<readonly string[]> {
    const listEvents = async () => known;
    return await check({}, { ...renders, ...wanted }, { accounts: ["eu", "us"], listEvents, notify: () => undefined });
}

const surrogate = "\ud800";
const deep = (levels: number): unknown => (levels === 0 ? "x" : { a: deep(levels - 1) });
const own = (json: string): unknown => JSON.parse(json);

/** Refused: the value of `url`, by what is wrong with it. */
const badUrls: Record<string, readonly unknown[]> = {
    "is no string": [
        5,
        0,
        -1,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        true,
        false,
        [],
        {},
        ["https://a.example/"],
        { href: "https://a.example/" },
        own('{"__proto__": "https://a.example/"}'),
        deep(500),
        Symbol.iterator.toString().length,
        [[]],
    ],
    "is nothing": [undefined, null, ""],
    "has no scheme or another one": [
        "a.example",
        "a.example/hooks",
        "/hooks",
        "//a.example/hooks",
        "?x",
        "#x",
        ".",
        "..",
        "*",
        "null",
        "undefined",
        "[object Object]",
        "https",
        "https:",
        "https:/",
        "https://",
        "https:///",
        "https:///hooks",
        "https:a.example",
        "https:/a.example",
        "https//a.example",
        "http://a.example/",
        "HTTP://a.example/",
        "ftp://a.example/",
        "ws://a.example/",
        "wss://a.example/",
        "file:///etc/passwd",
        "file://a.example/etc",
        "javascript:alert(1)",
        "javascript://a.example/%0aalert(1)",
        "data:text/plain,x",
        "mailto:a@a.example",
        "blob:https://a.example/1",
        "about:blank",
        "urn:x:y",
        "httpss://a.example/",
        "https+x://a.example/",
        "1https://a.example/",
        "view-source:https://a.example/",
        "gopher://a.example/",
        "ldap://a.example/",
        "h\u0442tps://a.example/",
        "jar:https://a.example/!/",
    ],
    "has no host, or none that can be": [
        "https://?",
        "https://#",
        "https://?x=1",
        "https://:443/",
        "https://:/",
        "https://[/",
        "https://]/",
        "https://[]/",
        "https://[::1/",
        "https://::1/",
        "https://[::1]x/",
        "https://[g::1]/",
        "https://[1::2::3]/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[::ffff:1.2.3.999]/",
        "https://[1.2.3.4]/",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://1.2.3.256/",
        "https://0x100000000/",
        "https://4294967296/",
        "https://09.1.1.1/",

        "https://a.example:x/",
        "https://a.example:-1/",
        "https://a.example:65536/",
        "https://a.example:99999999999/",
        "https://a.example:4 43/",
        "https://a.example:443:443/",
        "https://a<b.example/",
        "https://a>b.example/",
        "https://a^b.example/",
        "https://a|b.example/",
        "https://a%00b.example/",
        "https://a%20b.example/",
        "https://a%2fb.example/",
        "https://a%5cb.example/",
        "https://%/",
        "https://xn--/",
        "https://xn--a/",
        "https://xn--zzzzzzzzzzz99999.example/",
        "https://\u00ad/",
    ],
    "has characters that a URL cannot have": [
        " ",
        "\t",
        "\n",
        "\u0000",
        " https://a.example/",
        "https://a.example/ ",
        "https://a.example/\n",
        "https://a.example/\r\nX-Evil: 1",
        "https://a.example/\t",
        "https://a.exa\tmple/",
        "ht\ntps://a.example/",
        "https://a.example/a b",
        "https://a.example/\u0000",
        "https://a.example/\u0007",
        "https://a.example/\u001b[31m",
        "https://a.example/\u007f",
        "https://a.example/\u0085",
        "https://a.example/\u00a0",
        "https://a.example/\u2003",
        "https://a.example/\u2028",
        "https://a.example/\u2029",
        "https://a.example/\u3000",
        "https://a.example/\u200b",
        "https://a.example/\u200d",
        "https://a.example/\u200e",
        "https://a.example/\u202a",
        "https://a.example/\u202e",
        "https://a.example/\u2066",
        "https://a.example/\u2069",
        "https://a.example/\u061c",
        "https://a.example/\u2060",
        "https://a.example/\u180e",
        "https://a.example/\ufeff",
        "\ufeffhttps://a.example/",
        "https://a\u200b.example/",
        "https://a.ex\u202eample/",
        "https://a.example\\hooks",
        "https:\\\\a.example\\hooks",
        "https://a.example\\@b.example/",
        "https://a.example/\\..\\x",
        `https://a.example/${surrogate}`,
        `https://a.example/\udc00\ud800`,
        `https://a.example/${surrogate}x`,
        `https://${surrogate}.example/`,
    ],
    "holds credentials": [
        `https://user:${password}@a.example/`,
        `https://${password}@a.example/`,
        `https://:${password}@a.example/`,
        "https://@a.example/",
        "https://:@a.example/",
        `https://user:${password}@127.0.0.1/`,
        `http://user:${password}@localhost/`,
        `https://a@b:${password}@a.example/`,
        `https://user:${password}@a.example:443/`,
        `https://a.example%40:${password}@b.example/`,
        `https://a.example:443@b.example/${password}`,
        `https://user%3a${password}@a.example/`,
        `https://user:${password}@[::1]/`,
    ],
    "holds a fragment": [
        "https://a.example/#",
        "https://a.example/#x",
        "https://a.example#",
        `https://a.example/?a#${password}`,
        "https://a.example/#/hooks",
    ],
    "leads nowhere": ["https://a.example:0/", "https://a.example:00/", "https://[::1]:0/"],
    "only looks like this machine": [
        "http://127.0.0.1.example/",
        "http://localhost.example/",
        "http://localhost@a.example/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://127.0.0.1:80@a.example/",
        "http://128.0.0.1/",
        "http://[::ffff:8.8.8.8]/",
        "http://notlocalhost/",
        "http://192.168.0.1/",
        "http://10.0.0.1/",
        "http://[fe80::1]/",
        "http://localhost%2eexample/",
        "http://xlocalhost/",
    ],
    "is too long": [
        `https://a.example/${"x".repeat(8_000)}`,
        `https://${"a.".repeat(5_000)}example/`,
        "x".repeat(1_000_000),
        "https://".repeat(2_000),
    ],
};

/** A property's name as a message may show it. */
function printable(name: string): string {
    return name.slice(0, 60).replace(/[\p{Cc}\p{Cf}\p{Surrogate}]/gu, "\ufffd");
}

/** Refused: other inputs, each with the property that the sentence must begin with. */
const badInputs: readonly [string, Record<string, unknown>][] = [
    ...[
        undefined,
        null,
        "",
        "creator.success",
        "creator.success,creator.failure",
        5,
        true,
        {},
        { 0: "creator.success", length: 1 },
        [],
        [undefined],
        [null],
        [5],
        [true],
        [{}],
        [[]],
        [["creator.success"]],
        [""],
        [" "],
        ["creator.success "],
        [" creator.success"],
        ["creator.success", ""],
        ["creator success"],
        ["creator.success\n"],
        ["creator.success\u0000"],
        ["cr\u00e9ator.success"],
        ["creator.\u200bsuccess"],
        ["\u202ecreator.success"],
        [surrogate],
        ["\ud83c\udfac"],
        ["x".repeat(201)],
        ["x".repeat(1_000_000)],
        [Number.NaN],
        ["creator.success", Number.POSITIVE_INFINITY],
        ["creator.sucess"],
        ["Creator.Success"],
        ["CREATOR.SUCCESS"],
        ["creator"],
        ["creator.*"],
        ["*"],
        ["all"],
        ["__proto__"],
        ["constructor"],
        ["toString"],
        ["hasOwnProperty"],
        ["creator.success;"],
        Array.from({ length: 100_000 }, () => 5),
        [...Array.from({ length: 10_000 }, () => "creator.success"), "x"],
        deep(500),
        Array.from({ length: 5 }),
        own('{"__proto__": ["creator.success"]}'),
        new Set(["creator.success"]),
    ].map((value) => ["enabledEvents", { enabledEvents: value }] as [string, Record<string, unknown>]),
    ...["2026-Q4", "", 5, 0, true, false, [], ["a"], [{}], Number.NaN].map(
        (value) => ["rotateWhenChanged", { rotateWhenChanged: value }] as [string, Record<string, unknown>],
    ),
    ...[
        "",
        " ",
        "wh 1",
        "wh_1\n",
        "wh_\u0000",
        "wh_\u00e9",
        "\u202ewh_1",
        surrogate,
        "x".repeat(257),
        5,
        0,
        Number.NaN,
        {},
        [],
        ["wh_1"],
        { id: "wh_1" },
    ].map((value) => ["adopt", { adopt: value }] as [string, Record<string, unknown>]),
    ...["yes", "true", "false", "", 0, 1, Number.NaN, {}, [], [true]].map(
        (value) => ["allowDuplicateUrl", { allowDuplicateUrl: value }] as [string, Record<string, unknown>],
    ),
    ...[
        "",
        "eur",
        "EU",
        " eu",
        "eu ",
        "eu\u0000",
        "\u0435u",
        "__proto__",
        "constructor",
        "toString",
        "default",
        surrogate,
        "x".repeat(1_000_000),
        5,
        true,
        false,
        {},
        [],
        ["eu"],
        Number.NaN,
    ].map((value) => ["account", { account: value }] as [string, Record<string, unknown>]),
    ...[
        "urll",
        "URL",
        "Url",
        "uri",
        "enabledevents",
        "enabled_events",
        "events",
        "rotate",
        "adopted",
        "allowDuplicateURL",
        "secret",
        "secretVersion",
        "id",
        "changedAt",
        "shownAs",
        "unfinished",
        "constructor",
        "toString",
        "hasOwnProperty",
        "prototype",
        "",
        " ",
        "\u0000",
        "\u202eurl",
        surrogate,
        "x".repeat(100_000),
        "0",
        "length",
        "apiKey",
        "baseUrl",
        "__proto",
        "then",
    ].map((name) => [printable(name), { [name]: "x" }] as [string, Record<string, unknown>]),
    ["__proto__", own('{"__proto__": "x"}') as Record<string, unknown>],
];

/** Accepted, and why that is right. */
const goodUrls: Record<string, readonly string[]> = {
    "host names in any spelling; the form that is sent is the user's": [
        "https://a.example",
        "HTTPS://A.EXAMPLE/Hooks",
        "https://a.example./h",
        "https://a/h",
        "https://a-b.c-d.example/h",
        "https://a_b.example/",
        "https://xn--bcher-kva.example/",
        "https://b\u00fccher.example/",
        "https://\u65e5\u672c.example/",
        "https://\u043f\u0440\u0438\u043c\u0435\u0440.example/",
        "https://fa\u00df.example/",
        "https://\ud83c\udfac.example/",
        "https://a\u3002example/",
        "https://\uff41.example/",
        "https://a%2eexample/",
        "https://localhost.example/",
        "https://-a.example/",
    ],
    "addresses: private ones may be reachable for the API, through a tunnel": [
        "https://192.0.2.1/",
        "https://10.0.0.1/",
        "https://127.0.0.1/",
        "https://0.0.0.0/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://[::1]/",
        "https://[2001:db8::1]:8443/",
        "https://[2001:DB8:0:0::1]/",
        "https://[::ffff:192.0.2.1]/",
        "https://169.254.169.254/",
        "https://1.2.3.0x/",
    ],
    "http to this machine": [
        "http://localhost/",
        "http://LOCALHOST:3000/h",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]:8080/",
        "http://captions.localhost/",
        "http://127.255.255.254:1/",
    ],
    ports: [
        "https://a.example:1/",
        "https://a.example:443/",
        "https://a.example:65535/",
        "https://a.example:/",
        "https://a.example:0443/",
    ],
    "paths and queries are the receiver's own affair": [
        "https://a.example//",
        "https://a.example/./x/../y",
        "https://a.example/%2e%2e/x",
        "https://a.example/%",
        "https://a.example/%zz",
        "https://a.example/%00",
        "https://a.example/%0d%0aX",
        "https://a.example/%E4%BD",
        "https://a.example/\u00fc",
        "https://a.example/\ud83c\udfac",
        "https://a.example/?",
        "https://a.example?x=1",
        "https://a.example/?x=a@b",
        "https://a.example/@user",
        "https://a.example/a:b@c",
        "https://https://a.example/",
        "https://a.example/;x=1",
        "https://a.example/'\"<>{}|^`",
        "https://a.example/*",
        "https://a.example/?next=https://b.example/",
        "https://a.example/?token=%5Bx%5D",
        "https://a.example/\u0130",
        `https://a.example/${"x".repeat(7_900)}`,
    ],
};

/** Accepted, and why that is right. */
const goodInputs: readonly [string, Record<string, unknown>][] = [
    ["an event that the API lists", { enabledEvents: ["creator.started"] }],
    ["doubled events", { enabledEvents: Array.from({ length: 10_000 }, () => "creator.success") }],
    ["no keepers", { rotateWhenChanged: null }],
    ["empty keepers", { rotateWhenChanged: {} }],
    [
        "keepers named like parts of every object",
        { rotateWhenChanged: own('{"__proto__": "x", "constructor": "y", "toString": 1}') },
    ],
    ["keepers of any JSON, nested", { rotateWhenChanged: { a: deep(200), b: [1, [2]], c: Number.NaN, d: "\ud800" } }],
    ["many keepers", { rotateWhenChanged: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i])) }],
    ["adopt: false", { adopt: false }],
    ["adopt: true", { adopt: true }],
    ["an id of 256 characters", { adopt: "x".repeat(256) }],
    ["an id with any printable character", { adopt: "../..%2f?&#'\"<>" }],
    ["an account by its name", { account: "us" }],
    [
        "nothing for what is optional",
        { adopt: undefined, allowDuplicateUrl: null, account: undefined, rotateWhenChanged: undefined },
    ],
    ["a property that is nothing", { urll: undefined, other: null }],
];

const allBadUrls = Object.entries(badUrls).flatMap(([why, urls]) => urls.map((url) => [why, url] as const));
const allGoodUrls = Object.entries(goodUrls).flatMap(([why, urls]) => urls.map((url) => [why, url] as const));

function shown(value: unknown): string {
    const text = typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
    return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

test("there are at least 200 malformed inputs here, and no two are the same", () => {
    const all = [...allBadUrls.map(([, url]) => ["url", { url }] as const), ...badInputs];
    expect(all.length).toBeGreaterThanOrEqual(200);
    const strings = allBadUrls.map(([, url]) => url).filter((url) => typeof url === "string");
    expect(new Set(strings).size).toBe(strings.length);
});

describe("a url is refused that", () => {
    test.each(allBadUrls.map(([why, url]) => [why, shown(url), url] as const))("%s: %s", async (_, __, url) => {
        const failures = await failuresOf({ url });
        expect(failures.length).toBeGreaterThan(0);
        for (const failure of failures) {
            expect(failure).toMatch(/^url: \S/);
            expect(failure).not.toContain(password);
            expect(failure.length).toBeLessThan(200);
        }
    });
});

describe("an input is refused:", () => {
    test.each(badInputs.map(([name, wanted]) => [shown(name), shown(wanted), name, wanted] as const))(
        "%s: %s",
        async (_, __, name, wanted) => {
            const failures = await failuresOf(wanted);
            expect(failures.length).toBeGreaterThan(0);
            for (const failure of failures) {
                expect(failure.startsWith(name)).toBe(true);
                expect(failure.length).toBeLessThan(500);
                // Nothing that moves the cursor, turns the text around or breaks the line on the user's screen.
                expect(failure).not.toMatch(/[\p{Cc}\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u);
            }
        },
    );
});

describe("a url is accepted:", () => {
    test.each(allGoodUrls.map(([why, url]) => [why, shown(url), url] as const))("%s: %s", async (_, __, url) => {
        expect(await failuresOf({ url })).toEqual([]);
        const canonical = canonicalUrl(url);
        expect(canonicalUrl(canonical)).toBe(canonical);
        expect(sameUrl(url, canonical)).toBe(true);
        // What a state holds after the API has answered in its normal form must be no change.
        const saved = { ...renders, url: canonical, secret: "s", secretVersion: 1 };
        expect(diff(saved, { ...renders, url }).changes).toEqual([]);
    });
});

test.each(goodInputs)("%s is accepted", async (_, wanted) => {
    expect(await failuresOf(wanted)).toEqual([]);
});

const anyUrl = fc.oneof(
    fc.constantFrom(...allGoodUrls.map(([, url]) => url)),
    fc.webUrl({ validSchemes: ["https"], withQueryParameters: true, withFragments: false }),
    fc
        .tuple(fc.constantFrom("https://a.example/", "https://A.example:443/x/../"), fc.string({ unit: "grapheme" }))
        .map((parts) => parts.join("")),
    fc
        .tuple(
            fc.constant("https://a.example/"),
            fc.array(fc.constantFrom("%2e", "%41", "%7E", "%2f", "%25", "%", "%%34%31", "a", ".", "/", "..", "?")),
        )
        .map(([start, parts]) => start + parts.join("")),
);

test("what is the same URL is the same in every order, for any URL that is accepted", async () => {
    await fc.assert(
        fc.asyncProperty(anyUrl, anyUrl, async (one, other) => {
            for (const url of [one, other]) {
                if ((await failuresOf({ url })).length > 0) continue;
                const canonical = canonicalUrl(url);
                expect(canonicalUrl(canonical)).toBe(canonical);
                expect(sameUrl(url, canonical)).toBe(true);
                expect(await failuresOf({ url: canonical })).toEqual([]);
            }
            expect(sameUrl(one, other)).toBe(sameUrl(other, one));
            expect(sameUrl(one, other)).toBe(canonicalUrl(one) === canonicalUrl(other));
        }),
        { numRuns: 3_000 },
    );
});

test("any value whatever for any property is answered with sentences, and never with an exception", async () => {
    const names = ["url", "enabledEvents", "rotateWhenChanged", "adopt", "allowDuplicateUrl", "account"];
    const anything = fc.anything({
        withNullPrototype: true,
        withSparseArray: true,
        withSet: true,
        withMap: true,
        withBigInt: true,
    });
    await fc.assert(
        fc.asyncProperty(fc.constantFrom(...names), anything, async (name, value) => {
            for (const failure of await failuresOf({ [name]: value }))
                expect(failure.startsWith(`${name}: `)).toBe(true);
        }),
        { numRuns: 3_000 },
    );
});
