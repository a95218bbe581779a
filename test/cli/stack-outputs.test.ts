import { expect, test } from "vitest";
import { checkUrl, secretsIn, urlsIn } from "../../cli/stack-outputs";

const newest = "whsec_newest-Qm4TzYb1Kd6XqR2m";
const older = "whsec_older-8sLw4Vn0PaBc7Tr";

test("outputs without a secret are explained by name, never by value", () => {
    expect(secretsIn({ secrets: [newest, older], secret: newest }, undefined)).toEqual([newest, older]);
    expect(secretsIn({ secret: newest }, undefined)).toEqual([newest]);
    expect(secretsIn({ mine: [newest] }, "mine")).toEqual([newest]);
    for (const [outputs, name, words] of [
        [{}, undefined, "has no output `secrets` or `secret` (it has no outputs)"],
        [{ key: newest }, undefined, "(its outputs: key)"],
        [{ key: newest }, "toString", '"toString"'],
        [{ secrets: [] }, undefined, "is an empty list"],
        [{ secrets: [newest, `${older}\n`] }, undefined, "at place 2"],
        [{ secret: { value: newest } }, undefined, "cannot be a webhook's secret"],
    ] as const) {
        const attempt = () => secretsIn(outputs, name);
        expect(attempt).toThrow(words);
        expect(attempt).not.toThrow(/whsec/);
    }
});

test("secrets are sent to https only, or to this machine", () => {
    expect(urlsIn({ url: "https://a.example/h" }, undefined)).toEqual(["https://a.example/h"]);
    expect(urlsIn({ url: ["https://a.example/h", "https://b.example/"] }, undefined)).toHaveLength(2);
    expect(urlsIn({ hook: "http://localhost:8080/" }, "hook")).toEqual(["http://localhost:8080/"]);
    expect(() => urlsIn({}, undefined)).toThrow("--url");
    for (const value of [1, null, [], ["https://a.example/", 1], {}]) {
        expect(() => urlsIn({ url: value }, undefined)).toThrow("is not a URL");
    }
    for (const url of ["http://a.example/", "a.example", "ftp://a.example/"]) {
        expect(() => checkUrl(url, "--url")).toThrow("must be an absolute https URL");
    }
});
