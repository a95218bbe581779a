import { describe, expect, test, vi } from "vitest";
import { indexOfSecret } from "../../receiver/compare";

describe("comparing a token with the secrets", () => {
    test("compares with every secret, without an exit at the first that matches", async () => {
        for (const secrets of [
            ["x", "b", "c"],
            ["a", "x", "c"],
            ["a", "b", "x"],
            ["a", "b", "c"],
            ["x", "x", "x"],
        ]) {
            const equal = vi.fn((left: Uint8Array, right: Uint8Array) => (left.join() === right.join() ? 1 : 0));
            expect(await indexOfSecret("x", secrets, equal)).toBe(secrets.indexOf("x"));
            expect(equal).toHaveBeenCalledTimes(3);
        }
    });

    test("compares values of one length, whatever the length of token and secrets", async () => {
        const lengths = new Set<number>();
        await indexOfSecret("x".repeat(500), ["", "a", "b".repeat(1000)], (left, right) => {
            lengths.add(left.length).add(right.length);
            return 0;
        });
        expect([...lengths]).toEqual([32]);
    });

    test("an empty secret equals nothing, not even an empty token", async () => {
        expect(await indexOfSecret("", ["", "a"])).toBe(-1);
        expect(await indexOfSecret("a", [])).toBe(-1);
    });

    test("finds a secret with characters beyond ASCII", async () => {
        expect(await indexOfSecret("schlüssel", ["schlussel", "schlüssel"])).toBe(1);
    });
});
