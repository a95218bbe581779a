import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { identifierOf, nameWebhooks } from "../../../cli/adopt/names";

const webhook = (id: string, url: string, ...events: string[]) => ({
    id,
    url,
    enabledEvents: events.length === 0 ? ["creator.success"] : events,
});

/** The names of webhooks on these URLs, in their order. */
function namesOf(urls: readonly string[], taken: readonly string[] = []): (string | undefined)[] {
    const names = nameWebhooks(
        urls.map((url, index) => webhook(`wh_${index}`, url)),
        taken,
    );
    return urls.map((_, index) => names.get(`wh_${index}`));
}

test.each([
    ["https://api.example.com/hooks/captions", "api-example-hooks-captions"],
    ["https://API.example.com:8443/hooks/renderEvents/v2/", "api-example-hooks-render-events-v2"],
    ["https://example.com/internal_hooks/renders.done", "example-internal-hooks-renders-done"],
    ["https://example.com/customers/17", "example-customers-17"],
    // At least two words, so that it is no reserved word of any language.
    ["https://example.com", "example-webhook"],
    ["https://no/", "no-webhook"],
    ["https://delete/", "delete-webhook"],
    ["https://pulumi.com/", "pulumi-webhook"],
    ["http://127.0.0.1:3000/hooks", "webhook-127-0-0-1-hooks"],
    ["http://[::1]:3000/", "webhook-captions"],
    ["https://xn--bcher-kva.example/h%C3%B6ren", "xn-bcher-kva"],
])("%s is called %s", (url, name) => {
    expect(namesOf([url])).toEqual([name]);
});

test.each([
    ["https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", "hooks-slack-services"],
    ["https://example.com/f81d4fae-7dec-11d0-a765-00a0c91e6bf6/hooks", "example-webhook"],
    ["https://example.com/correct-horse-battery-staple", "example-webhook"],
    ["https://example.com/token/hunter/hooks", "example-token"],
    ["https://example.com/hooks?token=hunter&generation=2026-11", "example-hooks"],
    ["https://3f2a-84-12-33-1.ngrok.app/hooks", "ngrok-hooks"],
    ["https://hooks.zapier.com/hooks/catch/1234567/abcdefg/", "hooks-zapier-hooks-catch"],
])("of %s nothing that may be a token is in the name", (url, name) => {
    expect(namesOf([url])).toEqual([name]);
});

test("where two have the same words, their events or a number tell them apart", () => {
    const url = "https://example.com/hooks";
    const [success, failure] = ["creator.success", "creator.failure"];
    const names = (...events: string[][]) => [
        ...nameWebhooks(
            events.map((own, index) => webhook(`wh_${index}`, `${url}?n=${index}`, ...own)),
            [],
        ).values(),
    ];
    expect(names([success], [failure]).sort()).toEqual(["example-hooks-failure", "example-hooks-success"]);
    expect(names([success, failure], [success]).sort()).toEqual([
        "example-hooks-success",
        "example-hooks-success-failure",
    ]);
    expect(names([success], [success], [failure])).toEqual(["example-hooks", "example-hooks-2", "example-hooks-3"]);
    // An event's name may be anything.
    expect(names([success], ["x7Kq2mVn8sLw"])).toEqual(["example-hooks", "example-hooks-2"]);
});

test("names that the stacks have already are left to them", () => {
    const url = "https://example.com/hooks";
    expect(namesOf([url], ["example-hooks", "example-hooks-2"])).toEqual(["example-hooks-3"]);
});

test("two names never give one identifier", () => {
    expect(namesOf(["https://a.example/12", "https://a.example/1/2", "https://a1.example/2"])).toEqual([
        "a-12-2",
        "a-1-2",
        // `a1-2-2` would be the same as `a-12-2`.
        "a1-2-3",
    ]);
});

const word = fc.constantFrom(
    "hooks",
    "captions",
    "renders",
    "a",
    "b1",
    "v2",
    "17",
    "no",
    "default",
    "Render",
    "x_y",
    "é",
);
const host = fc.array(fc.constantFrom("api", "example", "co", "a", "b-c", "1", "xn--p1ai"), {
    minLength: 1,
    maxLength: 4,
});
/** As hook services make them: of 20 random characters or more. */
const token = fc
    .tuple(
        fc.nat(),
        fc.constantFrom<(bytes: Buffer) => string>(
            (bytes) => bytes.toString("hex"),
            (bytes) => bytes.toString("base64url"),
            (bytes) => bytes.subarray(0, 16).toString("base64url"),
            (bytes) => bytes.toString("base64url").replace(/[^a-z]/g, ""),
            (bytes) => bytes.toString("hex").toUpperCase().slice(0, 20),
            (bytes) => bytes.readBigUInt64BE().toString(),
            (bytes) => bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, "$1-$2-$3-$4-$5"),
        ),
    )
    .map(([seed, form]) => form(createHash("sha512").update(String(seed)).digest()));
const part = fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: token });
const url = fc
    .record({
        host,
        path: fc.array(part, { maxLength: 5 }),
        query: fc.option(fc.oneof(word, token), { nil: undefined }),
    })
    .map(({ host, path, query }) => `https://${host.join(".")}.example/${path.join("/")}${query ? `?t=${query}` : ""}`)
    .filter((text) => URL.canParse(text));
const webhooks = fc
    .array(fc.tuple(url, fc.subarray(["creator.success", "creator.failure", "creator.queued"], { minLength: 1 })), {
        maxLength: 20,
    })
    .map((all) => all.map(([address, events], index) => webhook(`wh_${index}`, address, ...events)));

test("for any webhooks: each has a valid name and an identifier of its own, whatever the order", () => {
    fc.assert(
        fc.property(
            webhooks.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
            fc.array(fc.constantFrom("example-webhook", "api-example", "a-example-2"), { maxLength: 3 }),
            ([all, shuffled], taken) => {
                const names = nameWebhooks(all, taken);
                expect(new Map([...nameWebhooks(shuffled, taken)].sort())).toEqual(new Map([...names].sort()));
                expect(new Set(names.keys())).toEqual(new Set(all.map(({ id }) => id)));
                const identifiers = [...names.values(), ...new Set(taken)].map(identifierOf);
                expect(new Set(identifiers).size).toBe(identifiers.length);
                for (const name of names.values()) {
                    expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/);
                    expect(name.length).toBeLessThanOrEqual(100);
                    expect(() => new Function(`"use strict"; const ${identifierOf(name)} = 1;`)).not.toThrow();
                }
            },
        ),
    );
});

test("for any token in any part of a URL: nothing of it is in the name", () => {
    const places = fc.constantFrom(
        (secret: string) => `https://hooks.example.com/${secret}`,
        (secret: string) => `https://hooks.example.com/captions/${secret}/events`,
        (secret: string) => `https://hooks.example.com/captions?key=${secret}`,
    );
    fc.assert(
        fc.property(token, places, (secret, place) => {
            const [name = ""] = namesOf([place(secret)]);
            const words = name.split("-");
            expect(["hooks", "example", "captions", "webhook"]).toEqual(expect.arrayContaining(words));
        }),
    );
});
