import { beforeAll, expect, inject, test } from "vitest";
import {
    type Claim,
    claimsOfAny,
    claimsOfDroppedEarly,
    claimsOfInPlace,
    claimsOfReplacedAfterwards,
    claimsOfReplacedAtOnce,
    claimsOfReplacedInTurn,
    claimsOfRotating,
} from "../../demos/rotation/claims";
import { type Proof, prove } from "../../demos/rotation/proof";

/** `npm run demo:rotation` does the same in full: 10,000 events and three rotations. */
const expected = { events: 300, rotations: 1 };
let proof: Proof;

beforeAll(async () => {
    proof = await prove({ ...expected, rate: 40, nodeModules: inject("nodeModules"), withServiceInProgram: true });
});

const notSo = (claims: readonly Claim[]) => claims.filter(({ holds }) => !holds);

test("whichever way, no event is handed on twice, and each delivery is accounted for on both sides", () => {
    const { seconds: _, refusals: __, ...groups } = proof;
    const tallies = Object.values(groups);
    expect(tallies.flatMap(({ problems }) => problems)).toEqual([]);
    expect(notSo(claimsOfAny(tallies, expected))).toEqual([]);
});

test("a rotation with RotatingWebhook, while deliveries go on, loses nothing and hands nothing on twice", () => {
    expect(notSo(claimsOfRotating(proof.rotating, expected))).toEqual([]);
    // Both were there at once, and there was something to refuse: else there would be nothing to prove.
    expect(proof.rotating.repeats).toBeGreaterThan(0);
    expect(proof.rotating.refusedCopies).toBeGreaterThan(0);
});

test("an old generation that is dropped too early is kept until the next up, which loses nothing and says why", () => {
    expect(notSo(claimsOfDroppedEarly(proof.droppedEarly, proof.refusals, expected))).toEqual([]);
    expect(proof.refusals).toEqual([
        expect.stringMatching(
            /it was kept: its successor .+ Run `pulumi up` again when every receiver has the new secret/,
        ),
    ]);
    // Both webhooks were registered when it switched: else there would be nothing to prove.
    expect(proof.droppedEarly.refusedAfterForgotten).toBeGreaterThan(0);
});

test("a rotation in place loses what comes before the services know the new secret", () => {
    expect(notSo(claimsOfInPlace(proof.inPlace, expected))).toEqual([]);
});

test("a replacement loses nothing where the receiver goes over to the new secret at once, in the same program", () => {
    expect(notSo(claimsOfReplacedAtOnce(proof.replacedAtOnce, expected))).toEqual([]);
    // Both webhooks were registered when it switched: else there would be nothing to prove.
    expect(proof.replacedAtOnce.refusedAfterForgotten).toBeGreaterThan(0);
});

test("a replacement loses an event whose copies each reach an instance that knows only the other secret", () => {
    expect(notSo(claimsOfReplacedInTurn(proof.replacedInTurn, expected))).toEqual([]);
    // Several instances share what they have handled: else an event that two of them accept would be handed on twice.
    expect(proof.replacedInTurn.repeats).toBeGreaterThan(0);
});

test("a replacement loses what comes before a receiver is deployed that takes the output afterwards", () => {
    expect(notSo(claimsOfReplacedAfterwards(proof.replacedAfterwards, expected))).toEqual([]);
});

test("where a resource of the same program holds the receiver's secrets, nothing is lost either", () => {
    expect(proof.rotatingInProgram).toMatchObject({ lost: 0 });
    // In the `up` that drops the old name, the receiver forgets the old secret just before the old webhook is deleted,
    // as Pulumi deletes last. Copies of that moment may be refused, and each has arrived by the new one.
    const { refusedCopies = 0, refusedBeforeKnown = 0, refusedAfterForgotten = 0 } = proof.rotatingInProgram ?? {};
    expect(refusedCopies).toBe(refusedBeforeKnown + refusedAfterForgotten);
});
