import { beforeAll, expect, inject, test } from "vitest";
import { type Claim, claimsOfInPlace, claimsOfRotating } from "../../scripts/rotation/claims";
import { type Proof, prove } from "../../scripts/rotation/proof";

/** `npm run demo:rotation` does the same in full: 10,000 events and three rotations. */
const expected = { events: 300, rotations: 1 };
let proof: Proof;

beforeAll(async () => {
    proof = await prove({ ...expected, rate: 40, nodeModules: inject("nodeModules"), withServiceInProgram: true });
});

const notSo = (claims: readonly Claim[]) => claims.filter(({ holds }) => !holds);

test("a rotation with RotatingWebhook, while deliveries go on, loses nothing and hands nothing on twice", () => {
    expect(proof.rotating.problems).toEqual([]);
    expect(notSo(claimsOfRotating(proof.rotating, expected))).toEqual([]);
    // Both were there at once, and there was something to refuse: else there would be nothing to prove.
    expect(proof.rotating.repeats).toBeGreaterThan(0);
    expect(proof.rotating.refusedCopies).toBeGreaterThan(0);
});

test("a rotation in place loses what comes before the services know the new secret", () => {
    expect(proof.inPlace.problems).toEqual([]);
    expect(notSo(claimsOfInPlace(proof.inPlace, expected))).toEqual([]);
});

test("where a resource of the same program holds the receiver's secrets, nothing is lost either", () => {
    expect(proof.inProgram).toMatchObject({ problems: [], lost: 0, handedOnTwice: 0 });
    // In the `up` that drops the old name, the receiver forgets the old secret just before the old webhook is deleted, as
    // Pulumi deletes last. Copies of that moment may be refused, and each has arrived by the new one.
    const { refusedCopies = 0, refusedBeforeKnown = 0, refusedAfterForgotten = 0 } = proof.inProgram ?? {};
    expect(refusedCopies).toBe(refusedBeforeKnown + refusedAfterForgotten);
});
