import fc from "fast-check";
import type { Behaviour, Fault, FaultKind } from "../../emulator";

/** What a test draws: some rounds of editing a program, meddling by hand, and running it, with faults on the way. */

/**
 * What is declared together: `twins` are equal webhooks on one URL (`allowDuplicateUrl`), `rotating` are the
 * generations of a rotating webhook, the others have a URL of their own. The groups' URLs are all different.
 */
export const groups = ["alone", "other", "twins", "rotating"] as const;
export type Group = (typeof groups)[number];

/** What a group's webhooks are to be, as numbers that become inputs in `inputs.ts`. */
export interface Settings {
    /** For generations 1 means that each has a URL of its own (`distinctUrls`). */
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
    /** Another name in the program, with `adopt: true` or the webhook's id. */
    | { readonly kind: "rename"; readonly group: Group; readonly byId: boolean }
    /** Another name in the program, with `aliases`. It may be one that another resource had before. */
    | { readonly kind: "alias"; readonly group: Group; readonly reuses: boolean }
    | { readonly kind: "replace"; readonly group: Group; readonly deletesBefore: boolean }
    /** A rotating webhook gets a new generation, or loses its oldest. */
    | { readonly kind: "generation"; readonly adds: boolean };

export type Meddling =
    | { readonly kind: "register"; readonly group: Group; readonly url: number; readonly events: number }
    | { readonly kind: "move" | "mute" | "rotate" | "remove"; readonly group: Group; readonly index: number };

export type FaultDraw = Omit<Fault, "endpoint" | "after" | "times" | "webhookId" | "url">;
export const faultyEndpoints = ["events", "list", "register", "update", "delete"] as const;
export type Faults = Readonly<Record<(typeof faultyEndpoints)[number], readonly (FaultDraw | null)[]>>;

/** What else happens in a run, besides faults of single calls. */
export interface Weather {
    /** Faults of the calls about one webhook. */
    readonly bound: readonly {
        readonly group: Group;
        readonly index: number;
        readonly endpoint: "register" | "update" | "delete";
        readonly fault: FaultDraw;
    }[];
    /** New connections are refused or dropped, from a call on and for a while. */
    readonly outage?:
        | { readonly kind: "refused" | "dropped"; readonly afterCalls: number; readonly forMs: number }
        | undefined;
    /** What the API accepts, and ignores. */
    readonly ignoredFields: Behaviour["ignoredFields"];
    /** How `/list` shows a webhook of the state, in a form that is not documented. */
    readonly odd?:
        | { readonly group: Group; readonly index: number; readonly form: Behaviour["oddWebhooks"][string] }
        | undefined;
}

export interface Round {
    readonly edits: readonly Edit[];
    readonly meddling: readonly Meddling[];
    readonly run: "up" | "refresh" | "refresh and up" | "destroy";
    /** Whether the resources depend on each other, so that they come one after another. */
    readonly inOrder: boolean;
    /** What happens to the first, second, … call of an endpoint in this run; null: nothing. */
    readonly faults: Faults;
    readonly weather: Weather;
}

export interface History {
    /** Without any fault, so that every call can be foretold. */
    readonly calm: boolean;
    /** Runs follow each other although work that was put off may still be done. */
    readonly hasty: boolean;
    readonly behaviour: Partial<Behaviour>;
    readonly rounds: readonly Round[];
}

const statuses = (...values: number[]) => fc.constantFrom(...values);
const group = fc.constantFrom<Group>(...groups);

/** Done within the time that a list may lag, after it but during the run, or after the run. */
const late = fc.option(fc.constantFrom(10, 60, 250), { freq: 2 });
const withLate = (more: fc.Arbitrary<Partial<FaultDraw>> = fc.constant({})): fc.Arbitrary<Partial<FaultDraw>> =>
    fc.tuple(more, late).map(([draw, doneAfterMs]) => (doneAfterMs === null ? draw : { ...draw, doneAfterMs }));

const retryAfter = fc.constantFrom<FaultDraw["retryAfter"] & {}>(
    0,
    "",
    "soon",
    "-5",
    "0.3",
    "Wed, 21 Oct 2015 07:28:00 GMT",
    "99999999999999999999",
    7_200,
    ["0", "7200"],
);

/** Each kind of the emulator, with what it can vary in. Those that take a time limit, or much to send, are rarer. */
const draws: Readonly<
    Record<FaultKind, { readonly weight: number; readonly with?: fc.Arbitrary<Partial<FaultDraw>> }>
> = {
    "lost-request": { weight: 4, with: fc.record({ delayMs: fc.constantFrom(0, 5) }) },
    hang: { weight: 1 },
    "error-before": {
        weight: 6,
        with: fc.record({ status: statuses(500, 502, 503, 400, 401, 403, 404, 408, 409, 422, 499, 599) }),
    },
    "rate-limited": { weight: 4, with: fc.record({ status: statuses(429, 503), retryAfter }) },
    redirect: { weight: 1, with: fc.record({ status: statuses(301, 302, 307, 308) }) },
    "lost-answer": { weight: 6, with: withLate(fc.record({ delayMs: fc.constantFrom(0, 5) })) },
    "hang-after": { weight: 1, with: withLate() },
    "error-after": { weight: 4, with: withLate(fc.record({ status: statuses(408, 499, 500, 502, 503, 504) })) },
    "echo-secrets": { weight: 3 },
    garbage: { weight: 2, with: withLate() },
    "wrong-shape": { weight: 2, with: withLate() },
    "break-after-headers": { weight: 3, with: withLate(fc.record({ status: statuses(200, 200, 500) })) },
    truncated: { weight: 3, with: withLate() },
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

/** Half of the calls go well. It shrinks to calls that go well. */
const faultsOfEndpoint = fc.array(fc.option(fault, { freq: 2 }), { maxLength: 6, size: "max" });

const stormy: fc.Arbitrary<Faults> = fc.record({
    events: faultsOfEndpoint,
    // Without the list nothing goes on: it has to work more often for the others to be interesting.
    list: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fault }), {
        maxLength: 8,
        size: "max",
    }),
    register: faultsOfEndpoint,
    update: faultsOfEndpoint,
    delete: faultsOfEndpoint,
});

export const noFaults: Faults = { events: [], list: [], register: [], update: [], delete: [] };
export const fairWeather: Weather = { bound: [], ignoredFields: [] };

const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const roughWeather: fc.Arbitrary<Weather> = fc.record({
    bound: fc.array(
        fc.record({
            group,
            index: fc.nat(2),
            endpoint: fc.constantFrom("register" as const, "update" as const, "delete" as const),
            fault,
        }),
        { maxLength: 2 },
    ),
    outage: rarely(
        fc.record({
            kind: fc.constantFrom("refused" as const, "dropped" as const),
            afterCalls: fc.nat(4),
            forMs: fc.constantFrom(2, 20, 200),
        }),
    ),
    ignoredFields: rarely(fc.subarray(["url" as const, "enabledEvents" as const], { minLength: 1 })).map(
        (fields) => fields ?? [],
    ),
    odd: rarely(
        fc.record({
            group,
            index: fc.nat(2),
            form: fc.constantFrom(
                "null-events" as const,
                "text-events" as const,
                "no-events" as const,
                "no-url" as const,
                "null-url" as const,
                "no-secret" as const,
            ),
        }),
    ),
});

const settings = fc.record<Settings>({
    url: fc.nat(1),
    spelling: fc.nat(2),
    events: fc.nat(3),
    keepers: fc.nat(2),
});

const declare = fc.record({ kind: fc.constant("declare" as const), group, settings, adopt: fc.boolean() });

const edit: fc.Arbitrary<Edit> = fc.oneof(
    { weight: 3, arbitrary: declare },
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
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("rename" as const), group, byId: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("alias" as const), group, reuses: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("replace" as const), group, deletesBefore: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("generation" as const), adds: fc.boolean() }) },
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

const round = (faults: fc.Arbitrary<Faults>, weather: fc.Arbitrary<Weather>): fc.Arbitrary<Round> =>
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
        weather,
    });

const spellings = [
    "as-sent",
    "normalised",
    "trailing-slash",
    "no-trailing-slash",
    "upper-case-host",
    "lower-case",
    "default-port",
    "percent-encoded",
    "percent-decoded",
    "percent-lower-case",
] as const satisfies readonly Behaviour["urlForm"][];

/**
 * The switches for what the documentation leaves open: a client must be right with every value. An API that shows
 * another URL than it was given (`tracking-query`) has tests of its own: nothing can be found by its URL there, and an
 * adoption takes two runs.
 */
const behaviour: fc.Arbitrary<Partial<Behaviour>> = fc.record({
    listLagMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(20) }),
    listOrder: fc.constantFrom("oldest-first" as const, "newest-first" as const, "shuffled" as const),
    eventOrder: fc.constantFrom(
        "as-sent" as const,
        "reversed" as const,
        "sorted" as const,
        "shuffled" as const,
        "doubled" as const,
    ),
    urlForm: fc.constantFrom(...spellings),
    listUrlForm: fc.oneof(
        { weight: 3, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.constantFrom(...spellings) },
    ),
    oddNeighbours: fc.subarray([
        "number-id" as const,
        "no-id" as const,
        "null-events" as const,
        "no-url" as const,
        "no-secret" as const,
        "null" as const,
        "text" as const,
    ]),
    deleteUnknown: fc.constantFrom("error" as const, "success" as const, "false" as const),
    unknownIdStatus: statuses(404, 400, 410),
    errorBody: fc.constantFrom("json-error" as const, "json-message" as const, "text" as const, "empty" as const),
    echoSecrets: fc.boolean(),
    extraFields: fc.boolean(),
});

const historyOf = (
    calm: boolean,
    faults: fc.Arbitrary<Faults>,
    weather: fc.Arbitrary<Weather>,
): fc.Arbitrary<History> =>
    fc.record<History>({
        calm: fc.constant(calm),
        hasty: calm ? fc.constant(false) : fc.integer({ min: 0, max: 5 }).map((die) => die === 5),
        behaviour,
        rounds: fc
            .tuple(
                fc.uniqueArray(declare, { minLength: 1, maxLength: 3, selector: (declared) => declared.group }),
                round(faults, weather),
                fc.array(round(faults, weather), { maxLength: 3, size: "max" }),
            )
            .map(([declared, first, rest]) => [
                { ...first, edits: declared, run: first.run === "refresh and up" ? first.run : "up" },
                ...rest,
            ]),
    });

export const history: fc.Arbitrary<History> = fc.oneof(
    { weight: 1, arbitrary: historyOf(true, fc.constant(noFaults), fc.constant(fairWeather)) },
    { weight: 3, arbitrary: historyOf(false, stormy, roughWeather) },
);
