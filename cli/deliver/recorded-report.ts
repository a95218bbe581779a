import { adviceFor, type CheckResult, describeUrl } from "../../probe";
import type { Io } from "../io";
import { paint } from "../paint";
import { printable } from "../text";
import type { RecordedResult } from "./recorded-delivery";
import { inWords } from "./report";

export function isAccepted({ deliveries }: RecordedResult): boolean {
    return deliveries.every(({ check }) => check.ok);
}

export function recordedToJson(result: RecordedResult): string {
    const { event, operationId } = result.recorded;
    const deliveries = result.deliveries.map(({ url, check }) => {
        const { outcome, ok, status, code } = check;
        const error = outcome === "timeout" ? outcome : code;
        const advice = adviceOf(check, result);
        return {
            url: describeUrl(url),
            outcome,
            ok,
            ...(status === undefined ? {} : { status }),
            ...(error === undefined ? {} : { error }),
            ...(advice === undefined ? {} : { advice }),
        };
    });
    return JSON.stringify({ ok: isAccepted(result), event, operationId, deliveries }, null, 2);
}

/** A line for each URL, and below it what the answer means. */
export function recordedReport(result: RecordedResult, io: Io): string {
    const { event, operationId } = result.recorded;
    const what = printable(operationId === undefined ? event : `${event} (${operationId})`);
    const lines = result.deliveries.flatMap(({ url, check }) => {
        const said = paint(io, check.ok ? "green" : "red", inWords(check));
        const advice = adviceOf(check, result);
        const meaning = check.ok
            ? "A receiver that has seen the event before accepts it too, without handling it again."
            : advice;
        return [
            `Delivered ${what} to ${describeUrl(url)}: ${said}`,
            ...(meaning === undefined ? [] : [`- ${meaning}`]),
        ];
    });
    return lines.join("\n");
}

function adviceOf(check: CheckResult, { recorded, timeoutSeconds }: RecordedResult): string | undefined {
    const advice = adviceFor(check, { event: printable(recorded.event), wanted: { timeoutSeconds } });
    const isOpen = check.outcome === "timeout" || check.outcome === "closed";
    return isOpen ? `${advice} The receiver may have handled the event.` : advice;
}
