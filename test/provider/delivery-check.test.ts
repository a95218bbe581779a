import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { deliveryCheckProvider } from "../../provider/dynamic/delivery-check-provider";
import { Proofs, versionOf } from "../../provider/lifecycle";
import { stored } from "../support/account";

const marker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const newest = "whsec-Zk3Rt9Qm2xVb";
const older = "whsec-Hn7Lp4Wc8sYd";

interface Receiver {
    readonly url: string;
    /** The secrets of what it was sent, in order. */
    readonly received: readonly string[];
    known: readonly string[];
    acceptsAnything: boolean;
}

/** A receiver that knows just what it is told; with several instances each request comes to the next one. */
async function startReceiver(
    known: readonly string[],
    instances: readonly (readonly string[])[] = [],
): Promise<Receiver> {
    const received: string[] = [];
    let turn = 0;
    const server: Server = createServer((request, response) => {
        const secret = (request.headers.authorization ?? "").replace(/^Bearer /, "");
        received.push(secret);
        const index = turn++ % Math.max(1, instances.length);
        if (instances.length > 0) response.setHeader("Captions-Receiver-Instance", `instance-${index}`);
        const isKnown = [...receiver.known, ...(instances[index] ?? [])].includes(secret);
        request.resume().once("end", () => {
            response.writeHead(isKnown || receiver.acceptsAnything ? 200 : 401, { "WWW-Authenticate": "Bearer" }).end();
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
        server.closeAllConnections();
        server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/t0ken-in-the-path`;
    const receiver: Receiver = { url, received, known, acceptsAnything: false };
    return receiver;
}

/** A process of the host: what it is given and what it gives is as the engine hands it over and keeps it. */
function startHost() {
    const proofs = new Proofs();
    const notes: string[] = [];
    const provider = deliveryCheckProvider(proofs, (line) => notes.push(line), new AbortController().signal);
    const steps = {
        check: async (news: Properties) => stored(await has(provider.check)({}, stored(news))),
        diff: async (olds: Properties, news: Properties) => await has(provider.diff)("id", stored(olds), stored(news)),
        /** What the engine does for a resource that is new. @returns what it saves */
        create: async (news: Properties): Promise<Properties> => {
            const { inputs } = await steps.check(news);
            return stored((await has(provider.create)(inputs)).outs ?? {});
        },
        /**
         * What the engine does for a resource that it has saved.
         *
         * @returns what it saves; undefined where nothing changed
         */
        update: async (olds: Properties, news: Properties): Promise<Properties | undefined> => {
            const { inputs } = await steps.check(news);
            if (!(await steps.diff(olds, inputs)).changes) return undefined;
            return stored((await has(provider.update)("id", olds, inputs)).outs ?? {});
        },
    };
    return { ...steps, provider, proofs, notes };
}

type Properties = Record<string, unknown>;

function has<T>(method: T | undefined): T {
    if (method === undefined) throw new Error("The provider lacks a method.");
    return method;
}

/** What a program declares, with what the constructor adds. */
const declared = (url: unknown, secrets: unknown, more: Properties = {}): Properties => ({
    url,
    secrets,
    waitSeconds: 0,
    steadySeconds: 0,
    ...more,
    __provider: "text",
    __owner: ["receivers"],
});

const failure = (running: Promise<unknown>): Promise<Error> =>
    running.then(
        () => expect.unreachable("It did not fail."),
        (error: Error) => error,
    );

/** All that anybody could print of an error. */
const shown = (error: Error) => `${error} ${error.name} ${error.message} ${error.stack} ${JSON.stringify(error)}`;

describe("check", () => {
    test("hands on the secrets' versions in place of the secrets, and all else as it is", async () => {
        const { check } = startHost();
        const news = declared("https://api.example.com/hooks", [newest, older], {
            triggers: { build: "7" },
            instances: 2,
        });
        const { inputs, failures } = await check(news);
        expect(failures).toEqual([]);
        expect(inputs).toEqual({ ...news, secrets: [versionOf(newest), versionOf(older)] });
        expect(JSON.stringify(inputs)).not.toContain("whsec");
    });

    test("finds nothing wrong with what is not known yet in a preview", async () => {
        const { check } = startHost();
        const open = {
            url: marker,
            secrets: marker,
            waitSeconds: marker,
            steadySeconds: marker,
            instances: marker,
            triggers: { build: marker },
        };
        expect(await check(declared("", [], open))).toMatchObject({ failures: [], inputs: open });
        expect((await check(declared(["https://api.example.com/hooks", marker], marker))).failures).toEqual([]);
    });

    test.each<[string, Properties]>([
        ["url", { url: "hunter2-9fJ2kQ7x" }],
        ["url", { url: ["https://api.example.com", "hunter2-9fJ2kQ7x"] }],
        ["url", { url: [] }],
        ["url", { url: null }],
        ["url", { url: { href: "hunter2-9fJ2kQ7x" } }],
        ["secrets", { secrets: [] }],
        ["secrets", { secrets: null }],
        ["secrets", { secrets: "hunter2-9fJ2kQ7x" }],
        ["secrets", { secrets: [""] }],
        ["secrets", { secrets: [{ value: "hunter2-9fJ2kQ7x" }] }],
        ["waitSeconds", { waitSeconds: "hunter2-9fJ2kQ7x" }],
        ["waitSeconds", { waitSeconds: -1 }],
        ["waitSeconds", { waitSeconds: 86_401 }],
        ["steadySeconds", { steadySeconds: "60" }],
        ["steadySeconds", { steadySeconds: 3_601 }],
        ["instances", { instances: 0 }],
        ["instances", { instances: 1.5 }],
        ["instances", { instances: "hunter2-9fJ2kQ7x" }],
    ])("names %s where it is malformed, and never its value (%j)", async (name, wrong) => {
        const { check, provider } = startHost();
        const news = { ...declared("https://api.example.com/hooks", [newest]), ...wrong };
        const { failures = [] } = await check(news);
        expect(failures.map(({ reason }) => reason)).toEqual([expect.stringMatching(new RegExp(`^${name}: must be `))]);
        // The engine prints the value of a property that a failure names.
        expect(failures.map(({ property }) => property)).toEqual([""]);
        expect(JSON.stringify(failures)).not.toMatch(/hunter2|whsec/);
        // Also where the engine went on all the same.
        const error = await failure(has(provider.create)(news));
        expect(shown(error)).not.toMatch(/hunter2|whsec/);
    });
});

describe("a check is run again", () => {
    const url = "https://api.example.com/hooks";
    const settings = { triggers: { build: "7" }, instances: 1 };

    /** Whether it is, after one that has proven both secrets. */
    async function isRunAgain(change: Properties): Promise<boolean | undefined> {
        const before = declared(url, [newest, older], settings);
        const saved = { ...before, secrets: [versionOf(newest), versionOf(older)], provenAt: "2026-11-27T00:00:00Z" };
        const { check, diff } = startHost();
        const { inputs } = await check({ ...before, ...change });
        return (await diff(saved, inputs)).changes;
    }

    test.each<[string, Properties]>([
        ["for a new secret", { secrets: ["whsec-Bd5Tf1Ng6uKe", newest] }],
        ["for another URL", { url: "https://api.example.com/other" }],
        ["for a list of URLs", { url: [url, "https://billing.example.com/hooks"] }],
        ["for other triggers", { triggers: { build: "8" } }],
        ["for no triggers any more", { triggers: undefined }],
        ["for another number of instances", { instances: 2 }],
        ["in a preview, for secrets that are not known yet", { secrets: marker }],
        ["in a preview, for a URL that is not known yet", { url: marker }],
        ["in a preview, for a trigger that is not known yet", { triggers: { build: marker } }],
    ])("%s", async (_, change) => {
        expect(await isRunAgain(change)).toBe(true);
    });

    test.each<[string, Properties]>([
        ["where nothing changed", {}],
        ["for a secret that was dropped", { secrets: [newest] }],
        ["for another order", { secrets: [older, newest] }],
        ["for other waits", { waitSeconds: 900, steadySeconds: 5 }],
        ["for another text of the provider", { __provider: "another text" }],
    ])("not %s", async (_, change) => {
        expect(await isRunAgain(change)).toBe(false);
    });
});

describe("a run", () => {
    test("sends each secret and a wrong one, saves versions and when it was, and notes the proof", async () => {
        const receiver = await startReceiver([newest, older]);
        const { create, proofs, notes } = startHost();
        const saved = await create(declared(receiver.url, [newest, older]));
        expect(receiver.received).toHaveLength(3);
        expect(receiver.received).toEqual(expect.arrayContaining([newest, older]));
        expect(saved).toMatchObject({ secrets: [versionOf(newest), versionOf(older)] });
        expect(Date.now() - Date.parse(String(saved.provenAt))).toBeLessThan(60_000);
        expect(JSON.stringify(saved)).not.toContain("whsec");
        expect([newest, older, "another"].map((secret) => proofs.has(secret))).toEqual([true, true, false]);
        expect(notes).toEqual([]);
    });

    test.each<[string, Partial<Receiver>, RegExp]>([
        ["know only the older secret", { known: [older] }, /newest secret was rejected \(401\)/],
        ["know none", { known: [] }, /2nd secret was rejected \(401\)|was rejected alike \(401\)/],
        ["accept anything", { acceptsAnything: true }, /does not check the secret/],
    ])("fails with what was seen and what to do where receivers %s", async (_, change, sentence) => {
        const receiver = await startReceiver([newest, older]);
        const host = startHost();
        const saved = await host.create(declared(receiver.url, [older]));
        Object.assign(receiver, change);
        const wanted = declared(receiver.url, [newest, older]);
        for (const running of [() => host.create(wanted), () => host.update(saved, wanted)]) {
            const error = await failure(running());
            expect(error.name).toBe("DeliveryCheckError");
            expect(error.message).toMatch(/^DeliveryCheck "receivers": /);
            expect(error.message).toMatch(sentence);
            expect(error.message).toMatch(/Nothing is deleted in this run: .* Run `pulumi up` again/);
            expect(shown(error)).not.toMatch(/whsec|t0ken-in-the-path|\.ts:\d+/);
            expect(host.proofs.has(newest)).toBe(false);
        }
    });

    test("fails where nobody answers", async () => {
        const server = createServer().listen(0, "127.0.0.1");
        await new Promise((resolve) => server.once("listening", resolve));
        const { port } = server.address() as AddressInfo;
        await new Promise((resolve) => server.close(resolve));
        const error = await failure(
            startHost().create(declared(`http://127.0.0.1:${port}/t0ken-in-the-path`, [newest])),
        );
        expect(error.message).toMatch(/Cannot connect to the receiver \(ECONNREFUSED\)/);
        expect(shown(error)).not.toMatch(/whsec|t0ken/);
    });

    test("waits until a receiver has learned the secret, and says once that it waits", async () => {
        const receiver = await startReceiver([]);
        const host = startHost();
        const learns = async () => {
            await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBeGreaterThan(4);
            receiver.known = [newest];
        };
        const [saved] = await Promise.all([
            host.create(declared(receiver.url, [newest], { waitSeconds: 60 })),
            learns(),
        ]);
        expect(saved).toMatchObject({ secrets: [versionOf(newest)] });
        expect(host.notes).toEqual(['"receivers" waits up to 60 s for the receivers to accept each secret']);
    });

    test("asks each of several URLs, and names the one that fails by its host", async () => {
        const [good, bad] = [await startReceiver([newest]), await startReceiver([older])];
        const host = startHost();
        const error = await failure(host.create(declared([good.url, bad.url], [newest])));
        expect(good.received).toHaveLength(2);
        expect(error.message).toContain(`${new URL(bad.url).origin}/…: `);
        expect(host.proofs.has(newest)).toBe(false);
        bad.known = [newest];
        await host.create(declared([good.url, bad.url], [newest]));
        expect(host.proofs.has(newest)).toBe(true);
    });

    test("with `instances` goes on until each has accepted each secret, and says how many have", async () => {
        const ready = await startReceiver([], [[newest], [newest], [newest]]);
        await startHost().create(declared(ready.url, [newest], { instances: 3, waitSeconds: 20 }));
        const secretsByInstance = ready.received.map((secret, index) => [index % 3, secret] as const);
        for (const instance of [0, 1, 2]) expect(secretsByInstance).toContainEqual([instance, newest]);

        const late = await startReceiver([], [[newest], [], [newest]]);
        const host = startHost();
        const error = await failure(host.create(declared(late.url, [newest], { instances: 3, waitSeconds: 1 })));
        expect(error.message).toMatch(
            /an instance of the receiver did not know it|instances have accepted each secret/,
        );
        expect(host.proofs.has(newest)).toBe(false);
        const uncounted = await startReceiver([newest]);
        const unnamed = await failure(startHost().create(declared(uncounted.url, [newest], { instances: 2 })));
        expect(unnamed.message).toContain("No answer had the header Captions-Receiver-Instance");
    });

    test("of a second secret asks for a while, and of the first one of a first deployment once", async () => {
        const receiver = await startReceiver([newest, older]);
        const { steadySeconds: _, ...unsaid } = declared(receiver.url, [older], { waitSeconds: 300 });
        const host = startHost();
        const saved = await host.create(unsaid);
        expect(receiver.received).toHaveLength(2);
        const error = failure(host.update(saved, { ...unsaid, secrets: [newest, older] }));
        // Two rounds in which every answer was right are not enough.
        await expect.poll(() => receiver.received.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2 + 3 + 3);
        receiver.acceptsAnything = true;
        expect((await error).message).toContain("does not check the secret");
    });

    test("uses the secrets of its own resource, where a program has several", async () => {
        const [one, two] = [await startReceiver([newest]), await startReceiver([older])];
        const { provider } = startHost();
        const check = async (url: string, secret: string, owner: string) =>
            (await has(provider.check)({}, { ...declared(url, [secret]), __owner: [owner] })).inputs;
        const inputs = [await check(one.url, newest, "one"), await check(two.url, older, "two")];
        const created = await Promise.all(inputs.map((news) => has(provider.create)(news)));
        expect(new Set(created.map(({ id }) => id)).size).toBe(2);
        expect([one.received.includes(older), two.received.includes(newest)]).toEqual([false, false]);
    });
});

test("what was proven is read back as it is, and deleting it asks nobody", async () => {
    const receiver = await startReceiver([newest]);
    const { create, provider } = startHost();
    const saved = await create(declared(receiver.url, [newest]));
    receiver.known = [];
    expect(await has(provider.read)("id", saved)).toEqual({ id: "id", props: saved });
    await has(provider.delete)("id", saved);
    expect(receiver.received).toHaveLength(2);
});
