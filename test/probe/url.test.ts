import { expect, test } from "vitest";
import { describeUrl, isSafeForSecrets, withoutGeneration } from "../../probe";

test.each([
    ["https://a.example/", "https://a.example/"],
    ["https://a.example:8443", "https://a.example:8443/"],
    ["https://user:pw@hooks.example/T0/B1/token?key=abc", "https://hooks.example/…"],
    ["https://a.example/?token=abc", "https://a.example/…"],
    ["https://a.example/rot?generation=2026-11", "https://a.example/…?generation=2026-11"],
    ["https://a.example/?generation=b", "https://a.example/?generation=b"],
    ["https://a.example/rot?token=abc&generation=12%3A00", "https://a.example/…?generation=12:00"],
    ["https://a.example/rot?generation=b&token=abc", "https://a.example/…"],
    ["https://a.example/rot?generation=%3Cb%3E", "https://a.example/…"],
    ["not a url", "(not a URL)"],
])("of %s only the host and our own generation are shown", (url, shown) => {
    expect(describeUrl(url)).toBe(shown);
});

test("all generations of one webhook have the same URL without it", () => {
    expect(withoutGeneration("https://a.example/h?generation=b")).toBe("https://a.example/h");
    expect(withoutGeneration("https://a.example/h?x=1&generation=12%3A00")).toBe("https://a.example/h?x=1");
    expect(withoutGeneration("https://a.example/h?generation=b&x=1")).toBe("https://a.example/h?generation=b&x=1");
});

test("secrets are sent to https only, or to this machine", () => {
    for (const url of ["https://a.example/h", "http://localhost:8080/", "http://127.0.0.1/", "http://[::1]/"]) {
        expect(isSafeForSecrets(url)).toBe(true);
    }
    for (const url of ["http://a.example/", "a.example", "ftp://a.example/", ""]) {
        expect(isSafeForSecrets(url)).toBe(false);
    }
});
