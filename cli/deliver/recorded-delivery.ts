import { type CheckResult, deliverOnce, proxyOf, withoutGeneration } from "../../probe";
import type { Io } from "../io";
import type { RecordedEvent } from "./recorded-event";

/** What came of a recorded event at each URL, one delivery each. */
export interface RecordedResult {
    readonly recorded: RecordedEvent;
    readonly timeoutSeconds: number;
    readonly deliveries: readonly { readonly url: string; readonly check: CheckResult }[];
}

/** Sends a recorded event once to each receiver, with the newest secret only: whoever accepts it handles it. */
export async function deliverRecorded(
    options: Omit<RecordedResult, "deliveries"> & {
        readonly urls: readonly string[];
        /** Newest first. */
        readonly secrets: readonly string[];
    },
    io: Io,
): Promise<RecordedResult> {
    const { recorded, urls, secrets, timeoutSeconds } = options;
    const [secret = ""] = secrets;
    // The generations of a RotatingWebhook are one receiver, which would handle the event once for each.
    const plain = urls.map(withoutGeneration);
    const receivers = urls.filter((url, index) => plain.indexOf(withoutGeneration(url)) === index);
    // Before anything is sent: a proxy that is no URL must not end this when a receiver has handled the event already.
    for (const url of receivers) {
        proxyOf(new URL(url), io.env);
    }
    const deliveries = await Promise.all(
        receivers.map(async (url) => {
            const { body } = recorded;
            const { env: environment, signal } = io;
            return { url, check: await deliverOnce({ url, secret, body, timeoutSeconds, environment, signal }) };
        }),
    );
    return { recorded, timeoutSeconds, deliveries };
}
