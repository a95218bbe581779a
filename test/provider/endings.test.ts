import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Fault } from "../../emulator";
import { CaptionsClient } from "../../provider/api/client";
import { type Ending, endings } from "../../provider/api/endings";
import type { CallError } from "../../provider/errors";
import { renders, settingNames, shortLimits, startAccount } from "../support/account";

/** Each way in which a call can end, as the emulator brings it about. */
const ways: Readonly<Record<Ending, readonly Omit<Fault, "endpoint">[] | "no server" | "no TLS">> = {
    "no connection": "no server",
    "no trusted TLS": "no TLS",
    "redirect (3xx)": [301, 302, 303, 307, 308].map((status) => ({ kind: "redirect", status })),
    "rate limit (429)": [{ kind: "rate-limited", status: 429 }],
    "rejected (other 4xx)": [
        ...[400, 401, 403, 404, 405, 409, 410, 413, 422, 425, 451].map((status) => ({
            kind: "error-before" as const,
            status,
        })),
        { kind: "break-after-headers", status: 422 },
    ],
    "timeout reported by a server (408, 499)": [408, 499].map((status) => ({ kind: "error-before", status })),
    "unavailable (503)": [
        { kind: "rate-limited", status: 503 },
        { kind: "error-after", status: 503 },
    ],
    "server error (other 5xx)": [500, 501, 502, 504, 520, 599].flatMap((status) => [
        { kind: "error-before" as const, status },
        { kind: "error-after" as const, status, doneAfterMs: 30 },
    ]),
    "connection closed before a response": [
        { kind: "lost-request" },
        { kind: "lost-request", delayMs: 50 },
        { kind: "lost-answer" },
        { kind: "lost-answer", delayMs: 50 },
        { kind: "lost-answer", doneAfterMs: 50 },
    ],
    "no response within the time limit": [
        { kind: "hang" },
        { kind: "hang-after" },
        { kind: "hang-after", doneAfterMs: 500 },
    ],
    "success (2xx), response cut off or unusable": [
        { kind: "break-after-headers" },
        { kind: "truncated" },
        { kind: "garbage" },
        { kind: "wrong-shape" },
        { kind: "huge" },
        { kind: "slow-body", delayMs: 200 },
    ],
    "success (2xx)": [{ kind: "close-after" }, { kind: "wrong-content-type" }],
};

const names = Object.keys(endings) as Ending[];
const limits = { callTimeoutMs: 300, connectTimeoutMs: 300, maxWaitMs: 200 };

describe.each(names)("a call that changes something and ends with: %s", (ending) => {
    const { meaning, writing } = endings[ending];

    test.each(["register", "update", "delete"] as const)(
        `/%s ${meaning === "done" ? "is" : "means"} ${meaning}`,
        async (endpoint) => {
            const means = ways[ending];
            const faults = means === "no server" || means === "no TLS" ? [undefined] : means;
            for (const fault of faults) {
                const { emulator, open } = await startAccount();
                const { client } = open(limits);
                const { id } = emulator.register(renders);
                if (fault !== undefined) emulator.inject({ ...fault, endpoint, times: 1 });
                if (means === "no server") await emulator.refuseConnections();
                const target = means === "no TLS" ? overTls(emulator.baseUrl) : client;
                const call = {
                    register: () => target.register(renders),
                    update: () => target.update(id, {}),
                    delete: () => target.delete(id),
                };
                const error = await call[endpoint]().then(
                    () => undefined,
                    (failure: CallError) => failure,
                );
                const what = JSON.stringify(fault ?? means);
                if (meaning === "done" || writing === "after the wait") {
                    expect(error, what).toBeUndefined();
                } else {
                    expect(error, what).toMatchObject({ name: "CallError", meaning });
                }
                // What is not known is not sent again; what did nothing may be.
                const sent = emulator.countCalls(endpoint);
                const expected = { never: means === "no TLS" ? 0 : 1, "after the wait": 2, "a few times": 0 }[writing];
                expect(sent, what).toBe(expected);
                await emulator.stop();
            }
        },
    );
});

function overTls(baseUrl: string) {
    return new CaptionsClient({
        apiKey: "key",
        baseUrl: baseUrl.replace("http:", "https:"),
        limits: { ...shortLimits, ...limits },
        names: settingNames,
        notify: () => undefined,
    });
}

test("the table in the documentation is the one in the code", () => {
    const text = readFileSync(join(__dirname, "../../docs/how-calls-end.md"), "utf8");
    const rows = names.map((name) => {
        const { meaning, writing, reading } = endings[name];
        return `| ${name} | ${meaning} | ${writing} | ${reading} |`;
    });
    expect(text).toContain(rows.join("\n"));
});
