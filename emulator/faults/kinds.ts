import { setTimeout as wait } from "node:timers/promises";
import { type Answer, changeSecrets } from "../api/answers";
import type { Behaviour } from "../behaviour/behaviour";
import type { FaultDetails } from "./details";
import {
    doomConnection,
    ended,
    flushHeaders,
    resetConnection,
    sendHuge,
    sendSlowly,
    sendWhole,
    type Transmission,
    written,
} from "./sending";

/** What a kind makes its answer from. */
interface Occasion {
    readonly fault: FaultDetails;
    /** The API's answer; where the work is not done before, one that looks like it. */
    readonly answer: Answer;
    /** The request, with the API key, and the account's secrets. */
    readonly echoed: () => string;
}

/** Everything about a kind of fault. A docstring in {@link faultKinds} is also the sentence in `docs/emulator.md`. */
interface KindOfFault {
    /** Whether the work is done. */
    readonly work: boolean | ((fault: FaultDetails) => boolean);
    /** Whether `doneAfterMs` is possible: the answer doesn't need the work. */
    readonly canWorkLate?: boolean;
    /** Whether there is no answer, and so no status. */
    readonly silent?: boolean;
    /** The answer. Default: the API's own. */
    readonly answer?: (occasion: Occasion) => Answer;
    /** How it is sent. Default: as a whole. */
    readonly send?: (transmission: Transmission, fault: FaultDetails) => Promise<void>;
}

const faultKinds = {
    /** A connection reset, after `delayMs`. */
    "lost-request": { work: false, silent: true, send: breakOff },
    /** No answer, ever. */
    hang: { work: false, silent: true, send: never },
    /** `status` (default 500). */
    "error-before": {
        work: false,
        answer: ({ fault }) => errorAnswer(fault, 500, "Something went wrong, nothing was done."),
    },
    /** `status` (default 429) with `retryAfter`. */
    "rate-limited": { work: false, answer: ({ fault }) => errorAnswer(fault, 429, "Too many calls.") },
    /** `status` (default 302) to another path. */
    redirect: {
        work: false,
        answer: ({ fault }) => ({ status: fault.status ?? 302, headers: { Location: "/elsewhere" }, body: "" }),
    },
    /** A connection reset, after `delayMs`. */
    "lost-answer": { work: true, canWorkLate: true, silent: true, send: breakOff },
    /** No answer, ever. */
    "hang-after": { work: true, canWorkLate: true, silent: true, send: never },
    /** `status` (default 500). */
    "error-after": {
        work: true,
        canWorkLate: true,
        answer: ({ fault }) => errorAnswer(fault, 500, "Something went wrong after the work was done."),
    },
    /** `status` (default 500), repeating the API key and the secrets. */
    "echo-secrets": {
        work: true,
        answer: ({ fault, answer, echoed }) => errorAnswer(fault, 500, `${echoed()} and the answer ${answer.body}`),
    },
    /** A body that is not JSON. */
    garbage: {
        work: true,
        canWorkLate: true,
        answer: ({ fault, answer }) => ({ ...answer, body: fault.body ?? '{"id": "wh_' }),
    },
    /** JSON of another shape. */
    "wrong-shape": {
        work: true,
        canWorkLate: true,
        answer: ({ fault, answer }) => ({ ...answer, body: fault.body ?? '{"result": [{"ok": 1}], "id": 42}' }),
    },
    /**
     * `status` (default: the API's), the headers, and then a connection reset, after `delayMs`. No work is done if
     * `status` is 300 or more.
     */
    "break-after-headers": {
        work: ({ status }) => status === undefined || status < 300,
        canWorkLate: true,
        answer: ({ fault, answer }) => ({ ...answer, status: fault.status ?? answer.status }),
        send: breakAfterHeaders,
    },
    /** Half of the promised body, and then a connection reset, after `delayMs`. */
    truncated: {
        work: true,
        canWorkLate: true,
        answer: ({ fault, answer }) => ({ ...answer, body: fault.body ?? answer.body }),
        send: breakInBody,
    },
    /** A body of 64 MiB. */
    huge: { work: true, send: sendHuge },
    /** The body a byte at a time, `delayMs` (default 100) apart. */
    "slow-body": { work: true, send: (transmission, { delayMs = 100 }) => sendSlowly(transmission, delayMs) },
    /** `********` for each secret. */
    "masked-secret": { work: true, answer: ({ answer }) => withSecrets(answer, "masked") },
    /** An empty text for each secret. */
    "empty-secret": { work: true, answer: ({ answer }) => withSecrets(answer, "empty") },
    /** No secret. */
    "missing-secret": { work: true, answer: ({ answer }) => withSecrets(answer, "missing") },
    /** The right body as `text/html`. */
    "wrong-content-type": {
        work: true,
        answer: ({ answer }) => ({
            ...answer,
            headers: { ...answer.headers, "Content-Type": "text/html; charset=utf-8" },
        }),
    },
    /** The right answer, and a connection that closes although keep-alive was promised. */
    "close-after": { work: true, send: closeAfter },
    /** The right answer, and a connection reset as soon as the next call comes on it. */
    "close-on-reuse": {
        work: true,
        send: (transmission) => {
            doomConnection(transmission.response);
            return sendWhole(transmission);
        },
    },
} as const satisfies Readonly<Record<string, KindOfFault>>;

/** The name of a fault; the table in `docs/emulator.md` says what each does. */
export type FaultKind = keyof typeof faultKinds;

export const faultKindNames = Object.keys(faultKinds) as [FaultKind, ...FaultKind[]];

/** Whether `doneAfterMs` is possible. */
export function canWorkLate(name: FaultKind): boolean {
    const kind: KindOfFault = faultKinds[name];
    return kind.canWorkLate === true;
}

/** What a fault that happens does, with every default made explicit. */
export interface Course {
    /** When the work is done: never, before the answer, or so many milliseconds after it. */
    readonly work: "never" | "before" | { readonly afterMs: number };
    readonly silent: boolean;
    readonly answer: (occasion: Omit<Occasion, "fault">) => Answer;
    readonly send: (transmission: Transmission) => Promise<void>;
}

export function courseOf(fault: (FaultDetails & { readonly kind: FaultKind }) | undefined): Course {
    if (fault === undefined) return { work: "before", silent: false, answer: ({ answer }) => answer, send: sendWhole };
    const kind: KindOfFault = faultKinds[fault.kind];
    const works = typeof kind.work === "boolean" ? kind.work : kind.work(fault);
    const withoutDelay = works ? "before" : "never";
    return {
        work: fault.doneAfterMs === undefined ? withoutDelay : { afterMs: fault.doneAfterMs },
        silent: kind.silent === true,
        answer: (occasion) => (kind.answer === undefined ? occasion.answer : kind.answer({ ...occasion, fault })),
        send: (transmission) => (kind.send === undefined ? sendWhole(transmission) : kind.send(transmission, fault)),
    };
}

function errorAnswer(fault: FaultDetails, status: number, message: string): Answer {
    const { retryAfter } = fault;
    const header = typeof retryAfter === "object" ? [...retryAfter] : retryAfter?.toString();
    return {
        status: fault.status ?? status,
        headers: { "Content-Type": "application/json", ...(header === undefined ? {} : { "Retry-After": header }) },
        body: fault.body ?? JSON.stringify({ error: message }),
    };
}

function withSecrets(answer: Answer, form: Behaviour["secrets"]): Answer {
    // Only what the API answers itself is known to be JSON; an error may be a page.
    if (answer.status !== 200) return answer;
    return { ...answer, body: JSON.stringify(changeSecrets(JSON.parse(answer.body), form)) };
}

async function never(): Promise<void> {}

async function breakOff({ response, signal }: Transmission, { delayMs = 0 }: FaultDetails): Promise<void> {
    if (delayMs > 0) await wait(delayMs, undefined, { signal }).catch(() => undefined);
    resetConnection(response);
}

async function breakAfterHeaders(transmission: Transmission, fault: FaultDetails): Promise<void> {
    const { response, answer, body } = transmission;
    response.writeHead(answer.status, { ...answer.headers, "Content-Length": Math.max(2, body.length) });
    await flushHeaders(response);
    await breakOff(transmission, fault);
}

async function breakInBody(transmission: Transmission, fault: FaultDetails): Promise<void> {
    const { response, answer, body } = transmission;
    response.writeHead(answer.status, { ...answer.headers, "Content-Length": Math.max(2, body.length) });
    await written(response, body.subarray(0, Math.floor(body.length / 2)));
    await breakOff(transmission, fault);
}

async function closeAfter({ response, answer, body }: Transmission): Promise<void> {
    // Once all is sent, the response has let go of it.
    const { socket } = response;
    response.writeHead(answer.status, {
        ...answer.headers,
        "Content-Length": body.length,
        Connection: "keep-alive",
        "Keep-Alive": "timeout=60",
    });
    await ended(response, body);
    socket?.end();
}
