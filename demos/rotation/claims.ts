import type { Tally } from "./tally";

/** Something that the proof has to show, and whether it did. */
export interface Claim {
    readonly text: string;
    readonly holds: boolean;
}

export interface Expected {
    /** How many events there have to be at least. */
    readonly events: number;
    readonly rotations: number;
}

/** What is so whichever way secrets are rotated. */
export function claimsOfAny(tallies: readonly Tally[], { events }: Expected): Claim[] {
    return [
        {
            text: `at least ${events.toLocaleString("en-US")} events, none handed on twice`,
            holds: tallies.every((tally) => tally.events >= events && tally.handedOnTwice === 0),
        },
        {
            text: "the sender's account of every delivery agrees with the services' own",
            holds: tallies.every(agrees),
        },
    ];
}

function agrees(tally: Tally): boolean {
    const { deliveries, handedOn, repeats, refusedCopies, refusedOfLost, lost } = tally;
    return (
        tally.problems.length === 0 &&
        handedOn + repeats + refusedCopies + refusedOfLost === deliveries &&
        handedOn + lost === tally.receivers * tally.events
    );
}

/** What RotatingWebhook promises. */
export function claimsOfRotating(tally: Tally, expected: Expected): Claim[] {
    return [
        { text: "none was lost", holds: tally.lost === 0 },
        {
            text: "rejected were only copies from a new webhook before its secret could be known, and each arrived by the old one",
            holds: tally.refusedBeforeKnown === tally.refusedCopies,
        },
        eachIsNew(tally, expected),
    ];
}

/** What becomes of a generation that is dropped in the `up` that registers the next one. */
export function claimsOfDroppedEarly(tally: Tally, refusals: readonly string[], expected: Expected): Claim[] {
    return [
        lostOnlyInSwitch(tally),
        {
            text: `each of the ${expected.rotations} times \`up\` refused to delete the old webhook, and the next one deleted it`,
            holds: refusals.length === expected.rotations,
        },
        eachIsNew(tally, expected),
    ];
}

/** What a replacement promises where the receiver goes over from one secret to the next in an instant. */
export function claimsOfReplacedAtOnce(tally: Tally, expected: Expected): Claim[] {
    return [lostOnlyInSwitch(tally), eachIsNew(tally, expected)];
}

/**
 * What becomes of events while a webhook is replaced, and its receiver's instances get the secret one after another.
 */
export function claimsOfReplacedInTurn(tally: Tally, expected: Expected): Claim[] {
    return [
        {
            text: "lost were events of which each copy came to an instance that knew only the other secret",
            holds: tally.lost > 0 && tally.lost === tally.lostInSwitch,
        },
        eachIsNew(tally, expected),
    ];
}

/**
 * What becomes of events while a webhook is replaced, and its receiver gets the secret when the old webhook is gone.
 */
export function claimsOfReplacedAfterwards(tally: Tally, expected: Expected): Claim[] {
    const { lost, lostInSwitch, refusedOfLost } = tally;
    return [
        {
            text: "lost were those that came after the old webhook was deleted",
            // Then there is one copy only; two are lost at most of what is on its way at the instant of a switch.
            holds: lost > 0 && refusedOfLost <= lost + lostInSwitch,
        },
        eachIsNew(tally, expected),
    ];
}

/** What becomes of events while secrets are rotated in place. */
export function claimsOfInPlace(tally: Tally, expected: Expected): Claim[] {
    const { webhooks, secrets, receivers } = tally;
    return [
        { text: "lost were those that came before a service knew its new secret", holds: tally.lost > 0 },
        {
            text: `each of the ${expected.rotations} rotations was a new secret of the same webhook`,
            holds: webhooks === receivers && secrets === receivers * (expected.rotations + 1),
        },
    ];
}

/** One instant lies between the two copies of an event, if of any. */
function lostOnlyInSwitch({ lost, lostInSwitch }: Tally): Claim {
    return {
        text: lost === 0 ? "none was lost" : "lost were only events that were on their way at the instant of a switch",
        holds: lost === lostInSwitch,
    };
}

function eachIsNew({ webhooks, secrets, receivers }: Tally, { rotations }: Expected): Claim {
    return {
        text: `each of the ${rotations} rotations was a new webhook, and none got another secret in place`,
        holds: webhooks === receivers * (rotations + 1) && secrets === webhooks,
    };
}
