import {
    type Answer,
    adviceFor,
    type CheckResult,
    describe,
    describeTarget,
    harmlessEvent,
    type ProbeProgress,
    type ProbeResult,
    placeName,
} from "../../probe";
import type { Io } from "../io";
import { paint } from "../paint";
import { table } from "../table";

/** One secret at one URL, as `deliver --json` shows it. */
export interface Trial {
    /** "newest", "2nd", …, or "wrong". */
    readonly secret: string;
    /** Host and generation of where it was delivered. */
    readonly url: string;
    readonly expected: CheckResult["expected"];
    readonly outcome: CheckResult["outcome"];
    readonly ok: boolean;
    readonly status?: number;
    /** Why there was no answer. */
    readonly error?: string;
    readonly requests: number;
    readonly right: number;
    readonly instances: number;
    readonly advice?: string;
}

export function toJson(result: ProbeResult): string {
    const { ok, end, event, rounds, requests, elapsedSeconds, wanted, targets } = result;
    const trials = targets.flatMap(({ url, checks }) => checks.map((check) => toTrial(url, check, result)));
    const summaries = targets.map(({ checks, ...target }) => target);
    const [first] = targets;
    return JSON.stringify(
        {
            ok,
            url: first?.url,
            event,
            trials,
            verdict: describe(result),
            end,
            rounds,
            requests,
            elapsedSeconds,
            wanted,
            targets: summaries,
        },
        null,
        2,
    );
}

function toTrial(url: string, check: CheckResult, result: ProbeResult): Trial {
    const { place, expected, outcome, ok, status, code, requests, right, instances } = check;
    const error = outcome === "timeout" ? outcome : code;
    const advice = adviceFor(check, result);
    return {
        secret: placeName(place),
        url,
        expected,
        outcome,
        ok,
        ...(status === undefined ? {} : { status }),
        ...(error === undefined ? {} : { error }),
        requests,
        right,
        instances,
        ...(advice === undefined ? {} : { advice }),
    };
}

/** The result for people: a table for each URL, and below it what it means. */
export function report(result: ProbeResult, io: Io): string {
    const parts = result.targets.flatMap((target) => [
        `Delivered ${result.event} to ${target.url}`,
        resultTable(target.checks, result.rounds, io),
        describeTarget(target, result)
            .map((line) => `- ${line}`)
            .join("\n"),
    ]);
    return [...parts, ...hints(result, io)].join("\n\n");
}

function resultTable(checks: readonly CheckResult[], rounds: number, io: Io): string {
    const rows = checks.map((check) => [
        placeName(check.place),
        check.expected,
        inWords(check),
        ...(rounds > 1 ? [`${check.right} of ${check.requests}`] : []),
        check.ok ? "yes" : "NO",
    ]);
    const head = ["secret", "expected", "result", ...(rounds > 1 ? ["as expected"] : []), "ok"];
    const style = (cell: string, row: number, column: number): string => {
        if (row < 0) {
            return paint(io, "dim", cell);
        }
        if (column < head.length - 1) {
            return cell;
        }
        return paint(io, cell === "yes" ? "green" : "red", cell);
    };
    return table(head, rows, io.columns, style);
}

function hints({ ok, event, wanted, targets }: ProbeResult, io: Io): string[] {
    if (ok) {
        const isOnce = wanted.steadySeconds === 0 && wanted.instances === undefined;
        const more = isOnce ? " For several instances behind a load balancer, use --steady or --instances." : "";
        return [paint(io, "green", "All checks passed.") + more];
    }
    const checks = targets.flatMap((target) => target.checks);
    if (event === harmlessEvent && checks.some(({ expected, status }) => expected === "accepted" && status === 400)) {
        return ["To test with an event that the receiver knows, use --event creator.success."];
    }
    return [];
}

export function inWords({ outcome, status, code }: Answer): string {
    switch (outcome) {
        case "accepted":
        case "rejected":
            return `${outcome} (${status})`;
        case "other":
            return `status ${status}`;
        case "intermediary":
            return `not by the receiver (${status})`;
        case "skipped":
            return "not sent";
        case "timeout":
            return "no answer (timeout)";
        default:
            return `no answer (${outcome === "proxy" ? `proxy, ${status ?? code}` : code})`;
    }
}

function inShort(check: CheckResult): string {
    if (check.status === undefined || check.outcome === "proxy") {
        return `got ${inWords(check)}`;
    }
    return `was answered ${check.status}${check.outcome === "intermediary" ? ", but not by the receiver" : ""}`;
}

/** What is still wrong, or missing, after a round. */
export function progressLine({ targets, wanted, elapsedSeconds }: ProbeProgress): string {
    const left = `${Math.ceil(wanted.waitSeconds - elapsedSeconds)} s`;
    const bad = targets.flatMap(({ url, checks }) => {
        const where = targets.length === 1 ? "" : ` at ${url}`;
        return checks
            .filter(({ ok, outcome }) => !ok && outcome !== "skipped")
            .map((check) => `the ${placeName(check.place)} secret ${inShort(check)}${where}`);
    });
    if (bad.length > 0) {
        return `Not yet: ${bad.join("; ")}. Retrying for up to ${left} more.`;
    }
    const missing =
        wanted.instances === undefined ? `for ${wanted.steadySeconds} s` : `from ${wanted.instances} instances`;
    return `As expected so far. Checking that it stays so ${missing}, for up to ${left} more.`;
}
