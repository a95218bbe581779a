import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Account, renders, startAccount, stored } from "../support/account";

/**
 * The front that Pulumi's dynamic provider host runs, called as the host calls it. It lives as long as a process: so it
 * is loaded anew.
 */
async function startFront({ emulator }: Account) {
    vi.resetModules();
    // biome-ignore lint/style/noRestrictedImports: an import() needs the ending.
    const front = await import("../../provider/dynamic/provider.js");
    const settings: Record<string, string> = {
        "captions:apiKey": emulator.apiKey,
        "captions:baseUrl": emulator.baseUrl,
        "captions:listLagSeconds": "0.05",
    };
    await front.configure({ config: { get: (name: string) => settings[name] } } as never);
    return front;
}

const host = { __provider: "text", __owner: ["renders"] };
const news = { ...renders, ...host };
const marker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
let account: Account;
beforeEach(async () => {
    account = await startAccount();
});

/** A webhook, as the engine has saved it. */
async function created(inputs: Record<string, unknown> = news) {
    const front = await startFront(account);
    await front.check({}, inputs);
    const { id, outs } = await front.create(inputs);
    return { id, outs: stored(outs) as Record<string, unknown> };
}

describe("replacementTrigger", () => {
    test("given for the first time replaces nothing, and every later value replaces, also where nothing else ever changed", async () => {
        const { id, outs } = await created();
        const steps = [undefined, "2026-Q4", "2026-Q4", "2027-Q1", undefined, "2027-Q2", "2027-Q3"];
        const replaced: boolean[] = [];
        for (const [index, trigger] of steps.entries()) {
            if (index === 0) continue;
            const inputsOf = (value: string | undefined) =>
                value === undefined ? news : { ...news, __replacementTrigger: value };
            const front = await startFront(account);
            // The engine keeps the outputs of a resource that is the same: they have no trigger.
            await front.check(inputsOf(steps[index - 1]), inputsOf(trigger));
            const { replaces = [] } = await front.diff(id, outs, inputsOf(trigger));
            replaced.push(replaces.length > 0);
        }
        expect(replaced).toEqual([false, false, true, false, false, true]);
    });

    test("that is not known yet counts as another one in a preview", async () => {
        const { id, outs } = await created();
        const front = await startFront(account);
        await front.check({ ...news, __replacementTrigger: "a" }, { ...news, __replacementTrigger: marker });
        expect(await front.diff(id, outs, { ...news, __replacementTrigger: marker })).toMatchObject({
            changes: true,
            replaces: ["replacementTrigger"],
        });
    });
});

test("replaceOnChanges replaces for the paths that it names, and for all with *", async () => {
    const { id, outs } = await created();
    for (const [paths, replaces] of [
        [["url"], ["url"]],
        [["enabledEvents[0]"], []],
        [["*"], ["url"]],
        [[], []],
    ] as const) {
        const front = await startFront(account);
        const wanted = { ...news, url: "https://api.example.com/other", __replaceOnChanges: paths };
        await front.check(news, wanted);
        expect(await front.diff(id, outs, wanted)).toMatchObject({ changes: true, replaces });
    }
});

describe("a state that was written before owners were saved", () => {
    test("is refreshed with drift, compared, updated and deleted", async () => {
        const { id, outs } = await created();
        const { __owner, ...old } = outs;
        const { __owner: _, ...oldInputs } = news;
        account.emulator.update(id, { enabledEvents: ["creator.success"] });
        const refreshing = await startFront(account);
        await new Promise((resolve) => setTimeout(resolve, 60));
        const read = await refreshing.read(id, old);
        expect(read.props).toMatchObject({ enabledEvents: ["creator.success"] });
        expect(await refreshing.diff(id, stored(read.props ?? {}), oldInputs)).toMatchObject({ changes: true });
        const front = await startFront(account);
        await front.check(oldInputs, news);
        expect(await front.diff(id, old, news)).toMatchObject({ changes: false });
        const { outs: now } = await front.update(id, stored(read.props ?? {}), news);
        expect(now).toMatchObject({ ...renders, __owner: ["renders"] });
        const last = await startFront(account);
        await last.delete(id, old);
        expect(account.emulator.webhooks).toEqual([]);
    });

    test("with nulls for what is not set is no change, and no loop", async () => {
        const { id, outs } = await created();
        const nulls = { rotateWhenChanged: null, adopt: null, allowDuplicateUrl: null, account: null };
        const front = await startFront(account);
        await front.check({ ...news, ...nulls }, { ...news, ...nulls });
        const odd = { ...outs, ...nulls, shownAs: null, unfinished: null, changedAt: "soon", secretVersion: null };
        expect(await front.diff(id, odd, { ...news, ...nulls })).toMatchObject({ changes: false });
        expect((await front.read(id, odd)).props).toMatchObject(renders);
    });
});

test("a state that cannot be read is a sentence that says what to do", async () => {
    const { id, outs } = await created();
    const front = await startFront(account);
    await expect(front.read(id, { ...outs, url: 5 })).rejects.toThrow(
        /url is missing or invalid.*pulumi state delete/s,
    );
});

test("what is only read is read with an account that is known, and left alone until then", async () => {
    const { id } = account.emulator.register(renders);
    const front = await startFront(account);
    const props = { ...host, account: marker };
    expect(await front.read(id, props)).toEqual({ id, props });
    expect((await front.read(id, host)).props).toMatchObject({ ...renders, secretVersion: 0 });
});

test("what is only read does not keep a webhook of the same program from being deleted", async () => {
    const { id, outs } = await created();
    const front = await startFront(account);
    await front.read(id, outs);
    await front.read(id, { ...outs, __owner: ["legacy"], secretVersion: 0 });
    await front.delete(id, outs);
    expect(account.emulator.webhooks).toEqual([]);
});

test("what the host prints of an error only points at the message, which the engine prints", async () => {
    const { id, outs } = await created();
    account.emulator.behave({ secrets: "masked" });
    const front = await startFront(account);
    const failure = await front.read(id, outs).catch((error: Error) => error);
    expect(`${failure}: ${(failure as Error).stack}`).toBe("captions: reading a webhook failed; the error says why");
    expect((failure as Error).message).toContain(id);
});
