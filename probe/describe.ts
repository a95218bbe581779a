import type { Answer } from "./answer";
import { harmlessEvent } from "./delivery";
import type { CheckResult, ProbeProgress, ProbeResult, SecretPlace, TargetResult } from "./result";
import { instanceHeader } from "./send";

/**
 * A result in plain words: for each URL what was shown, or what went wrong and what to do about it. Says of no more
 * requests, seconds and instances than there were, and shows no secret.
 *
 * @returns one sentence or more for each line; the lines begin with the URL where there are several
 */
export function describe(result: ProbeResult): string {
    const lines = result.targets.flatMap((target) => {
        const prefix = result.targets.length === 1 ? "" : `${target.url}: `;
        return describeTarget(target, result).map((line) => prefix + line);
    });
    if (!result.ok && result.rounds > 1) {
        const { elapsedSeconds, rounds, requests } = result;
        lines.push(`Stopped after ${seconds(elapsedSeconds)} (${rounds} rounds, ${requests} deliveries).`);
    }
    return lines.join("\n");
}

/** What {@link describe} says of one URL, a line each, without the URL. */
export function describeTarget(target: TargetResult, progress: ProbeProgress): readonly string[] {
    if (target.ok) {
        return [whatIsProven(target, progress)];
    }
    if (target.sameForAll) {
        return [alike(target)];
    }
    const advice = target.checks.map((check) => adviceFor(check, progress)).filter((line) => line !== undefined);
    return [...new Set(advice), ...whatIsMissing(target, progress)];
}

/** A secret by its place, as it is never shown: "newest", "2nd", …, or "wrong". */
export function placeName(place: SecretPlace): string {
    if (place === "wrong") {
        return "wrong";
    }
    return ["newest", "2nd", "3rd"][place] ?? `${place + 1}th`;
}

/** What a secret's latest answer that was not as expected means, and what to do. Undefined where there was none. */
export function adviceFor(
    check: CheckResult,
    { event, wanted }: { readonly event: string; readonly wanted: { readonly timeoutSeconds: number } },
): string | undefined {
    const answer = check.ok ? check.latestWrong : check;
    if (answer === undefined || answer.outcome === "skipped") {
        return undefined;
    }
    const which = `The ${placeName(check.place)} secret`;
    const share = check.right === 0 ? "" : ` in ${check.requests - check.right} of ${check.requests} deliveries`;
    switch (answer.outcome) {
        case "accepted":
            return (
                `${which} was accepted${share}: the receiver does not check the secret (or something in front of it ` +
                "answers in its place), so anyone can forge deliveries. Compare it, as pulumi-captions/receiver does."
            );
        case "rejected": {
            const who =
                check.right === 0 ? "the receiver does not know it" : "an instance of the receiver did not know it";
            return (
                `${which} was rejected (${answer.status})${share}: ${who} yet. Deploy the receiver with it, or wait ` +
                "until it has loaded it, and check again before you drop an older secret."
            );
        }
        case "other":
            return otherStatus(answer.status ?? 0, check, which, event);
        default:
            return withoutReceiver(answer, wanted.timeoutSeconds);
    }
}

function whatIsProven(target: TargetResult, { wanted, rounds }: ProbeProgress): string {
    const secrets = target.checks.length - 1;
    const subject = secrets === 1 ? "The secret was" : `The ${secrets} secrets were`;
    if (wanted.instances !== undefined || wanted.steadySeconds > 0) {
        const by = wanted.instances === undefined ? "" : ` by ${provenInstances(target)} instances`;
        const time = wanted.steadySeconds === 0 ? "" : `, without exception for ${seconds(target.steadySeconds)}`;
        return `${subject} accepted${by}, and a wrong one was rejected${time} (${plural(rounds, "round")}).`;
    }
    return (
        `${subject} accepted, and a wrong one was rejected, in one delivery each. Other instances of the receiver, ` +
        "if there are several behind this URL, were not checked."
    );
}

/** What there is not enough of, where the latest answers were right. */
function whatIsMissing(target: TargetResult, { wanted }: ProbeProgress): readonly string[] {
    if (target.checks.some(({ ok }) => !ok)) {
        return [];
    }
    const lines: string[] = [];
    if (target.steadySeconds < wanted.steadySeconds) {
        lines.push(
            `The latest answers were as expected, but only for ${seconds(target.steadySeconds)} of ` +
                `${seconds(wanted.steadySeconds)}.`,
        );
    }
    const proven = provenInstances(target);
    if (wanted.instances !== undefined && proven < wanted.instances) {
        lines.push(
            target.instances === 0
                ? `No answer had the header ${instanceHeader}, so the instances cannot be counted: have the receiver ` +
                      "send it."
                : `${proven} of ${wanted.instances} instances have accepted each secret.`,
        );
    }
    return lines;
}

function provenInstances({ checks }: TargetResult): number {
    return Math.min(...checks.filter(({ place }) => place !== "wrong").map(({ instances }) => instances));
}

function alike({ checks }: TargetResult): string {
    return (
        `Each secret, a wrong one included, was rejected alike (${checks[0]?.status}). Either the receiver knows ` +
        "none of the secrets yet, or something in front of it (a login, a gateway, a firewall) answers in its place. " +
        "If the receiver's log does not show these deliveries, they did not get there."
    );
}

function withoutReceiver({ outcome, status, code }: Answer, timeoutSeconds: number): string {
    switch (outcome) {
        case "intermediary":
            return (
                `Something in front of the receiver answered in its place (status ${status}, with a page or a login ` +
                "of its own). Let deliveries to this URL through without a login: Captions cannot log in either."
            );
        case "proxy":
            return status === undefined
                ? `The proxy of HTTPS_PROXY cannot be reached (${code}), so the receiver was not asked.`
                : `The proxy of HTTPS_PROXY did not connect to the receiver (status ${status}), so the receiver was ` +
                      "not asked. Allow the host there, or add it to NO_PROXY.";
        case "timeout":
            return (
                `No answer within ${timeoutSeconds} s: the receiver hangs, or a firewall drops the connection. A ` +
                "receiver that looks up its secrets may take 5 s to answer."
            );
        case "no-connection":
            return (
                `Cannot connect to the receiver (${code}). Check that the URL is right, that the receiver is ` +
                "running, and that the network allows it from here. Captions must be able to reach it, too."
            );
        case "untrusted":
            return /CERT|UNABLE_TO_/.test(code ?? "")
                ? `The receiver's TLS certificate cannot be verified (${code}). Check that it is for this host and ` +
                      "has not expired. For a private CA, set NODE_EXTRA_CA_CERTS here; Captions will not know that " +
                      "CA, though."
                : `The TLS handshake with the receiver failed (${code}). Check that the URL's port serves https.`;
        default:
            return `The connection was closed before an answer arrived (${code}). See the receiver's log.`;
    }
}

function otherStatus(status: number, { expected }: CheckResult, which: string, event: string): string {
    if (status >= 300 && status < 400) {
        return (
            `The URL redirects (${status}), and deliveries do not follow redirects. Declare the URL that it leads ` +
            "to; if that is a login page, let deliveries through without it."
        );
    }
    if (status === 404 || status === 410) {
        return (
            `There is no receiver at this path (${status}). Check the URL, and that the receiver's newest version is ` +
            "deployed."
        );
    }
    if (status === 405) {
        return "The URL does not allow POST (405). Check that it is the receiver's.";
    }
    if (status === 429) {
        return "The receiver got too many requests (429). Try again later.";
    }
    if (status === 502 || status === 504) {
        return (
            `A gateway in front of the receiver got no answer from it (${status}). Check that the receiver is ` +
            "running."
        );
    }
    if (status === 503) {
        return (
            "The receiver is unavailable (503), or cannot look up its secrets at the moment. See its log: until then " +
            "it does not load new secrets either."
        );
    }
    if (status >= 500) {
        return `The receiver failed (${status}), so whether it knows the secret is unknown. See its log.`;
    }
    if (expected === "rejected") {
        return (
            `${which} got status ${status}, not 401 or 403: the receiver checks the body before the secret. Have it ` +
            "check the secret first."
        );
    }
    const hint = event === harmlessEvent ? " Receivers should answer 200 to events that they do not know." : "";
    return `${which} got status ${status}: the receiver may know it, but did not accept the event "${event}".${hint}`;
}

/** Rounded down: no more is claimed than there was. */
function seconds(count: number): string {
    return `${count < 10 ? Math.floor(count * 10) / 10 : Math.floor(count)} s`;
}

function plural(count: number, noun: string): string {
    return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
