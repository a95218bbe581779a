import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cachedSecrets, type SecretSource, SecretsError, type Verification, verifyDelivery } from "../../receiver";
import { deferred, holdTime } from "./support";

const unknown: Verification = { ok: false, reason: "wrong-secret" };
const known: Verification = { ok: true, secretIndex: 0 };

const verify = (token: string, source: SecretSource | (() => unknown)) =>
    verifyDelivery({ authorization: `Bearer ${token}` }, source as SecretSource);

/** A secret store that counts how often it is asked. */
function store(...first: string[]) {
    const kept = { secrets: first, down: false };
    const fetchSecrets = vi.fn(async () => {
        if (kept.down) throw new RangeError("https://vault.example.com/?key=hvs_77 does not answer");
        return kept.secrets;
    });
    return Object.assign(kept, { fetchSecrets });
}

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

beforeEach(holdTime);
afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
});

const nothing: [string, unknown][] = [
    ["an empty text", ""],
    ["white space", " \n"],
    ["an empty list", []],
    ["a list of empty ones", ["", null, undefined]],
    ["null", null],
    ["nothing", undefined],
];

describe.each(nothing)("a fetch that finds %s", (_what, found) => {
    test("has failed where some secrets were known: they stay, others are neither accepted nor rejected, and onFetchError is called", async () => {
        const onFetchError = vi.fn();
        const fetchSecrets = vi.fn<() => unknown>(() => "a");
        const source = cachedSecrets(fetchSecrets as () => string, { maxAgeSeconds: 60, onFetchError });
        expect(await verify("a", source)).toEqual(known);
        fetchSecrets.mockImplementation(() => found);
        await seconds(61);
        expect(await verify("a", source)).toEqual(known);
        expect(onFetchError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "secrets-missing" }));
        const other = expect(verify("b", source)).rejects.toMatchObject({ code: "secrets-missing" });
        await seconds(5);
        await other;
        fetchSecrets.mockImplementation(() => ["b", "a"]);
        await seconds(5);
        expect(await verify("b", source)).toEqual(known);
    });

    test("has failed where none was known: nothing is accepted or rejected until there is one", async () => {
        const fetchSecrets = vi.fn<() => unknown>(() => found);
        const source = cachedSecrets(fetchSecrets as () => string);
        await expect(verify("a", source)).rejects.toMatchObject({ name: "SecretsError", code: "secrets-missing" });
        await seconds(5);
        fetchSecrets.mockImplementation(() => "a");
        expect(await verify("a", source)).toEqual(known);
    });
});

describe("a fetch that finds what is no list of secrets", () => {
    test.each([
        ["a number", 7],
        ["an object", { secrets: ["whsec_1"] }],
        ["bytes", new Uint8Array([1])],
        ["JSON", '["whsec_1"]'],
        ["a list with a number", [7]],
        ["a list of lists", [["whsec_1"]]],
    ])("has failed, and says so without showing it: %s", async (_what, found) => {
        const verification = verify(
            "a",
            cachedSecrets(() => found as string),
        );
        await expect(verification).rejects.toMatchObject({ code: "secrets-malformed" });
        await expect(verification).rejects.not.toThrow("whsec");
    });
});

describe("cachedSecrets", () => {
    test("an onFetchError that throws hides nothing", async () => {
        const vault = store();
        vault.down = true;
        const onFetchError = () => {
            throw new Error("hook");
        };
        const source = cachedSecrets(vault.fetchSecrets, { onFetchError });
        await expect(verify("a", source)).rejects.toThrow("RangeError");
    });

    test("asks once, and again when the secrets are too old", async () => {
        const vault = store("a");
        const source = cachedSecrets(vault.fetchSecrets, { maxAgeSeconds: 60 });
        for (let i = 0; i < 5; i++) expect(await verify("a", source)).toEqual(known);
        await seconds(60);
        expect(await verify("a", source)).toEqual(known);
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(1);
        await seconds(1);
        vault.secrets = ["b"];
        expect(await verify("b", source)).toEqual(known);
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(2);
    });

    test("keeps secrets for 300 seconds by default", async () => {
        const vault = store("a");
        const source = cachedSecrets(vault.fetchSecrets);
        await verify("a", source);
        await seconds(300);
        await verify("a", source);
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(1);
        await seconds(0.001);
        await verify("a", source);
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(2);
    });

    test("asks for secrets that it does not know before it rejects, so that a new one is taken up without a restart", async () => {
        const vault = store("old");
        const source = cachedSecrets(vault.fetchSecrets);
        expect(await verify("old", source)).toEqual(known);
        vault.secrets = ["new", "old"];
        await seconds(10);
        expect(await verify("new", source)).toEqual(known);
        expect(await verify("old", source)).toEqual({ ok: true, secretIndex: 1 });
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(2);
    });

    test("a new secret that comes right after a fetch waits for the next one instead of being rejected", async () => {
        const vault = store("old");
        const source = cachedSecrets(vault.fetchSecrets, { minRefetchSeconds: 5 });
        await verify("old", source);
        await seconds(1);
        vault.secrets = ["new", "old"];
        const settled = vi.fn();
        const verification = verify("new", source);
        void verification.then(settled);
        await seconds(3.9);
        expect(settled).not.toHaveBeenCalled();
        await seconds(0.1);
        expect(await verification).toEqual(known);
    });

    test("unknown secrets make it ask at most once in minRefetchSeconds, however many there are", async () => {
        const vault = store("a");
        const source = cachedSecrets(vault.fetchSecrets, { minRefetchSeconds: 5, maxAgeSeconds: 3600 });
        await verify("a", source);
        const verifications: Promise<Verification>[] = [];
        for (let i = 0; i < 60; i++) {
            verifications.push(verify(`guess-${i}`, source));
            await seconds(1);
        }
        await seconds(10);
        expect(await Promise.all(verifications)).toEqual(verifications.map(() => unknown));
        expect(vault.fetchSecrets.mock.calls.length).toBeLessThanOrEqual(1 + 70 / 5);
    });

    test("a known secret does not wait for the next fetch, however short maxAgeSeconds is", async () => {
        const vault = store("a");
        const source = cachedSecrets(vault.fetchSecrets, { maxAgeSeconds: 0, minRefetchSeconds: 5 });
        await verify("a", source);
        await seconds(4);
        expect(await verify("a", source)).toEqual(known);
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(1);
    });

    test("a known secret does not wait while unknown ones do", async () => {
        const vault = store("a");
        const source = cachedSecrets(vault.fetchSecrets);
        await verify("a", source);
        const guess = verify("guess", source);
        expect(await verify("a", source)).toEqual(known);
        await seconds(5);
        expect(await guess).toEqual(unknown);
    });

    test("no more than maxWaiting wait; the others are neither accepted nor rejected, as nobody looked them up", async () => {
        const vault = store("a");
        const source = cachedSecrets(vault.fetchSecrets, { maxWaiting: 2 });
        await verify("a", source);
        const waiting = [verify("x", source), verify("y", source)];
        await seconds(0);
        await expect(verify("z", source)).rejects.toMatchObject({ code: "secrets-unavailable" });
        expect(await verify("a", source)).toEqual(known);
        await seconds(5);
        expect(await Promise.all(waiting)).toEqual([unknown, unknown]);
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(2);
    });

    test("an unknown secret is rejected at once if the fetch began after it came", async () => {
        const vault = store("a");
        expect(await verify("x", cachedSecrets(vault.fetchSecrets))).toEqual(unknown);
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(1);
    });

    test("deliveries at the same time share one fetch", async () => {
        const answer = deferred<string[]>();
        const fetchSecrets = vi.fn(() => answer.promise);
        const source = cachedSecrets(fetchSecrets);
        const verifications = ["a", "b", "a"].map((token) => verify(token, source));
        await seconds(0);
        answer.resolve(["a", "b"]);
        expect(await Promise.all(verifications)).toEqual([known, { ok: true, secretIndex: 1 }, known]);
        expect(fetchSecrets).toHaveBeenCalledTimes(1);
    });

    test("a fetch that began before the delivery came may accept it, but not reject it", async () => {
        const slow = deferred<string[]>();
        const fetchSecrets = vi.fn(async () => ["old", "new"]).mockImplementationOnce(() => slow.promise);
        const source = cachedSecrets(fetchSecrets);
        const first = verify("old", source);
        await seconds(1);
        const second = verify("new", source);
        slow.resolve(["old"]);
        expect(await first).toEqual(known);
        await seconds(4);
        expect(await second).toEqual({ ok: true, secretIndex: 1 });
        expect(fetchSecrets).toHaveBeenCalledTimes(2);
    });

    test("while fetching fails, the last secrets stay valid, and unknown ones are neither accepted nor rejected", async () => {
        const vault = store("a");
        const source = cachedSecrets(vault.fetchSecrets, { maxAgeSeconds: 60, maxStaleSeconds: 3600 });
        await verify("a", source);
        vault.down = true;
        await seconds(1800);
        expect(await verify("a", source)).toEqual(known);
        const guess = verify("x", source);
        const outcome = expect(guess).rejects.toThrow(SecretsError);
        await seconds(5);
        await outcome;
    });

    test("while fetching fails, it is tried again at most once in minRefetchSeconds, and known secrets do not wait", async () => {
        const vault = store("a");
        const source = cachedSecrets(vault.fetchSecrets, { maxAgeSeconds: 60 });
        await verify("a", source);
        vault.down = true;
        await seconds(61);
        for (let i = 0; i < 10; i++) expect(await verify("a", source)).toEqual(known);
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(2);
        await seconds(5);
        vault.down = false;
        vault.secrets = ["b"];
        expect(await verify("b", source)).toEqual(known);
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(3);
    });

    test("the last secrets stay valid for maxStaleSeconds and no longer", async () => {
        const vault = store("a");
        const source = cachedSecrets(vault.fetchSecrets, { maxStaleSeconds: 3600 });
        await verify("a", source);
        vault.down = true;
        await seconds(3600);
        expect(await verify("a", source)).toEqual(known);
        await seconds(10);
        await expect(verify("a", source)).rejects.toMatchObject({ name: "SecretsError", code: "secrets-unavailable" });
    });

    test("without any secrets yet, a failing fetch is an error that tells neither secrets nor what the fetch's error tells", async () => {
        const vault = store();
        vault.down = true;
        const onFetchError = vi.fn();
        const error = await verify("a", cachedSecrets(vault.fetchSecrets, { onFetchError })).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(SecretsError);
        expect(String(error)).toContain("RangeError");
        expect(JSON.stringify([String(error), error, (error as Error).stack])).not.toContain("hvs_77");
        expect((error as Error).cause).toBeUndefined();
        expect(onFetchError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ name: "RangeError" }));
    });

    test("without any secrets yet, deliveries beyond maxWaiting are not rejected either", async () => {
        const vault = store();
        vault.down = true;
        const source = cachedSecrets(vault.fetchSecrets, { maxWaiting: 0 });
        await expect(verify("a", source)).rejects.toThrow(SecretsError);
        await expect(verify("a", source)).rejects.toThrow(SecretsError);
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(1);
    });

    test("a fetch that never ends counts as failed after timeoutSeconds, and the next one starts afresh", async () => {
        const fetchSecrets = vi.fn(async () => ["a"]).mockImplementationOnce(() => new Promise(() => undefined));
        const source = cachedSecrets(fetchSecrets, { timeoutSeconds: 2, minRefetchSeconds: 1 });
        const both = [verify("a", source), verify("a", source)].map((each) =>
            expect(each).rejects.toThrow(SecretsError),
        );
        await seconds(2);
        await Promise.all(both);
        expect(await verify("a", source)).toEqual(known);
    });

    test("a function that throws at once is a failing fetch", async () => {
        const source = cachedSecrets(() => {
            throw new Error("no such variable");
        });
        await expect(verify("a", source)).rejects.toThrow(SecretsError);
    });

    test("a clock that is set back makes it ask again, and never wait for longer than minRefetchSeconds", async () => {
        const vault = store("a");
        const source = cachedSecrets(vault.fetchSecrets, { minRefetchSeconds: 5 });
        await verify("a", source);
        vi.setSystemTime(Date.now() - 3_600_000);
        vault.secrets = ["b"];
        const verification = verify("b", source);
        await seconds(5);
        expect(vault.fetchSecrets.mock.calls.length).toBeLessThanOrEqual(2);
        await seconds(3600);
        expect((await verification).ok).toBe(true);
    });

    test("takes the time from a clock that is handed in", async () => {
        let time = 0;
        const vault = store("a");
        const source = cachedSecrets(vault.fetchSecrets, { now: () => time });
        await verify("a", source);
        time += 300_001;
        await verify("a", source);
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(2);
    });

    test("a bare function is cached as well, with one cache for each function", async () => {
        const vault = store("a");
        const other = store("b");
        for (let i = 0; i < 3; i++) {
            expect(await verify("a", vault.fetchSecrets)).toEqual(known);
            expect(await verify("b", other.fetchSecrets)).toEqual(known);
        }
        expect(vault.fetchSecrets).toHaveBeenCalledTimes(1);
        expect(other.fetchSecrets).toHaveBeenCalledTimes(1);
        vault.secrets = ["c", "a"];
        await seconds(5);
        expect(await verify("c", vault.fetchSecrets)).toEqual(known);
    });
});
