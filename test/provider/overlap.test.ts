import { describe, expect, test } from "vitest";
import { Proofs } from "../../provider/lifecycle";
import { type Resource, Session } from "../../provider/session";
import {
    type Account,
    create,
    endpoints,
    keep,
    read,
    remove,
    renders,
    resource,
    startAccount,
    stored,
} from "../support/account";

/** Where a generation may be registered that is not told of the one before it. */
const inputs = { ...renders, allowDuplicateUrl: true };

/** A generation of a rotating webhook. */
function generation(name: string, { family = "renders", dropsAtOnce = false } = {}): Resource {
    return { ...resource(`${family}-${name}`, { family, ids: [], newer: 0 }), dropsAtOnce };
}

/** A generation that earlier runs have left in the state. */
async function registered(account: Account, of = generation("a")) {
    const { id, outputs } = await create(account.run(), inputs, of);
    return { id, outputs: stored(outputs), of };
}

type Saved = Awaited<ReturnType<typeof registered>>;

const keepIn = (session: Session, { id, outputs, of }: Saved) => keep(session, id, outputs, inputs, of);
const removeIn = (session: Session, { id, outputs, of }: Saved) => remove(session, id, outputs, of);

/** What the engine does for a generation that is new in the program. */
async function createIn(session: Session, of = generation("b")) {
    await session.check(of, {}, { ...inputs });
    return await create(session, inputs, of);
}

function secretOf({ outputs }: { readonly outputs: { readonly secret?: string | undefined } }): string {
    if (outputs.secret === undefined) throw new Error("The webhook has no secret.");
    return outputs.secret;
}

/** A run in which receivers were seen to accept these secrets. */
function runWithProofs({ open }: Account) {
    const proofs = new Proofs();
    const account = open();
    const configured = { names: [], hasKey: () => true, open: () => account };
    return { proofs, session: new Session(configured, () => undefined, proofs) };
}

const isThere = ({ emulator }: Account, id: string) => emulator.webhooks.some((webhook) => webhook.id === id);

describe("the last generation that receivers know is kept", () => {
    test("in the run that registers its successor, with a sentence, and deleted by the next run", async () => {
        const account = await startAccount();
        const old = await registered(account);
        const session = account.run();
        const successor = await createIn(session);
        account.emulator.clearCalls();
        const refusal = await removeIn(session, old).catch((error: unknown) => error);
        expect(refusal).toMatchObject({
            name: "OverlapError",
            message: expect.stringContaining(`Webhook "renders-a" (${old.id}, api.example.com): it was kept`),
        });
        const { message } = refusal as Error;
        for (const text of [successor.id, "`pulumi up` again", "DeliveryCheck", "dropAtOnce"]) {
            expect(message).toContain(text);
        }
        expect(message).not.toContain(secretOf(successor));
        expect(endpoints(account.emulator)).toEqual([]);
        expect(isThere(account, old.id)).toBe(true);

        const next = account.run();
        await keepIn(next, { id: successor.id, outputs: stored(successor.outputs), of: generation("b") });
        await removeIn(next, old);
        expect(isThere(account, old.id)).toBe(false);
    });

    test("also where several successors are registered, and where a refresh of the same run has seen it", async () => {
        const account = await startAccount();
        const old = await registered(account);
        const session = account.run();
        await read(session, old.id, old.outputs, old.of);
        await createIn(session, generation("b"));
        await createIn(session, generation("c"));
        await expect(removeIn(session, old)).rejects.toMatchObject({ name: "OverlapError" });
    });

    test("also where a refresh of the same run has found that somebody rotated the secret of the one that remains", async () => {
        const account = await startAccount();
        const [old, newest] = [await registered(account), await registered(account, generation("b"))];
        account.emulator.rotate(newest.id);
        const session = account.run({ listLagMs: 50 });
        await read(session, old.id, old.outputs, old.of);
        const found = {
            ...newest,
            outputs: stored(await read(session, newest.id, newest.outputs, newest.of)),
        } as Saved;
        expect(found.outputs.secret).not.toBe(newest.outputs.secret);
        // After a refresh the host first asks for the difference to what was read, then for that to the program.
        await session.diff(newest.of, { id: newest.id, properties: found.outputs, resource: newest.of }, inputs);
        await keepIn(session, found);
        await expect(removeIn(session, old)).rejects.toMatchObject({ name: "OverlapError" });
    });

    test("each one, where the program drops several of which none remains", async () => {
        const account = await startAccount();
        const olds = [await registered(account, generation("a")), await registered(account, generation("b"))];
        const session = account.run();
        await createIn(session, generation("c"));
        for (const old of olds) await expect(removeIn(session, old)).rejects.toMatchObject({ name: "OverlapError" });
        expect(account.emulator.webhooks).toHaveLength(3);
    });

    test("where only the secret of another webhook is proven, and where only another rotating webhook has one that remains", async () => {
        const account = await startAccount();
        const old = await registered(account);
        const other = await registered(account, generation("a", { family: "billing" }));
        const { proofs, session } = runWithProofs(account);
        await keepIn(session, other);
        await createIn(session);
        proofs.add(secretOf(other));
        proofs.add(secretOf(old));
        await expect(removeIn(session, old)).rejects.toMatchObject({ name: "OverlapError" });
    });

    test("where another rotating webhook may drop its generations at once", async () => {
        const account = await startAccount();
        const old = await registered(account);
        const session = account.run();
        await createIn(session, generation("b", { family: "billing", dropsAtOnce: true }));
        await createIn(session);
        await expect(removeIn(session, old)).rejects.toMatchObject({ name: "OverlapError" });
    });
});

test("a generation is kept where its successor was adopted in the same run: it may be what a killed run has left", async () => {
    const account = await startAccount();
    const old = await registered(account);
    const stranger = account.emulator.register(renders);
    const session = account.run();
    const of = generation("b");
    const adopting = { ...inputs, adopt: stranger.id };
    await session.check(of, {}, adopting);
    await create(session, adopting, of);
    await expect(removeIn(session, old)).rejects.toMatchObject({ name: "OverlapError" });
    await removeIn(account.run(), old);
    expect(account.emulator.webhooks.map(({ id }) => id)).toEqual([stranger.id]);
});

describe("a preview after a refresh says that a run will drop the last generation that receivers know", () => {
    const newest = (name: string, more = {}): Resource => {
        const of = generation(name, more);
        return { ...of, siblings: { family: of.siblings?.family ?? "", ids: [], newer: 0, isNewest: true } };
    };
    /** The host has read what the state has, and asks only for a check of what the program declares. */
    async function preview(account: Account, state: readonly Saved[], program: readonly Resource[]) {
        const session = account.run();
        for (const { id, outputs, of } of state) await read(session, id, outputs, of);
        account.notes.splice(0);
        for (const of of program) await session.check(of, {}, { ...inputs });
        return account.notes.splice(0);
    }

    test("and that it is kept, or deleted where the program says so", async () => {
        const account = await startAccount();
        const old = await registered(account);
        const [kept = ""] = await preview(account, [old], [newest("b")]);
        expect(kept).toContain(`"renders-b" (api.example.com): no older generation stays beside it`);
        expect(kept).toContain(`keeps ${old.id}, and fails, unless a DeliveryCheck`);
        const [dropped = ""] = await preview(account, [old], [newest("b", { dropsAtOnce: true })]);
        expect(dropped).toContain(`${old.id} will be deleted in the run that registers it, by \`dropAtOnce\``);
    });

    test("and nothing where one stays, where there was none, or where only another rotating webhook has one", async () => {
        const account = await startAccount();
        const [a, b] = [await registered(account, generation("a")), await registered(account, generation("b"))];
        const other = await registered(account, generation("a", { family: "billing" }));
        expect(await preview(account, [a, b, other], [newest("b")])).toEqual([]);
        expect(await preview(account, [a], [generation("a"), newest("b")])).toEqual([]);
        expect(await preview(account, [other], [newest("b")])).toEqual([]);
        expect(await preview(account, [], [newest("b")])).toEqual([]);
        // One that is put behind those that stay.
        expect(await preview(account, [b], [generation("a"), newest("b")])).toEqual([]);
    });
});

describe("a generation is deleted at once", () => {
    test("where one remains that was there before this run", async () => {
        const account = await startAccount();
        const [a, b] = [await registered(account, generation("a")), await registered(account, generation("b"))];
        const session = account.run();
        await keepIn(session, b);
        await createIn(session, generation("c"));
        await removeIn(session, a);
        expect(isThere(account, a.id)).toBe(false);
    });

    test("where this run has proven that receivers know a successor, whichever it is", async () => {
        for (const proven of [0, 1] as const) {
            const account = await startAccount();
            const old = await registered(account);
            const { proofs, session } = runWithProofs(account);
            const successors = [
                await createIn(session, generation("b")),
                await createIn(session, generation("c")),
            ] as const;
            proofs.add(secretOf(successors[proven]));
            await removeIn(session, old);
            expect(isThere(account, old.id)).toBe(false);
        }
    });

    test("where the program says `dropAtOnce`", async () => {
        const account = await startAccount();
        const old = await registered(account);
        const session = account.run();
        await createIn(session, generation("b", { dropsAtOnce: true }));
        await removeIn(session, old);
        expect(isThere(account, old.id)).toBe(false);
    });

    test("where nothing is to remain: the whole rotating webhook has left the program, or the stack is destroyed", async () => {
        for (const refreshes of [false, true]) {
            const account = await startAccount();
            const all = [await registered(account, generation("a")), await registered(account, generation("b"))];
            const session = account.run();
            for (const { id, outputs, of } of refreshes ? all : []) await read(session, id, outputs, of);
            for (const one of all) await removeIn(session, one);
            expect(account.emulator.webhooks).toEqual([]);
        }
    });

    test("where it is the old half of its own replacement, which the engine deletes after everything else", async () => {
        const account = await startAccount();
        const old = await registered(account);
        const session = account.run();
        await session.check(old.of, { ...inputs }, { ...inputs });
        const saved = { id: old.id, properties: old.outputs, resource: old.of };
        await session.diff(old.of, saved, inputs, () => "replaced");
        const { id } = await create(session, inputs, old.of);
        await removeIn(session, old);
        expect(account.emulator.webhooks.map((webhook) => webhook.id)).toEqual([id]);
    });
});

test("a plain webhook is deleted at once, also where another one is registered on its URL", async () => {
    const account = await startAccount();
    const old = await registered(account, resource("old"));
    const session = account.run();
    await createIn(session, resource("new"));
    await removeIn(session, old);
    expect(isThere(account, old.id)).toBe(false);
});
