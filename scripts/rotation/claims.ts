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

/** What RotatingWebhook promises. */
export function claimsOfRotating(tally: Tally, { events, rotations }: Expected): Claim[] {
    const { webhooks, secrets, receivers } = tally;
    return [
        ...claimsOfAny(tally, events),
        { text: "none was lost", holds: tally.lost === 0 },
        {
            text: "refused were only copies from a new webhook before its secret could be known, and each arrived by the old one",
            holds: tally.refusedBeforeKnown === tally.refusedCopies,
        },
        {
            text: `each of the ${rotations} rotations was a new webhook, and none got another secret in place`,
            holds: webhooks === receivers * (rotations + 1) && secrets === webhooks,
        },
    ];
}

/** What becomes of events while secrets are rotated in place. */
export function claimsOfInPlace(tally: Tally, { events, rotations }: Expected): Claim[] {
    const { webhooks, secrets, receivers } = tally;
    return [
        ...claimsOfAny(tally, events),
        { text: "lost were those that came before a service knew its new secret", holds: tally.lost > 0 },
        {
            text: `each of the ${rotations} rotations was a new secret of the same webhook`,
            holds: webhooks === receivers && secrets === receivers * (rotations + 1),
        },
    ];
}

function claimsOfAny(tally: Tally, events: number): Claim[] {
    const { deliveries, handedOn, repeats, refusedCopies, lost } = tally;
    return [
        {
            text: `at least ${events.toLocaleString("en-US")} events, none handed on twice`,
            holds: tally.events >= events && tally.handedOnTwice === 0,
        },
        {
            text: "the sender's account of every delivery agrees with the services' own",
            holds:
                tally.problems.length === 0 &&
                handedOn + repeats + refusedCopies + lost === deliveries &&
                handedOn + lost === tally.receivers * tally.events,
        },
    ];
}
