import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { type HeadersLike, verifyDelivery } from "../../receiver";
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

    test("hashes the token and every secret, wherever the match is", async () => {
        const digest = vi.spyOn(crypto.subtle, "digest");
        const hashes = async (secrets: string[]) => {
            digest.mockClear();
            await verifyDelivery(genuine, secrets);
            return digest.mock.calls.length;
        };
        expect(await hashes([secret, "b", "c", "d"])).toBe(5);
        expect(await hashes(["a", "b", "c", secret])).toBe(5);
        expect(await hashes(["a", "b", "c", "d"])).toBe(5);
        digest.mockRestore();
    });
});
