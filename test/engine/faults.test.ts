import { expect, onTestFinished, test } from "vitest";
import type { FaultKind } from "../../emulator";
import { type Project, startProject } from "../support/engine";

/** Faults after which a run goes on: the call was done, or certainly not, and the provider finds out which. */
const survivable: readonly FaultKind[] = [
    "lost-answer",
    "hang-after",
    "error-after",
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
/** Nothing was done, which nobody can know at once. */
const notDone: readonly FaultKind[] = ["lost-request", "hang", "error-before", "redirect"];
const all = [...survivable, ...notDone];

function program(names: readonly string[], inputs: Record<string, unknown>): string {
    return `
for (const name of ${JSON.stringify(names)}) {
    const webhook = new captions.Webhook(name, {
        url: "https://api.example.com/" + name, enabledEvents: ["creator.success"], ...${JSON.stringify(inputs)},
    });
    exports[name] = { id: webhook.id, secret: webhook.secret, secretVersion: webhook.secretVersion };
}`;
}

/** Each call of an endpoint gets the next one. */
function inject(
    { emulator }: Project,
    endpoint: "register" | "list" | "update" | "delete" | "events",
    kinds: readonly FaultKind[],
) {
    for (const kind of kinds) {
        const retryAfter = kind === "rate-limited" ? { retryAfter: 1 } : {};
        emulator.inject({ endpoint, kind, delayMs: 400, ...retryAfter });
    }
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

test("every fault of /register, /update and /delete: one run each gets through all of them, without a second rotation", async () => {
    // One for each fault, so that none meets several in a row.
    const names = all.map((kind) => `w-${kind}`);
    const project = await start(program(names, {}));
    const { emulator, stack } = project;
    const faults = new Map<string, number>();
    onTestFinished(() => console.log("Faults survived on the engine:", Object.fromEntries(faults)));
    const count = () => {
        for (const { endpoint, fault } of emulator.calls) {
            if (fault !== undefined) faults.set(endpoint, (faults.get(endpoint) ?? 0) + 1);
        }
        emulator.clearCalls();
        emulator.clearFaults();
    };

    inject(project, "register", survivable);
    expect(await stack.up()).toMatchObject({ code: 0 });
    expect(emulator.countCalls("register")).toBe(names.length + 1);
    count();
    await expectAgreement(project, names, 1, ["creator.success"]);

    // What was certainly not done is sent again here: the list shows the events that were before.
    const events = ["creator.failure"];
    stack.program(program(names, { enabledEvents: events }));
    inject(project, "update", all);
    const updated = await stack.up();
    expect(updated.code, updated.text).toBe(0);
    expect(new Set(emulator.calls.flatMap(({ fault }) => fault ?? [])).size).toBe(all.length);
    count();
    await expectAgreement(project, names, 2, events);
    expect(await stack.up("--expect-no-changes")).toMatchObject({ code: 0, calls: [] });

    inject(project, "delete", all);
    expect(await stack.destroy()).toMatchObject({ code: 0 });
    expect(new Set(emulator.calls.flatMap(({ fault }) => fault ?? [])).size).toBe(all.length);
    count();
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
    expect(failed.text).toContain("Nothing was registered again");
    expect(failed.text).toContain("adopt: true");
    emulator.clearFaults();
    stack.program(program(names, { adopt: true }));
    expect(await stack.up()).toMatchObject({ code: 0 });
    await expectAgreement(project, names, 1, ["creator.success"]);

    // Some are done, some not, and for none the list can be asked.
    const rotated = { adopt: true, rotateWhenChanged: { quarter: "2026-Q4" } };
    stack.program(program(names, rotated));
    inject(project, "update", ["lost-answer", "hang", "hang-after", "garbage"]);
    emulator.inject({ endpoint: "list", kind: "error-before", times: 1_000 });
    const partial = await stack.up();
    expect(partial.code).not.toBe(0);
    expect(partial.text).toContain("its answer was lost");
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
    inject(project, "events", ["garbage", "error-before"]);
    inject(project, "list", ["lost-answer", "hang"]);
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
        inject(project, "list", kinds);
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
    const project = await start(program(["a"], {}));
    const { emulator, stack } = project;
    expect(await stack.up()).toMatchObject({ code: 0 });
    const before = emulator.webhooks;
    const renamed = (name: string, more = "") => `
new captions.Webhook(${JSON.stringify(name)}, {
    url: "https://api.example.com/a", enabledEvents: ["creator.success"], adopt: true,
});${more}`;
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
