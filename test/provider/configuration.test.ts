import { expect, onTestFinished, test } from "vitest";
import { startEmulator } from "../../emulator";
import { Accounts } from "../../provider/configuration";
import { ConfigurationError } from "../../provider/errors";

const silent = () => undefined;

function accounts(settings: Readonly<Record<string, string>>, environment: Record<string, string> = {}): Accounts {
    return new Accounts((name) => settings[name], environment, silent);
}

test("a key comes from the environment, or from the stack's configuration", () => {
    expect(accounts({}, { CAPTIONS_API_KEY: "key" }).hasKey(undefined)).toBe(true);
    expect(accounts({ apiKey: "key" }).hasKey(undefined)).toBe(true);
    expect(accounts({}).hasKey(undefined)).toBe(false);
});

test("without a key there is an error that says where to set it, but only when it is needed", () => {
    const none = accounts({});
    expect(() => none.open(undefined)).toThrow(ConfigurationError);
    expect(() => none.open(undefined)).toThrow(/captions:apiKey.*CAPTIONS_API_KEY/s);
});

test("an account has its own key, and the default base URL unless it has its own", () => {
    const both = accounts({
        accounts: '{"eu": {"apiKey": "a"}, "us": {"apiKey": "b", "baseUrl": "https://us.example"}}',
    });
    expect(both.names).toEqual(["eu", "us"]);
    expect(both.hasKey("eu")).toBe(true);
    expect(both.open("eu")).toBe(both.open("eu"));
    expect(both.open("eu")).not.toBe(both.open("us"));
    expect(() => both.open("asia")).toThrow(/"asia" is not configured/);
});

test.each([
    [{ baseUrl: "http://api.example.com" }, /captions:baseUrl must be an https URL/],
    [{ baseUrl: "ftp://api.example.com" }, /captions:baseUrl/],
    [{ baseUrl: "api.example.com" }, /captions:baseUrl/],
    [{ baseUrl: "https://user:pw@api.example.com" }, /captions:baseUrl/],
    [{ baseUrl: "https://api.example.com?a=1" }, /captions:baseUrl/],
    [{ apiKey: "two\nlines" }, /captions:apiKey contains whitespace/],
    [{ accounts: "eu" }, /in JSON/],
    [{ accounts: "[]" }, /must be an object/],
    [{ accounts: '{"eu": "key"}' }, /must be an object.*eu is missing or invalid/],
    [{ accounts: '{"eu": {"apiKey": ""}}' }, /eu.apiKey is missing or invalid/],
    [{ accounts: '{"eu": {"apiKey": "k", "baseUrl": 5}}' }, /eu.baseUrl is missing or invalid/],
    [{ accounts: '{"eu": {"apiKey": "k", "baseUrl": "http://a.example"}}' }, /baseUrl of "eu"/],
    [{ callTimeoutSeconds: "soon" }, /captions:callTimeoutSeconds must be a number/],
    [{ callTimeoutSeconds: "0" }, /captions:callTimeoutSeconds/],
])("%j is refused with its name, and without its value", (settings: Record<string, string>, reason) => {
    expect(() => accounts(settings)).toThrow(ConfigurationError);
    expect(() => accounts(settings)).toThrow(reason);
    expect(() => accounts(settings)).not.toThrow(/user:pw|two/);
});

test.each([
    [{ CAPTIONS_BASE_URL: "http://api.example.com" }, /^CAPTIONS_BASE_URL must be an https URL/],
    [{ CAPTIONS_API_KEY: "two\nlines" }, /^CAPTIONS_API_KEY contains whitespace/],
    [{ CAPTIONS_LIST_LAG_SECONDS: "soon" }, /^CAPTIONS_LIST_LAG_SECONDS must be a number/],
])("%j of the environment is refused with the variable's name", (environment: Record<string, string>, reason) => {
    expect(() => accounts({}, environment)).toThrow(reason);
});

test("an error of a call names where the base URL was set", async () => {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.stop());
    const baseUrl = `${emulator.url}/nowhere`;
    const accountsSetting = JSON.stringify({ eu: { apiKey: "key", baseUrl }, us: { apiKey: "key" } });
    for (const [settings, environment, account, name] of [
        [{ baseUrl }, {}, undefined, "captions:baseUrl"],
        [{}, { CAPTIONS_BASE_URL: baseUrl }, undefined, "CAPTIONS_BASE_URL"],
        [{ accounts: accountsSetting }, {}, "eu", 'the baseUrl of "eu" in captions:accounts'],
        [{ accounts: accountsSetting }, { CAPTIONS_BASE_URL: baseUrl }, "us", "CAPTIONS_BASE_URL"],
    ] as const) {
        const { client } = accounts(settings, { CAPTIONS_API_KEY: "key", ...environment }).open(account);
        await expect(client.list()).rejects.toThrow(`check ${name}.`);
    }
});

test("an error of a call names where the longest wait was set, or can be", async () => {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.stop());
    const calling = { CAPTIONS_API_KEY: emulator.apiKey, CAPTIONS_BASE_URL: emulator.baseUrl };
    for (const [settings, environment, name] of [
        [{}, {}, "captions:waitAtMostSeconds (900 s)"],
        [{ waitAtMostSeconds: "60" }, {}, "captions:waitAtMostSeconds (60 s)"],
        [{}, { CAPTIONS_WAIT_AT_MOST_SECONDS: "60" }, "CAPTIONS_WAIT_AT_MOST_SECONDS (60 s)"],
    ] as const) {
        emulator.inject({ endpoint: "list", kind: "rate-limited", status: 429, retryAfter: "7200" });
        const { client } = accounts(settings, { ...calling, ...environment }).open(undefined);
        await expect(client.list()).rejects.toThrow(`longer than ${name} allows`);
    }
});

test("plain http is for this machine alone", () => {
    for (const baseUrl of ["http://127.0.0.1:4010/api", "http://localhost/api", "http://[::1]:1/api"]) {
        expect(() => accounts({ baseUrl, apiKey: "key" }).open(undefined)).not.toThrow();
    }
});
