import type { Sent } from "./send";

/** Whether a delivery went as it should, and in words what it means where it did not. */
export interface Verdict {
    /** `other`: answered, but neither yes nor no. `failed`: no answer. `skipped`: not sent, as nobody would answer. */
    readonly outcome: "accepted" | "refused" | "other" | "failed" | "skipped";
    readonly ok: boolean;
    readonly advice?: string | undefined;
}

export type Expected = "accepted" | "refused";

/**
 * @param which what to call the secret, as it may not be shown: "the newest secret"
 * @param event what was delivered
 */
export function judge(sent: Sent, expected: Expected, which: string, event: string): Verdict {
    if (sent.kind !== "answer") return { outcome: "failed", ok: false, advice: withoutAnswer(sent) };
    const { status } = sent;
    const outcome = status >= 200 && status < 300 ? "accepted" : status === 401 || status === 403 ? "refused" : "other";
    if (outcome === expected) return { outcome, ok: true };
    const advice =
        outcome === "accepted"
            ? "the wrong secret was accepted: the receiver takes any caller's word. Have it compare the secret " +
              "(pulumi-captions/receiver does), before anybody else finds out."
            : outcome === "refused"
              ? `${which} was refused: the receiver does not know it yet. Deploy the receiver with it, or wait until it has ` +
                "taken it up, and deliver again, before an older secret is dropped."
              : unexpected(status, expected, which, event);
    return { outcome, ok: false, advice };
}

function withoutAnswer(sent: Exclude<Sent, { kind: "answer" }>): string {
    switch (sent.kind) {
        case "timeout":
            return (
                `no answer within ${Math.round(sent.milliseconds / 1000)} s: the receiver hangs, or something in between ` +
                "lets nothing through. A receiver that looks up its secrets may take 5 s; --timeout allows more."
            );
        case "unreachable":
            return (
                `nobody can be reached there (${sent.code}): is the URL right, the receiver running, and the network open ` +
                "from here? Captions must reach it too."
            );
        case "untrusted":
            return (
                `there is no TLS that can be trusted (${sent.code}): is the certificate right, and not expired? If it is of a ` +
                "private authority, NODE_EXTRA_CA_CERTS makes that known here, but not to Captions."
            );
        case "broken":
            return `the connection broke before the answer was there (${sent.code}): see the receiver's log.`;
    }
}

function unexpected(status: number, expected: Expected, which: string, event: string): string {
    if (expected === "refused" && status === 503) {
        return (
            "the wrong secret was neither accepted nor refused (503): the receiver cannot ask for its secrets at the moment. " +
            "See its log: a new secret would not be taken up now either."
        );
    }
    if (status >= 300 && status < 400) {
        return `the URL redirects (${status}), which deliveries do not follow: declare the URL that it leads to.`;
    }
    if (status === 404 || status === 410) {
        return `there is no receiver at this path (${status}): is the URL right, and the newest version of the receiver deployed?`;
    }
    if (status === 405) return "POST is not allowed there (405): is the URL that of the receiver?";
    if (status === 429) return "there were too many requests (429): deliver again later.";
    if (status >= 500) {
        const handled = event.startsWith("pulumi-captions.") ? "" : " at the test's delivery";
        return `the receiver failed${handled} (${status}), so this tells nothing of the secret: see the receiver's log.`;
    }
    if (expected === "refused") {
        return (
            `the wrong secret was answered ${status}, not 401 or 403: the body was judged before the secret. Have the ` +
            "receiver check the secret first."
        );
    }
    return (
        `${which} was answered ${status}: the receiver may know it, but did not take the event "${event}". A receiver must ` +
        "answer events that it does not know with 200; to test without that, use --event creator.success."
    );
}
