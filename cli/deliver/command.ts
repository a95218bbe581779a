import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { describeUrl } from "../provider/api/redact";
import { checkUrl, secretsIn, urlIn } from "./exported";
import { type Command, exit, type Io } from "./io";
import { parseOptions, parseSeconds, required } from "./options";
import { paint } from "./paint";
import { stackOptions, stackOptionsHelp, stackOutputs } from "./pulumi";
import { harmlessEvent, type Sent, send, testDelivery } from "./send";
import { table } from "./table";
import { type Expected, judge, type Verdict } from "./verdict";

/** A receiver may look for a secret that it does not know for 5 s before it refuses it (`minRefetchSeconds`). */
const defaultTimeoutSeconds = 20;

const dayInSeconds = 24 * 60 * 60;
const longestPauseSeconds = 15;

const help = `Finds a wrong wiring before it costs a delivery: sends a harmless test delivery
to the webhook's URL with each secret that a stack exports, and a wrong one.

Usage: pulumi-captions deliver --stack <name> [options]

  --stack, -s <name>    the stack that exports the secrets
${stackOptionsHelp}
  --output <name>       the output with the secret, or the list of them
                        (default: secrets, else secret)
  --url <url>           where to deliver (default: the stack's output url)
  --url-output <name>   the output with the URL (default: url)
  --event <name>        another event than ${harmlessEvent}, such as
                        creator.success, to see it handled: its operationId
                        begins with "pulumi-captions-test-"
  --timeout <seconds>   how long to wait for each answer (default: ${defaultTimeoutSeconds};
                        a receiver may take 5 s to refuse)
  --wait <seconds>      try again for as long, until all is as it should be: for
                        receivers that are just taking up a new secret
  --json                the result as JSON

Exit code: 0 every secret was accepted, and the wrong one refused;
           1 not so, or it could not be told; 2 wrong usage.
No secret is shown, whatever happens.`;

/** A delivery with one of the secrets, and what came of it. */
export interface Trial extends Verdict {
    /** "newest", "2nd", …, or "wrong". */
    readonly secret: string;
    readonly expected: Expected;
    readonly status?: number;
    /** Why there was no answer. */
    readonly error?: string;
}

/**
 * Delivers with each of the secrets, then with a wrong one. After a failure to connect nothing more is sent, as it would
 * only fail again.
 */
export async function tryDeliveries(
    url: string,
    secrets: readonly string[],
    options: { readonly event: string; readonly timeoutSeconds: number; readonly signal: AbortSignal },
): Promise<readonly Trial[]> {
    const wrong = `pulumi-captions-wrong-${randomBytes(16).toString("hex")}`;
    const plan = [
        ...secrets.map((secret, index) => ({ secret, name: nameOf(index), expected: "accepted" as const })),
        { secret: wrong, name: "wrong", expected: "refused" as const },
    ];
    const trials: Trial[] = [];
    let unreachable = false;
    for (const { secret, name, expected } of plan) {
        if (unreachable) {
            trials.push({ secret: name, expected, outcome: "skipped", ok: false });
            continue;
        }
        const sent = await send(url, secret, testDelivery(options.event), options);
        unreachable = sent.kind === "unreachable" || sent.kind === "untrusted";
        trials.push({
            secret: name,
            expected,
            ...judge(sent, expected, `the ${name} secret`, options.event),
            ...told(sent),
        });
    }
    return trials;
}

function told(sent: Sent): { status?: number; error?: string } {
    if (sent.kind === "answer") return { status: sent.status };
    return { error: sent.kind === "timeout" ? "timeout" : sent.code };
}

function nameOf(index: number): string {
    return ["newest", "2nd", "3rd"][index] ?? `${index + 1}th`;
}

async function run(argv: readonly string[], io: Io): Promise<number> {
    const { values } = parseOptions(argv, {
        ...stackOptions,
        output: { type: "string" },
        url: { type: "string" },
        "url-output": { type: "string" },
        event: { type: "string" },
        timeout: { type: "string" },
        wait: { type: "string" },
        json: { type: "boolean" },
    });
    const stack = required(values.stack, "--stack");
    const timeoutSeconds = parseSeconds(values.timeout, "--timeout", defaultTimeoutSeconds);
    const waitSeconds = parseSeconds(values.wait, "--wait", 0, dayInSeconds);
    const event = values.event || harmlessEvent;
    const given = values.url === undefined ? undefined : checkUrl(values.url, "--url");

    const outputs = await stackOutputs({ stack, cwd: values.cwd, pulumi: values.pulumi }, io);
    const secrets = secretsIn(outputs, values.output);
    const url = given ?? urlIn(outputs, values["url-output"]);
    const deadline = Date.now() + waitSeconds * 1000;
    let trials = await tryDeliveries(url, secrets, { event, timeoutSeconds, signal: io.signal });
    while (!isGood(trials) && !isHopeless(trials) && Date.now() < deadline) {
        const left = (deadline - Date.now()) / 1000;
        io.err(`Not yet: ${inWords(trials)}. Trying again, for ${Math.ceil(left)} s more.`);
        await pause(Math.min(waitSeconds / 20, longestPauseSeconds, left) * 1000, undefined, { signal: io.signal });
        trials = await tryDeliveries(url, secrets, { event, timeoutSeconds, signal: io.signal });
    }

    const ok = isGood(trials);
    io.out(
        values.json
            ? JSON.stringify({ ok, url: describeUrl(url), event, trials }, null, 2)
            : report(url, event, trials, io),
    );
    return ok ? exit.good : exit.bad;
}

function isGood(trials: readonly Trial[]): boolean {
    return trials.every(({ ok }) => ok);
}

/** A receiver that takes any caller's word does not get better by itself. */
function isHopeless(trials: readonly Trial[]): boolean {
    return trials.some(({ expected, outcome }) => expected === "refused" && outcome === "accepted");
}

function inWords(trials: readonly Trial[]): string {
    const bad = trials.filter(({ ok, outcome }) => !ok && outcome !== "skipped");
    return bad.map(({ secret, status, error }) => `the ${secret} secret was answered ${status ?? error}`).join(", ");
}

function report(url: string, event: string, trials: readonly Trial[], io: Io): string {
    const rows = trials.map(({ secret, expected, outcome, ok, status, error }) => [
        secret,
        expected,
        { accepted: `accepted (${status})`, refused: `refused (${status})`, other: `answered ${status}` }[
            outcome as string
        ] ?? (outcome === "skipped" ? "not tried" : `no answer (${error})`),
        ok ? "yes" : "NO",
    ]);
    const style = (cell: string, row: number, column: number): string =>
        row < 0 ? paint(io, "dim", cell) : column === 3 ? paint(io, cell === "yes" ? "green" : "red", cell) : cell;
    const advice = [...new Set(trials.map((trial) => trial.advice).filter((text) => text !== undefined))];
    const good = "All is as it should be: every secret is accepted, and a wrong one is refused.";
    return [
        `Delivered ${event} to ${describeUrl(url)}`,
        "",
        table(["secret", "should be", "was", "as it should be"], rows, io.columns, style),
        "",
        ...(trials.every(({ ok }) => ok) ? [paint(io, "green", good)] : advice.map((text) => `- ${capital(text)}`)),
    ].join("\n");
}

function capital(text: string): string {
    return text.charAt(0).toUpperCase() + text.slice(1);
}

export const deliver: Command = {
    summary: "send test deliveries with each secret that a stack exports",
    help,
    run,
};
