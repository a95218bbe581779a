import type { Delivery } from "../../emulator";
import type { Switch } from "./service";

/** An event, and what the emulator sent of it to whom. */
export interface FlownEvent {
    readonly operationId: string;
    readonly deliveries: readonly Delivery[];
    /** When the last of its deliveries was answered, in milliseconds since 1970. */
    readonly answeredAt: number;
}

/** What a receiver has seen. */
export interface Received {
    readonly url: string;
    /** How often each event was handed on, by its operation id. */
    readonly handedOn: ReadonlyMap<string, number>;
    /** When the deployment ended that gave it a webhook's secret, in milliseconds since 1970, by the webhook's id. */
    readonly knownSince: ReadonlyMap<string, number>;
    readonly switches: readonly Switch[];
    /** When it could not be reached: what came then cannot have been answered. */
    readonly downs?: readonly Switch[];
}

/** The figures of a run. An event that two receivers are to get counts twice in all but `events`. */
export interface Tally {
    readonly events: number;
    readonly receivers: number;
    /** What was sent. It is the sum of the next four, and of `unanswered`. */
    readonly deliveries: number;
    readonly handedOn: number;
    /** Answered 200, and not handed on. */
    readonly repeats: number;
    /** Refused, while the same event arrived from another webhook. */
    readonly refusedCopies: number;
    /** Refused, and the event did not arrive from another webhook either. */
    readonly refusedOfLost: number;
    /** Events that never arrived: with one copy each, as many as `refusedOfLost`, and with two half as many. */
    readonly lost: number;
    /**
     * Of the lost ones: those that were under way while the receiver went over from one list of secrets to the next.
     */
    readonly lostInSwitch: number;
    /** And those of which no copy was answered, as the receiver was down. */
    readonly lostWhileDown: number;
    /** Copies that came while the receiver was down. */
    readonly unanswered: number;
    readonly handedOnTwice: number;
    /**
     * Of the refused copies: sent by a newer webhook than the one by which the event arrived, before its secret could
     * be known.
     */
    readonly refusedBeforeKnown: number;
    /** And sent by an older one, whose secret the receiver had been told to forget. */
    readonly refusedAfterForgotten: number;
    /** How many webhooks delivered. */
    readonly webhooks: number;
    /** How many secrets they had in all: more than webhooks, where some were rotated in place. */
    readonly secrets: number;
    /** What must not be, whichever way secrets are rotated. */
    readonly problems: readonly string[];
}

/**
 * Counts what became of every event, from both sides: the answers that the emulator got, and what the receivers handed
 * on.
 *
 * @param webhookIds in the order in which they were registered
 */
export function tally(
    events: readonly FlownEvent[],
    receivers: readonly Received[],
    webhookIds: readonly string[],
): Tally {
    const figures = { deliveries: 0, handedOn: 0, repeats: 0, unanswered: 0, handedOnTwice: 0 };
    const losses = { lost: 0, lostInSwitch: 0, lostWhileDown: 0 };
    const refused = { refusedCopies: 0, refusedOfLost: 0, refusedBeforeKnown: 0, refusedAfterForgotten: 0 };
    const secrets = new Map<string, Set<number>>();
    const problems: string[] = [];
    const age = (id: string): number => webhookIds.indexOf(id);
    for (const { operationId, deliveries, answeredAt } of events) {
        for (const receiver of receivers) {
            const copies = deliveries.filter(({ url }) => url === receiver.url);
            for (const { webhookId, secretVersion } of copies) {
                secrets.set(webhookId, (secrets.get(webhookId) ?? new Set()).add(secretVersion));
            }
            const accepted = copies.filter(({ status }) => status === 200);
            const refusals = copies.filter(({ status }) => status === 401);
            const times = receiver.handedOn.get(operationId) ?? 0;
            figures.deliveries += copies.length;
            const isUnderWayIn = ({ from, to }: Switch) => copies.some(({ at }) => at <= to) && answeredAt >= from;
            const wasDown = receiver.downs?.some(isUnderWayIn) === true;
            const unanswered = wasDown ? copies.filter(({ status }) => status === undefined).length : 0;
            figures.unanswered += unanswered;
            if (copies.length === 0 || accepted.length + refusals.length + unanswered < copies.length) {
                problems.push(`${operationId} was answered [${copies.map(({ status, error }) => status ?? error)}]`);
            }
            if (times > 0 !== accepted.length > 0) {
                problems.push(`${operationId} was accepted ${accepted.length} times, and handed on ${times} times`);
            }
            if (times > 1) figures.handedOnTwice++;
            if (accepted.length === 0) {
                losses.lost++;
                refused.refusedOfLost += refusals.length;
                if (unanswered === copies.length) losses.lostWhileDown++;
                else if (receiver.switches.some(isUnderWayIn)) losses.lostInSwitch++;
                continue;
            }
            figures.handedOn++;
            figures.repeats += accepted.length - 1;
            refused.refusedCopies += refusals.length;
            for (const { webhookId, at } of refusals) {
                const isNewer = accepted.every((copy) => age(copy.webhookId) < age(webhookId));
                const isOlder = accepted.every((copy) => age(copy.webhookId) > age(webhookId));
                // The deployment has ended only after the secret was in place: what is refused later is a mistake.
                const known = receiver.knownSince.get(webhookId) ?? Number.POSITIVE_INFINITY;
                if (isNewer && at <= known) refused.refusedBeforeKnown++;
                else if (isOlder) refused.refusedAfterForgotten++;
                else problems.push(`${operationId} was refused from ${webhookId}, whose secret was known`);
            }
        }
    }
    return {
        events: events.length,
        receivers: receivers.length,
        ...figures,
        ...losses,
        ...refused,
        webhooks: secrets.size,
        secrets: [...secrets.values()].reduce((sum, { size }) => sum + size, 0),
        problems,
    };
}
