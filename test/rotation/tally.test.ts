import { expect, test } from "vitest";
import { tally } from "../../demos/rotation/tally";

const url = "https://api.example.com/hooks/captions";

/** An event that two webhooks send to a receiver at the moment `at`, and the answers to both. */
const event = (operationId: string, at: number, answeredAt: number, [toOld, toNew]: readonly [number, number]) => ({
    operationId,
    answeredAt,
    deliveries: [
        { at, webhookId: "wh_old", status: toOld },
        { at, webhookId: "wh_new", status: toNew },
    ].map((delivery) => ({
        ...delivery,
        id: `${operationId}-${delivery.webhookId}`,
        url,
        event: "creator.success",
        operationId,
        attempt: 1,
        secretVersion: 1,
        accepted: delivery.status === 200,
    })),
});

test("an event that was lost counts as lost in a switch only if it was under way then", () => {
    const receiver = {
        url,
        handedOn: new Map([["switched", 1]]),
        knownSince: new Map([["wh_new", 105]]),
        switches: [{ from: 100, to: 100 }],
    };
    const events = [
        event("early", 90, 99, [401, 401]),
        event("across", 99, 101, [401, 401]),
        event("switched", 101, 102, [401, 200]),
        event("late", 103, 104, [401, 401]),
    ];
    expect(tally(events, [receiver], ["wh_old", "wh_new"])).toMatchObject({
        deliveries: 8,
        handedOn: 1,
        refusedCopies: 1,
        refusedAfterForgotten: 1,
        refusedOfLost: 6,
        lost: 3,
        lostInSwitch: 1,
        problems: [],
    });
});

test("an event that came while its receiver was down counts as lost for that, and unanswered copies at any other time are a problem", () => {
    const receiver = { url, handedOn: new Map(), knownSince: new Map(), switches: [], downs: [{ from: 100, to: 110 }] };
    const unanswered = ({ deliveries, ...others }: ReturnType<typeof event>) => ({
        ...others,
        deliveries: deliveries.map(({ status: _, ...delivery }) => ({ ...delivery, error: "ECONNRESET" })),
    });
    const events = [
        unanswered(event("before", 90, 99, [0, 0])),
        unanswered(event("meanwhile", 101, 102, [0, 0])),
        event("rejected", 103, 104, [401, 401]),
    ];
    expect(tally(events, [receiver], ["wh_old", "wh_new"])).toMatchObject({
        unanswered: 2,
        lost: 3,
        lostWhileDown: 1,
        problems: [expect.stringContaining("before was answered")],
    });
});
