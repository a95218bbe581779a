import fc from "fast-check";
import type { Behaviour, Fault, FaultKind } from "../../emulator";

/** What a test draws: some rounds of editing a program, meddling by hand, and running it, with faults on the way. */

/**
 * What is declared together: `twins` are equal webhooks on one URL (`allowDuplicateUrl`), the others have a URL of their own.
 * The groups' URLs are all different.
 */
export const groupSizes = { alone: 1, other: 1, twins: 3 } as const;
export type Group = keyof typeof groupSizes;

/** What a group's webhooks are to be, as numbers that {@link inputsFor} turns into inputs. */
export interface Settings {
    readonly url: number;
    /** Another spelling of the same URL and events: never a change. */
    readonly spelling: number;
    readonly events: number;
    readonly keepers: number;
}

export type Edit =
    | { readonly kind: "declare"; readonly group: Group; readonly settings: Settings; readonly adopt: boolean }
    | { readonly kind: "change"; readonly group: Group; readonly what: keyof Settings; readonly by: number }
    | { readonly kind: "remove"; readonly group: Group }
    /** Another name in the program, with `adopt: true`. */
    | { readonly kind: "rename"; readonly group: Group };

export type Meddling =
    | { readonly kind: "register"; readonly group: Group; readonly url: number; readonly events: number }
    | { readonly kind: "move" | "mute" | "rotate" | "remove"; readonly group: Group; readonly index: number };

export type FaultDraw = Omit<Fault, "endpoint" | "after" | "times">;
export const faultyEndpoints = ["events", "list", "register", "update", "delete"] as const;
export type Faults = Readonly<Record<(typeof faultyEndpoints)[number], readonly (FaultDraw | null)[]>>;

export interface Round {
    readonly edits: readonly Edit[];
    readonly meddling: readonly Meddling[];
    readonly run: "up" | "refresh" | "refresh and up" | "destroy";
    /** Whether the resources depend on each other, so that they come one after another. */
    readonly inOrder: boolean;
    /** What happens to the first, second, … call of an endpoint in this run; null: nothing. */
    readonly faults: Faults;
}

export interface History {
    /** Without any fault, so that every call can be foretold. */
    readonly calm: boolean;
    readonly behaviour: Partial<Behaviour>;
    readonly rounds: readonly Round[];
}

const statuses = (...values: number[]) => fc.constantFrom(...values);
const group = fc.constantFrom<Group>("alone", "other", "twins");

/** Each kind of the emulator, with what it can vary in. Those that take a time limit, or much to send, are rarer. */
const draws: Readonly<
    Record<FaultKind, { readonly weight: number; readonly with?: fc.Arbitrary<Partial<FaultDraw>> }>
> = {
    "lost-request": { weight: 4 },
    hang: { weight: 1 },
    "error-before": {
        weight: 6,
        with: fc.record({ status: statuses(500, 502, 503, 400, 401, 403, 404, 409, 422) }),
    },
    "rate-limited": {
        weight: 3,
        with: fc.record({
            status: statuses(429, 503),
            retryAfter: fc.constantFrom<string | number>(0, "soon", 0, 7_200),
        }),
    },
    redirect: { weight: 1, with: fc.record({ status: statuses(301, 302, 307, 308) }) },
    "lost-answer": { weight: 6 },
    "hang-after": { weight: 1 },
    "error-after": { weight: 4, with: fc.record({ status: statuses(500, 502, 503, 504) }) },
    "echo-secrets": { weight: 3 },
    garbage: { weight: 2 },
    "wrong-shape": { weight: 2 },
    "break-after-headers": { weight: 2 },
    truncated: { weight: 3 },
    huge: { weight: 1 },
    "slow-body": { weight: 1, with: fc.constant({ delayMs: 30 }) },
    "masked-secret": { weight: 3 },
    "empty-secret": { weight: 2 },
    "missing-secret": { weight: 2 },
    "wrong-content-type": { weight: 1 },
    "close-after": { weight: 2 },
    "close-on-reuse": { weight: 3 },
};

export const faultKinds = Object.keys(draws) as FaultKind[];

/** Kinds that a client meets with its time limit. */
export const slowKinds: ReadonlySet<FaultKind> = new Set<FaultKind>(["hang", "hang-after", "slow-body", "huge"]);

const fault: fc.Arbitrary<FaultDraw> = fc.oneof(
    ...faultKinds.map((kind) => ({
        weight: draws[kind].weight,
        arbitrary: (draws[kind].with ?? fc.constant({})).map((more): FaultDraw => ({ kind, ...more })),
    })),
);

/** `freq` of 2: a third of the calls goes well. It shrinks to calls that go well. */
const faultsOfEndpoint = (freq: number) => fc.array(fc.option(fault, { freq }), { maxLength: 6, size: "max" });

const stormy: fc.Arbitrary<Faults> = fc.record({
    events: faultsOfEndpoint(1),
    // Without the list nothing goes on: it has to work more often for the others to be interesting.
    list: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fault }), {
        maxLength: 8,
        size: "max",
    }),
    register: faultsOfEndpoint(2),
    update: faultsOfEndpoint(2),
    delete: faultsOfEndpoint(2),
});

export const noFaults: Faults = { events: [], list: [], register: [], update: [], delete: [] };

const settings = fc.record<Settings>({
    url: fc.nat(1),
    spelling: fc.nat(2),
    events: fc.nat(3),
    keepers: fc.nat(2),
});

const edit: fc.Arbitrary<Edit> = fc.oneof(
    {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant("declare" as const), group, settings, adopt: fc.boolean() }),
    },
    {
        weight: 5,
        arbitrary: fc.record({
            kind: fc.constant("change" as const),
            group,
            what: fc.constantFrom<keyof Settings>("url", "events", "keepers", "spelling"),
            by: fc.integer({ min: 1, max: 2 }),
        }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), group }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("rename" as const), group }) },
);

const meddling: fc.Arbitrary<Meddling> = fc.oneof(
    {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant("register" as const), group, url: fc.nat(1), events: fc.nat(3) }),
    },
    {
        weight: 2,
        arbitrary: fc.record({
            kind: fc.constantFrom("move" as const, "mute" as const, "rotate" as const, "remove" as const),
            group,
            index: fc.nat(2),
        }),
    },
);

const round = (faults: fc.Arbitrary<Faults>): fc.Arbitrary<Round> =>
    fc.record<Round>({
        edits: fc.array(edit, { maxLength: 3 }),
        meddling: fc.oneof(
            { weight: 2, arbitrary: fc.constant([]) },
            { weight: 1, arbitrary: fc.array(meddling, { maxLength: 2 }) },
        ),
        run: fc.oneof(
            { weight: 6, arbitrary: fc.constant("up" as const) },
            { weight: 2, arbitrary: fc.constant("refresh" as const) },
            { weight: 2, arbitrary: fc.constant("refresh and up" as const) },
            { weight: 1, arbitrary: fc.constant("destroy" as const) },
        ),
        inOrder: fc.boolean(),
        faults,
    });

/** The switches for what the documentation leaves open: a client must be right with every value. */
const behaviour: fc.Arbitrary<Partial<Behaviour>> = fc.record({
    listLagMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(20) }),
    listOrder: fc.constantFrom("oldest-first" as const, "newest-first" as const, "shuffled" as const),
    eventOrder: fc.constantFrom("as-sent" as const, "reversed" as const, "shuffled" as const, "doubled" as const),
    urlForm: fc.constantFrom("as-sent" as const, "normalised" as const, "upper-case-host" as const),
    deleteUnknown: fc.constantFrom("error" as const, "success" as const, "false" as const),
    unknownIdStatus: statuses(404, 400, 410),
    errorBody: fc.constantFrom("json-error" as const, "json-message" as const, "text" as const, "empty" as const),
    echoSecrets: fc.boolean(),
    extraFields: fc.boolean(),
});

const historyOf = (calm: boolean, faults: fc.Arbitrary<Faults>): fc.Arbitrary<History> =>
    fc.record<History>({
        calm: fc.constant(calm),
        behaviour,
        rounds: fc
            .tuple(
                fc.uniqueArray(
                    fc.record({ kind: fc.constant("declare" as const), group, settings, adopt: fc.boolean() }),
                    {
                        minLength: 1,
                        maxLength: 3,
                        selector: (declared) => declared.group,
                    },
                ),
                round(faults),
                fc.array(round(faults), { maxLength: 3, size: "max" }),
            )
            .map(([declared, first, rest]) => [
                { ...first, edits: declared, run: first.run === "refresh and up" ? first.run : "up" },
                ...rest,
            ]),
    });

export const history: fc.Arbitrary<History> = fc.oneof(
    { weight: 1, arbitrary: historyOf(true, fc.constant(noFaults)) },
    { weight: 3, arbitrary: historyOf(false, stormy) },
);
