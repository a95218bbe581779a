import { randomUUID } from "node:crypto";
import * as http from "node:http";
import * as https from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import type { Behaviour } from "./behaviour/behaviour";
import type { AttemptNumbers } from "./store/attempt-numbers";
import { type Outcome, signedUrl, type Video } from "./store/videos";
import type { StoredWebhook, WebhookStore } from "./store/webhooks";

/** One attempt to deliver an event to one webhook. Neither the secret nor the video's URL is ever in it. */
export interface Delivery {
    /** What `redeliver` of the emulator takes. */
    readonly id: string;
    /** When it was sent, in milliseconds since 1970. */
    readonly at: number;
    readonly webhookId: string;
    /** The receiver's URL. */
    readonly url: string;
    readonly event: string;
    readonly operationId: string;
    /** 1 for the first; one more each time that it is tried or delivered again. */
    readonly attempt: number;
    /** Which secret it carried: 1 for the one that `/register` made, one more for each rotation. */
    readonly secretVersion: number;
    /** What the receiver answered; undefined if it didn't. */
    readonly status?: number;
    /** Why there was no answer. */
    readonly error?: string;
    /** Whether the answer was 2xx. */
    readonly accepted: boolean;
}

export interface DelivererOptions {
    readonly emulatorUrl: () => string;
    readonly behaviour: () => Behaviour;
    readonly webhooks: WebhookStore;
    readonly attemptNumbers: AttemptNumbers;
    /** @param body what was sent, with the video's URL */
    readonly record: (delivery: Delivery, body: string) => void;
    readonly now: () => number;
    /** Ends all attempts and waits. */
    readonly signal: AbortSignal;
}

/**
 * How many webhooks are sent an event at the same time. Many receivers are one server here, and one that runs on Node
 * lets 511 connections wait; what is sent to more at once would use up its own time limit by waiting for the others.
 */
const mostAtOnce = 256;

/** Sends a video's event to every webhook that wants it; resolves to all attempts when the last is over. */
export async function deliver(video: Video, outcome: Outcome, options: DelivererOptions): Promise<Delivery[]> {
    const event = `creator.${outcome}`;
    const wanting = options.webhooks.all.filter(({ enabledEvents }) => enabledEvents.includes(event));
    const attempts: Delivery[][] = [];
    // All take from the one iterator.
    const waiting = wanting.entries();
    const work = async (): Promise<void> => {
        for (const [index, { id }] of waiting) attempts[index] = await deliverTo(id, event, video, options);
    };
    await Promise.all(Array.from({ length: Math.min(mostAtOnce, wanting.length) }, work));
    return attempts.flat();
}

async function deliverTo(id: string, event: string, video: Video, options: DelivererOptions): Promise<Delivery[]> {
    const { signal, webhooks } = options;
    const { operationId } = video;
    const made: Delivery[] = [];
    while (!signal.aborted) {
        // Looked up each time: a repeat goes where the webhook points by then, with the secret that it has by then.
        const webhook = webhooks.find(id);
        if (webhook === undefined) break;
        const behaviour = options.behaviour();
        const body = JSON.stringify(deliveryBody(event, video, behaviour, options.emulatorUrl()));
        const delivery = await attemptOnce(webhook, { event, operationId, body }, options);
        made.push(delivery);
        if (delivery.accepted || made.length >= behaviour.deliveryAttempts) break;
        await wait(behaviour.deliveryRetryDelayMs, undefined, { signal }).catch(() => undefined);
    }
    return made;
}

/** What one attempt sends. */
export type Attempt = Pick<Delivery, "event" | "operationId"> & { readonly body: string };

/** Sends an event to a webhook once, with the secret that it has now. */
export async function attemptOnce(
    webhook: StoredWebhook,
    { body, ...about }: Attempt,
    { attemptNumbers, behaviour, now, record, signal }: DelivererOptions,
): Promise<Delivery> {
    const at = now();
    const attempt = attemptNumbers.next({ webhookId: webhook.id, ...about });
    const answer = await post(webhook, body, behaviour().deliveryTimeoutMs, signal);
    const accepted = answer.status !== undefined && answer.status >= 200 && answer.status < 300;
    const { id: webhookId, url, secretVersion } = webhook;
    const delivery = { id: randomUUID(), at, webhookId, url, ...about, attempt, secretVersion, ...answer, accepted };
    record(delivery, body);
    return delivery;
}

function deliveryBody(event: string, video: Video, { failedUrl }: Behaviour, emulatorUrl: string): object {
    const { operationId } = video;
    if (event === "creator.success") {
        return { url: signedUrl(emulatorUrl, video), event, operationId, creditsSpent: video.lengthSeconds };
    }
    const url = { missing: {}, empty: { url: "" }, null: { url: null } }[failedUrl];
    return { ...url, event, operationId, creditsSpent: 0 };
}

type ReceiverAnswer = { readonly status: number } | { readonly status?: undefined; readonly error: string };

/**
 * Not `fetch`: it refuses some ports, and keeps connections that would have to be closed. Redirects are not followed.
 */
function post(webhook: StoredWebhook, body: string, timeoutMs: number, stopping: AbortSignal): Promise<ReceiverAnswer> {
    return new Promise((resolve) => {
        // Not AbortSignal.any, which leaves something at the long-lived signal each time.
        const ending = new AbortController();
        const end = (): void => ending.abort();
        const timer = setTimeout(end, timeoutMs);
        stopping.addEventListener("abort", end);
        const forget = (): void => {
            clearTimeout(timer);
            stopping.removeEventListener("abort", end);
        };
        const fail = (error: NodeJS.ErrnoException): void => {
            if (stopping.aborted) resolve({ error: "the emulator stopped" });
            else if (ending.signal.aborted) resolve({ error: `no answer within ${timeoutMs / 1000} s` });
            else resolve({ error: describe(error) });
        };
        try {
            const send = webhook.url.toLowerCase().startsWith("https:") ? https.request : http.request;
            const headers = {
                "Content-Type": "application/json",
                "Content-Length": Buffer.byteLength(body),
                Authorization: `Bearer ${webhook.secret}`,
            };
            const options = { method: "POST", headers, agent: false, signal: ending.signal };
            const request = send(webhook.url, options, (answer) => {
                resolve({ status: answer.statusCode ?? 0 });
                // Dropped unread; a receiver that never ends its answer is cut off by the deadline.
                answer.on("error", () => undefined).resume();
            });
            request.on("error", fail).once("close", forget).end(body);
        } catch (error) {
            // A webhook registered by hand may have any text for a URL.
            forget();
            fail(error as Error);
        }
    });
}

function describe(error: NodeJS.ErrnoException): string {
    const known: Record<string, string> = {
        ECONNREFUSED: "nothing listens there",
        ENOTFOUND: "the host name is not known",
        ECONNRESET: "the receiver closed the connection",
    };
    return `${known[error.code ?? ""] ?? "the request failed"} (${error.code ?? error.name})`;
}
