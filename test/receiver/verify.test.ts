import { hash as nodeHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { cachedSecrets, type HeadersLike, verifyDelivery } from "../../receiver";
import { secret } from "./support";

const genuine = { authorization: `Bearer ${secret}` };
const accepted = { ok: true, secretIndex: 0 };

describe("verifyDelivery", () => {
    test("accepts the secret, and tells which of several it was", async () => {
        expect(await verifyDelivery(genuine, secret)).toEqual(accepted);
        expect(await verifyDelivery(genuine, ["new", secret, "old"])).toEqual({ ok: true, secretIndex: 1 });
        expect(await verifyDelivery(genuine, [secret, secret])).toEqual(accepted);
    });

    test("takes secrets from a function, also an asynchronous one", async () => {
        expect(await verifyDelivery(genuine, () => secret)).toEqual(accepted);
        expect(await verifyDelivery(genuine, async () => ["other", secret])).toEqual({ ok: true, secretIndex: 1 });
    });

    test("says why it refuses", async () => {
        const reasonOf = async (headers: HeadersLike) => verifyDelivery(headers, secret);
        expect(await reasonOf({})).toEqual({ ok: false, reason: "missing-header" });
        expect(await reasonOf({ authorization: `Basic ${secret}` })).toEqual({ ok: false, reason: "malformed-header" });
        expect(await reasonOf({ authorization: "Bearer" })).toEqual({ ok: false, reason: "malformed-header" });
        expect(await reasonOf({ authorization: "Bearer " })).toEqual({ ok: false, reason: "malformed-header" });
        expect(await reasonOf({ authorization: "" })).toEqual({ ok: false, reason: "malformed-header" });
        expect(await reasonOf({ authorization: secret })).toEqual({ ok: false, reason: "malformed-header" });
        expect(await reasonOf({ authorization: `Bearer ${secret}x` })).toEqual({ ok: false, reason: "wrong-secret" });
        expect(await reasonOf({ authorization: `Bearer ${secret.slice(1)}` })).toMatchObject({ ok: false });
        expect(await reasonOf({ authorization: `Bearer ${secret.toUpperCase()}` })).toMatchObject({ ok: false });
    });

    test.each([
        ["an empty one", ""],
        ["white space", " \t\n"],
        ["none", undefined],
        ["null", null],
        ["an empty list", []],
        ["a list of empty ones", ["", " ", undefined, null]],
    ])(
        "accepts nothing when the secret is %s, and rejects nobody who may have the right one",
        async (_what, secrets) => {
            // A function anew each time, as a fetch that has failed is not tried again at once.
            for (const give of [() => secrets, () => async () => secrets]) {
                for (const token of ["", " "]) {
                    const verification = await verifyDelivery({ authorization: `Bearer ${token}` }, give());
                    expect(verification).toEqual({ ok: false, reason: "malformed-header" });
                }
                expect(await verifyDelivery({}, give())).toEqual({ ok: false, reason: "missing-header" });
                for (const token of ["undefined", "null", secret]) {
                    const verification = verifyDelivery({ authorization: `Bearer ${token}` }, give());
                    await expect(verification).rejects.toMatchObject({ name: "SecretsError", code: "secrets-missing" });
                }
            }
        },
    );

    test.each([
        ["JSON", `["${secret}"]`],
        ["a quoted text", `"${secret}"`],
        ["two in one text", `${secret} ${secret}`],
        ["a text in a wrong encoding", `\ufffd\ufffd${secret}`],
        ["zero bytes", [...secret].join("\0")],
        ["one of these in a list", ["a", `'${secret}'`]],
    ])("a secret that cannot be one is an error instead of a wrong secret in silence: %s", async (_what, secrets) => {
        const verification = verifyDelivery(genuine, secrets);
        await expect(verification).rejects.toMatchObject({ name: "SecretsError", code: "secrets-malformed" });
        await expect(verification).rejects.not.toThrow("whsec");
    });

    test("an empty secret between others matches nothing and keeps its place", async () => {
        expect(await verifyDelivery({ authorization: "Bearer " }, ["", secret])).toMatchObject({ ok: false });
        expect(await verifyDelivery(genuine, [undefined, "", secret])).toEqual({ ok: true, secretIndex: 2 });
        expect(await verifyDelivery({ authorization: "Bearer x" }, ["", secret])).toMatchObject({
            reason: "wrong-secret",
        });
    });

    test("white space around a secret, as files and variables have it, is not part of it", async () => {
        expect(await verifyDelivery(genuine, `${secret}\n`)).toEqual(accepted);
    });

    test("refuses two Authorization headers, even if one or both are right", async () => {
        const right = `Bearer ${secret}`;
        const twice: HeadersLike[] = [
            [
                ["Authorization", right],
                ["authorization", right],
            ],
            ["Authorization", right, "AUTHORIZATION", "Bearer other"],
            { authorization: [right, right] },
            { authorization: right, Authorization: right },
            new Headers([
                ["authorization", right],
                ["authorization", "Bearer other"],
            ]),
            // As AWS Lambda joins them.
            { authorization: `${right},${right}` },
        ];
        for (const headers of twice) {
            expect(await verifyDelivery(headers, secret)).toEqual({ ok: false, reason: "malformed-header" });
        }
    });

    test("takes another library's Headers, which have nothing but get", async () => {
        const foreign = { get: (name: string) => (name === "authorization" ? `Bearer ${secret}` : null) };
        expect(await verifyDelivery(foreign, secret)).toEqual(accepted);
        expect(await verifyDelivery({ get: () => null }, secret)).toEqual({ ok: false, reason: "missing-header" });
    });

    test("takes every shape of headers, in any letter case of names and scheme", async () => {
        const mixedCase = (text: string) =>
            fc
                .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
                .map((upper) => [...text].map((c, i) => (upper[i] ? c.toUpperCase() : c.toLowerCase())).join(""));
        const token = fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,80}$/);
        const others = fc.dictionary(fc.stringMatching(/^x-[a-z]{1,10}$/), fc.stringMatching(/^[a-z0-9]{0,10}$/), {
            maxKeys: 4,
        });
        await fc.assert(
            fc.asyncProperty(
                mixedCase("authorization"),
                mixedCase("bearer"),
                token,
                others,
                async (name, scheme, value, rest) => {
                    const all = { ...rest, [name]: `${scheme} ${value}` };
                    const shapes: HeadersLike[] = [
                        all,
                        Object.assign(Object.create(null), all),
                        { ...all, [name]: [`${scheme} ${value}`] },
                        new Headers(all),
                        new Map(Object.entries(all)),
                        Object.entries(all),
                        Object.entries(all).flat(),
                    ];
                    for (const headers of shapes) {
                        expect(await verifyDelivery(headers, ["other-secret!", value])).toEqual({
                            ok: true,
                            secretIndex: 1,
                        });
                        expect(await verifyDelivery(headers, `${value}!`)).toEqual({
                            ok: false,
                            reason: "wrong-secret",
                        });
                    }
                },
            ),
        );
    });

    test("accepts a token if, and only if, it is one of the secrets", async () => {
        const token = fc.stringMatching(/^[ab]{1,3}$/);
        await fc.assert(
            fc.asyncProperty(token, fc.array(fc.oneof(token, fc.constant(""))), async (wanted, secrets) => {
                const verification = await verifyDelivery({ authorization: `Bearer ${wanted}` }, ["other", ...secrets]);
                expect(verification.ok ? verification.secretIndex : -1).toBe(["other", ...secrets].indexOf(wanted));
            }),
        );
    });

    test("refuses whatever is not headers, instead of throwing", async () => {
        await fc.assert(
            fc.asyncProperty(fc.anything(), async (headers) => {
                expect(await verifyDelivery(headers as HeadersLike, secret)).toMatchObject({ ok: false });
            }),
        );
    });

    describe.each(["Node's module", "crypto.subtle"])("with the hashes of %s", (runtime) => {
        /** Counts what is hashed until the test ends. */
        function countHashes(): () => number {
            const digest = vi.spyOn(crypto.subtle, "digest");
            const hash = vi.fn(nodeHash);
            const builtIn = vi.spyOn(process, "getBuiltinModule");
            builtIn.mockReturnValue(
                (runtime === "crypto.subtle" ? undefined : { hash }) as unknown as ReturnType<
                    typeof process.getBuiltinModule
                >,
            );
            onTestFinished(() => {
                digest.mockRestore();
                builtIn.mockRestore();
            });
            return () => {
                const calls = digest.mock.calls.length + hash.mock.calls.length;
                expect(runtime === "crypto.subtle" ? hash : digest).not.toHaveBeenCalled();
                digest.mockClear();
                hash.mockClear();
                return calls;
            };
        }

        test.each([
            ["the first", [secret, "b", "c", "d"], accepted],
            ["the last", ["a", "b", "c", secret], { ok: true, secretIndex: 3 }],
            ["none", ["a", "b", "c", "d"], { ok: false, reason: "wrong-secret" }],
        ])("the token and every secret are hashed, if %s matches", async (_which, secrets, expected) => {
            const hashed = countHashes();
            expect(await verifyDelivery(genuine, secrets)).toEqual(expected);
            expect(hashed()).toBe(5);
        });

        test("secrets that a function fetches are hashed once, and then only the token", async () => {
            const hashed = countHashes();
            const source = cachedSecrets(() => ["a", secret, "c"]);
            for (const expected of [4, 1, 1]) {
                expect(await verifyDelivery(genuine, source)).toEqual({ ok: true, secretIndex: 1 });
                expect(hashed()).toBe(expected);
            }
        });

        test("a list that changes between two deliveries counts as it is", async () => {
            const secrets = ["a"];
            expect(await verifyDelivery(genuine, secrets)).toMatchObject({ ok: false });
            secrets[0] = secret;
            expect(await verifyDelivery(genuine, secrets)).toEqual(accepted);
            const source = {
                lists: async function* () {
                    yield secrets;
                },
            };
            expect(await verifyDelivery(genuine, source)).toEqual(accepted);
            secrets[0] = "b";
            expect(await verifyDelivery(genuine, source)).toMatchObject({ ok: false });
        });
    });
});
