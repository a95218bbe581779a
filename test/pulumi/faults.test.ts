import { expect, onTestFinished, test } from "vitest";
import type { Fault, FaultKind } from "../../emulator";
import { type Project, renders, startDeployed, startProject, webhookProgram } from "../support/project";

/**
 * Faults after which a run goes on: the call was done, and the provider finds out, or it is certain that it did
 * nothing.
 */
const survivable: readonly FaultKind[] = [
    "lost-answer",
    "hang-after",
    "error-after",
    "break-after-headers",
    "echo-secrets",
    "garbage",
    "wrong-shape",
    "truncated",
    "huge",
    "slow-body",
    "masked-secret",
    "empty-secret",
    "missing-secret",
    "wrong-content-type",
    "close-after",
    "close-on-reuse",
    "rate-limited",
];
/** Nothing was done. That is certain for a redirect alone: the run fails, and the next one goes on. */
const notDone: readonly FaultKind[] = ["lost-request", "hang", "error-before", "redirect"];

function program(names: readonly string[], inputs: Record<string, unknown>): string {
    return `
for (const name of ${JSON.stringify(names)}) {
    const webhook = new captions.Webhook(name, {
        url: "https://api.example.com/" + name, enabledEvents: ["creator.success"], ...${JSON.stringify(inputs)},
    });
    exports[name] = { id: webhook.id, secret: webhook.secret, secretVersion: webhook.secretVersion };
}`;
}

const urlOf = (name: string) => `https://api.example.com/${name}`;

/** The call of an endpoint for each webhook `w-<kind>` gets this kind of fault. */
function inject({ emulator }: Project, endpoint: "register" | "update" | "delete", kinds: readonly FaultKind[]) {
    for (const kind of kinds) {
        const url = urlOf(`w-${kind}`);
        const webhookId = emulator.webhooks.find((webhook) => webhook.url === url)?.id;
        const target = endpoint === "register" ? { url } : { webhookId: webhookId ?? "none" };
        emulator.inject({ endpoint, kind, delayMs: kind === "slow-body" ? 400 : 0, ...retry(kind), ...target });
    }
}

/** Each call of an endpoint that is not about a webhook gets the next one. */
function injectInTurn({ emulator }: Project, endpoint: "list" | "events", kinds: readonly FaultKind[]) {
    for (const kind of kinds)
        emulator.inject({ endpoint, kind, delayMs: kind === "slow-body" ? 400 : 0, ...retry(kind) });
}

const retry = (kind: FaultKind) => (kind === "rate-limited" ? { retryAfter: 1 } : {});

/** Runs until it succeeds: the engine begins nothing new after a step that failed. */
async function untilDone(run: () => Promise<{ code: number; text: string }>): Promise<string> {
    const texts: string[] = [];
    for (let runs = 1; runs <= 8; runs++) {
        const { code, text } = await run();
        texts.push(text);
        if (code === 0) return texts.join("\n");
    }
    throw new Error(`it does not end: ${texts.at(-1)}`);
}

/** What is at the API is in the state, with its secret and as declared, and nothing else is there. */
async function expectAgreement(
    { emulator, stack }: Project,
    names: readonly string[],
    version: number,
    events: string[],
) {
    const outputs = (await stack.outputs()) as Record<string, { id: string; secret: string; secretVersion: number }>;
    const webhooks = emulator.webhooks.map(({ id, url, secret, enabledEvents }) => ({
        id,
        url,
        secret,
        enabledEvents,
    }));
    const expected = names.map((name) => ({
        id: outputs[name]?.id,
        url: `https://api.example.com/${name}`,
        secret: outputs[name]?.secret,
        enabledEvents: events,
    }));
    const byUrl = (one: { url: string }, other: { url: string }) => one.url.localeCompare(other.url);
    expect(webhooks.toSorted(byUrl)).toEqual(expected.toSorted(byUrl));
    const versions = names.map((name) => outputs[name]?.secretVersion);
    expect(versions).toEqual(names.map(() => version));
    const states = await stack.webhooks();
    expect(states.flatMap(({ initErrors }) => initErrors ?? [])).toEqual([]);
}

function start(text: string): Promise<Project> {
    return startProject(text, { env: { CAPTIONS_CALL_TIMEOUT_SECONDS: "2", CAPTIONS_LIST_LAG_SECONDS: "1" } });
}

test("every fault of /register, /update and /delete: what was done is found in the same run, and what was not is done by the next", async () => {
    const names = [...survivable, ...notDone].map((kind) => `w-${kind}`);
    const project = await start(program(names, {}));
    const { emulator, stack } = project;
    const faults = new Map<string, number>();
    onTestFinished(() => console.log("Faults survived on the engine:", Object.fromEntries(faults)));
    const expectAll = (kinds: readonly FaultKind[]) => {
        const met = emulator.calls.flatMap(({ fault }) => fault ?? []);
        expect(met.toSorted()).toEqual(kinds.toSorted());
        for (const { endpoint, fault } of emulator.calls) {
            if (fault !== undefined) faults.set(endpoint, (faults.get(endpoint) ?? 0) + 1);
        }
        emulator.clearCalls();
    };

    inject(project, "register", survivable);
    const created = await stack.up();
    expect(created.code, created.text).toBe(0);
    expect(emulator.countCalls("register")).toBe(names.length + 1);
    expectAll(survivable);
    await expectAgreement(project, names, 1, ["creator.success"]);

    const events = ["creator.failure"];
    stack.program(program(names, { enabledEvents: events }));
    inject(project, "update", survivable);
    const updated = await stack.up();
    expect(updated.code, updated.text).toBe(0);
    expect(emulator.countCalls("update")).toBe(names.length + 1);
    expectAll(survivable);
    await expectAgreement(project, names, 2, events);
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });

    stack.program(program(names, { enabledEvents: events, rotateWhenChanged: { quarter: "2026-Q4" } }));
    inject(project, "update", notDone);
    const said = await untilDone(() => stack.up());
    expect(said).toContain("it is not known whether it was done");
    expect(said).toContain("Redirects are never followed");
    // Each of the four once more, in a later run.
    expect(emulator.countCalls("update")).toBe(names.length + notDone.length);
    expectAll(notDone);
    await expectAgreement(project, names, 3, events);

    inject(project, "delete", [...survivable, ...notDone]);
    await untilDone(() => stack.destroy());
    expectAll([...survivable, ...notDone]);
    expect(emulator.webhooks).toEqual([]);
    expect(await stack.webhooks()).toEqual([]);
});

test("a /register or a rotation of which nobody knows whether it was done fails the run, and the next one goes on from there", async () => {
    const names = notDone.map((kind) => `w-${kind}`);
    const project = await start(program(names, {}));
    const { emulator, stack } = project;
    inject(project, "register", notDone);
    const failed = await stack.up();
    expect(failed.code).not.toBe(0);
    expect(failed.text).toContain("it may still be registered");
    expect(failed.text).toContain("set `adopt` to that id");
    emulator.clearFaults();
    stack.program(program(names, { adopt: true }));
    expect(await stack.up()).toMatchObject({ code: 0 });
    await expectAgreement(project, names, 1, ["creator.success"]);

    // Some are done, some not, some are done later than the run has looked, and for none the list can be asked.
    stack.program(program(names, { adopt: true, rotateWhenChanged: { quarter: "2026-Q4" } }));
    const ids = emulator.webhooks.map(({ id }) => id);
    const ways = [
        { kind: "lost-answer" },
        { kind: "hang" },
        { kind: "error-after", doneAfterMs: 1_500 },
        { kind: "garbage" },
    ];
    for (const [index, way] of ways.entries()) {
        emulator.inject({ endpoint: "update", webhookId: ids[index] ?? "none", ...(way as Pick<Fault, "kind">) });
    }
    emulator.inject({ endpoint: "list", kind: "error-before", times: 1_000 });
    const partial = await stack.up();
    expect(partial.code).not.toBe(0);
    expect(partial.text).toContain("it is not known whether it was done");
    await emulator.settled();
    emulator.clearFaults();
    expect(await stack.up()).toMatchObject({ code: 0 });
    await expectAgreement(project, names, 2, ["creator.success"]);
});

test("faults of /list and /events: what can be asked again is, and a masked secret never replaces a good one", async () => {
    const names = ["a", "b", "c"];
    const project = await start(program(names, {}));
    const { emulator, stack } = project;
    emulator.behave({ events: ["creator.success", "creator.failure", "creator.started"] });
    stack.program(program(names, { enabledEvents: ["creator.started"] }));
    injectInTurn(project, "events", ["garbage", "error-before"]);
    injectInTurn(project, "list", ["lost-answer", "hang"]);
    expect(await stack.up()).toMatchObject({ code: 0 });
    await expectAgreement(project, names, 1, ["creator.started"]);

    for (const kinds of [
        ["lost-request", "garbage"],
        ["error-after", "wrong-shape"],
        ["truncated", "hang-after"],
        ["huge", "echo-secrets"],
        ["rate-limited", "error-before"],
        ["slow-body", "wrong-content-type"],
        ["close-on-reuse"],
        ["close-after"],
    ] as const) {
        injectInTurn(project, "list", kinds);
        expect(await stack.refresh("--expect-no-changes"), kinds.join()).toMatchObject({ code: 0 });
        emulator.clearFaults();
    }
    for (const kind of ["masked-secret", "empty-secret", "missing-secret", "redirect"] as const) {
        emulator.inject({ endpoint: "list", kind, times: 1_000 });
        expect((await stack.refresh()).code, kind).not.toBe(0);
        emulator.clearFaults();
    }
    await expectAgreement(project, names, 1, ["creator.started"]);
});

test("a renamed webhook is adopted under its new name, also with --refresh and in a run that fails elsewhere", async () => {
    const { emulator, stack } = await startDeployed(webhookProgram(renders));
    const before = emulator.webhooks;
    const renamed = (name: string, more = "") =>
        `new captions.Webhook(${JSON.stringify(name)}, ${JSON.stringify({ ...renders, adopt: true })});${more}`;
    stack.program(renamed("b"));
    expect(await stack.up("--refresh")).toMatchObject({
        code: 0,
        operations: { create: 1, delete: 1 },
        calls: ["list"],
    });

    const other =
        '\nnew captions.Webhook("other", { url: "https://api.example.com/o", enabledEvents: ["creator.success"] });';
    stack.program(renamed("c", other));
    emulator.inject({ endpoint: "register", kind: "error-before", status: 400 });
    expect((await stack.up()).code).not.toBe(0);
    expect(await stack.webhooks()).toHaveLength(2);
    // Only now the old one goes, and the webhook stays.
    stack.program(renamed("c"));
    expect(await stack.up()).toMatchObject({ code: 0, operations: { delete: 1 }, calls: [] });
    expect(emulator.webhooks).toEqual(before);
});
