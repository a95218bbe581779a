import { defaultTimeoutSeconds, harmlessEvent, type ProbeProgress, probe } from "../../probe";
import { UsageError } from "../errors";
import { type Command, exit, type Io } from "../io";
import { parseCount, parseOptions, parseSeconds, required } from "../options";
import { stackOptions, stackOptionsHelp, stackOutputs } from "../pulumi";
import { checkUrl, secretsIn, urlsIn } from "../stack-outputs";
import { deliverRecorded } from "./recorded-delivery";
import { type RecordedEvent, readRecordedEvent } from "./recorded-event";
import { isAccepted, recordedReport, recordedToJson } from "./recorded-report";
import { progressLine, report, toJson } from "./report";

const defaultSteadySeconds = 60;
const dayInSeconds = 24 * 60 * 60;
const mostInstances = 1_000;

const help = `Checks whether receivers accept their secrets, before a real delivery is lost:
sends a harmless test delivery with each secret that a stack exports, which must
be accepted, and one with a wrong secret, which must be rejected.

Usage: pulumi-captions deliver --stack <name> [options]
       pulumi-captions deliver --stack <name> --body <file> [options]

  --stack, -s <name>    the stack that exports the secrets
${stackOptionsHelp}
  --output <name>       the output with the secret, or with the list of secrets
                        (default: secrets, else secret)
  --url <url>           where to deliver; can be repeated, for several services
                        with the same secrets (default: the output url)
  --url-output <name>   the output with the URL, or with the list of URLs
                        (default: url)
  --event <name>        the event to send (default: ${harmlessEvent});
                        with creator.success, receivers process the delivery:
                        its operationId begins with "pulumi-captions-test-"
  --body <file>         send this recorded event instead, as it is: the JSON
                        body of a delivery; - for stdin. Once to each URL, with
                        the newest secret, and nothing else is sent. The
                        receiver handles it like any real delivery; one that
                        remembers events may have seen it already. Not with
                        --event, --wait, --steady or --instances
  --timeout <seconds>   how long to wait for each answer (default: ${defaultTimeoutSeconds};
                        receivers may take 5 s to reject a secret)
  --wait <seconds>      retry for up to this long until all checks pass, such as
                        while receivers load a new secret
  --steady <seconds>    repeat the checks until they have passed for this long
                        without exception, because one answer comes from one
                        instance (default: ${defaultSteadySeconds} with --wait, at most half of it;
                        0 otherwise, and with --instances)
  --instances <n>       repeat the checks until they have passed on this many
                        instances of each receiver, which are told apart by the
                        response header Captions-Receiver-Instance
  --json                print the result as JSON

Without --wait, --steady gives up at the first failed check, and --instances
after 60 s. Deliveries go through HTTPS_PROXY, except to hosts in NO_PROXY.

Exit code: 0 all checks passed, or the --body was accepted; 1 otherwise; 2 wrong
           usage.
Secrets are never shown.`;

async function run(argv: readonly string[], io: Io): Promise<number> {
    const { values } = parseOptions(argv, {
        ...stackOptions,
        output: { type: "string" },
        url: { type: "string", multiple: true },
        "url-output": { type: "string" },
        event: { type: "string" },
        body: { type: "string" },
        timeout: { type: "string" },
        wait: { type: "string" },
        steady: { type: "string" },
        instances: { type: "string" },
        json: { type: "boolean" },
    });
    const stack = required(values.stack, "--stack");
    const timeoutSeconds = parseSeconds(values.timeout, "--timeout") ?? defaultTimeoutSeconds;
    const extent = parseExtent(values);
    const event = values.event || harmlessEvent;
    const given = values.url?.map((url) => checkUrl(url, "--url", UsageError));
    const recorded = await recordedEvent(values, io);

    const outputs = await stackOutputs({ stack, cwd: values.cwd, pulumi: values.pulumi }, io);
    const secrets = secretsIn(outputs, values.output);
    const urls = [...new Set(given ?? urlsIn(outputs, values["url-output"]))];
    if (recorded !== undefined) {
        const result = await deliverRecorded({ recorded, urls, secrets, timeoutSeconds }, io);
        io.out(values.json ? recordedToJson(result) : recordedReport(result, io));
        return isAccepted(result) ? exit.good : exit.bad;
    }
    const result = await probe({
        targets: urls.map((url) => ({ url, secrets })),
        event,
        timeoutSeconds,
        ...extent,
        onRound: tellChanges(io),
        signal: io.signal,
        environment: io.env,
        ...(io.clock === undefined ? {} : { clock: io.clock }),
    });
    io.out(values.json ? toJson(result) : report(result, io));
    return result.ok ? exit.good : exit.bad;
}

/** What only test deliveries can do: a recorded event is sent once, as it is. */
const onlyForTests = ["event", "wait", "steady", "instances"] as const;

async function recordedEvent(
    values: { readonly body?: string } & { readonly [Name in (typeof onlyForTests)[number]]?: string },
    io: Io,
): Promise<RecordedEvent | undefined> {
    if (values.body === undefined) {
        return undefined;
    }
    const useless = onlyForTests.find((name) => values[name] !== undefined);
    if (useless !== undefined) {
        throw new UsageError(`--${useless} cannot be used with --body: the recorded event is sent once, as it is.`);
    }
    return await readRecordedEvent(required(values.body, "--body"), io);
}

interface Extent {
    readonly steadySeconds: number;
    readonly waitSeconds?: number;
    readonly instances?: number;
}

function parseExtent(values: { wait?: string; steady?: string; instances?: string }): Extent {
    const waitSeconds = parseSeconds(values.wait, "--wait", dayInSeconds);
    const steady = parseSeconds(values.steady, "--steady", dayInSeconds);
    const instances = parseCount(values.instances, "--instances", mostInstances);
    if (waitSeconds !== undefined && steady !== undefined && waitSeconds < steady) {
        throw new UsageError("--wait must not be less than --steady.");
    }
    const byWait = instances === undefined ? Math.min(defaultSteadySeconds, (waitSeconds ?? 0) / 2) : 0;
    return {
        steadySeconds: steady ?? byWait,
        ...(waitSeconds === undefined ? {} : { waitSeconds }),
        ...(instances === undefined ? {} : { instances }),
    };
}

/** A line for each failed round, and one when the checks begin to pass. */
function tellChanges(io: Io): (progress: ProbeProgress) => void {
    let wasGood = false;
    return (progress) => {
        const isGood = progress.targets.every(({ checks }) => checks.every(({ ok }) => ok));
        if (!(isGood && wasGood)) {
            io.err(progressLine(progress));
        }
        wasGood = isGood;
    };
}

export const deliver: Command = {
    summary: "check with test deliveries whether receivers accept their secrets",
    help,
    run,
};
