import { expect, test } from "vitest";
import { unknown } from "../../provider/lifecycle";
import { Session } from "../../provider/session";
import { create, keep, read, renders, resource, startAccount, stored } from "../support/account";

test("an update that will rotate is told in a line, once, with the resource's name and the reason", async () => {
    const { run, notes } = await startAccount();
    const { id, outputs } = await create(run(), renders);
    const session = run();
    const wanted = { ...renders, url: "https://api.example.com/other", rotateWhenChanged: { a: 1 } };
    await keep(session, id, stored(outputs), wanted);
    await keep(session, id, stored(outputs), wanted);
    expect(notes).toEqual([
        `"renders" (${id}): its secret will be rotated by this change of url and rotateWhenChanged`,
    ]);
});

test("a change that is not known yet is told as such", async () => {
    const { run, notes } = await startAccount();
    const { id, outputs } = await create(run(), renders);
    await keep(run(), id, stored(outputs), { ...renders, url: unknown as unknown as string });
    expect(notes).toEqual([`"renders" (${id}): its secret will be rotated if url changes, which is not known yet`]);
});

test("nothing is told where nothing will rotate, nor in a refresh", async () => {
    const { run, emulator, notes } = await startAccount();
    const { id, outputs } = await create(run(), renders);
    await keep(run(), id, stored(outputs), { ...renders, enabledEvents: [...renders.enabledEvents].reverse() });
    emulator.update(id, { url: "https://elsewhere.example.com/" });
    const session = run({ listLagMs: 10 });
    const now = await read(session, id, stored(outputs));
    await session.diff(resource(), { id, properties: stored(now), resource: resource() }, renders);
    expect(notes).toEqual([]);
});

test("an adoption says what it took over", async () => {
    const { run, emulator, notes } = await startAccount();
    const { id } = emulator.register(renders);
    await create(run(), { ...renders, adopt: true });
    expect(notes).toEqual([`"renders" (${id}): took over ${id} with its secret; nothing was registered`]);
});

test("a preview without a key says, once, that an up will need one, and calls nothing", async () => {
    const notes: string[] = [];
    const fail = (): never => {
        throw new Error("opened");
    };
    const session = new Session({ names: [], hasKey: () => false, open: fail }, (line) => notes.push(line));
    await session.check(resource(), {}, renders);
    await session.check(resource("other"), {}, renders);
    expect(notes).toEqual([expect.stringContaining("there is no API key")]);
});

test("a refresh that finds all webhooks gone says that the key may be another account's", async () => {
    const { run, emulator, notes } = await startAccount();
    const created = await Promise.all(
        ["one", "two", "three"].map(async (name) => {
            const made = await create(run(), { ...renders, url: `https://${name}.example.com/` }, resource(name));
            return { name, ...made };
        }),
    );
    for (const { id } of created) emulator.remove(id);
    const session = run({ listLagMs: 10 });
    for (const { name, id, outputs } of created) await read(session, id, stored(outputs), resource(name));
    expect(notes.filter((line) => line.includes("no longer exists"))).toHaveLength(3);
    expect(notes.filter((line) => line.includes("another account"))).toHaveLength(1);
});

test("messages show a URL's host, and neither its path nor its query", async () => {
    const { run, emulator } = await startAccount();
    emulator.inject({ endpoint: "register", kind: "error-before", status: 422 });
    const failure = create(run(), { ...renders, url: "https://hooks.example.com/T0KEN/secret?key=T0KEN" });
    await expect(failure).rejects.toThrow('Webhook "renders" (hooks.example.com): ');
    await expect(failure).rejects.not.toThrow(/T0KEN/);
});
