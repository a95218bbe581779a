import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare, Response as MiniflareResponse } from "miniflare";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import type { DedupeStore } from "../../../receiver";
import { CaptionsDelivery } from "../../../receiver/stores/durable-object";
import { secret } from "../support";
import { handOnOnce, remembersDeliveries, TEST_MS } from "./contract";

let script: string;

beforeAll(async () => {
    const { outputFiles } = await build({
        entryPoints: [join(__dirname, "durable-object-script.ts")],
        bundle: true,
        format: "esm",
        platform: "neutral",
        write: false,
    });
    script = outputFiles[0]?.text ?? "";
});

/** Two Workers, each with its own memory, that share the Durable Objects of the first, until the test ends. */
async function start(handed: string[] = []) {
    const common = {
        modules: true,
        script,
        compatibilityDate: "2025-01-01",
        bindings: { CAPTIONS_WEBHOOK_SECRETS: secret },
        serviceBindings: {
            HANDED_ON: async (request: { text(): Promise<string> }) => {
                handed.push(await request.text());
                return new MiniflareResponse();
            },
        },
    };
    const className = "CaptionsDelivery";
    // In memory where the system allows it: each of the objects is a database, which waits for the disk.
    const persist = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "durable-objects-"));
    onTestFinished(() => rmSync(persist, { recursive: true, force: true }));
    const miniflare = new Miniflare({
        durableObjectsPersist: persist,
        workers: [
            { ...common, name: "one", durableObjects: { DELIVERIES: { className, useSQLite: true } } },
            {
                ...common,
                name: "other",
                durableObjects: { DELIVERIES: { className, scriptName: "one", useSQLite: true } },
            },
        ],
    });
    onTestFinished(() => miniflare.dispose());
    await miniflare.ready;
    const workers = await Promise.all(["one", "other"].map((name) => miniflare.getWorker(name)));
    return workers.map((worker) => async (path: string, body: unknown) => {
        const headers = { authorization: `Bearer ${secret}` };
        // miniflare's type of it needs a package of types that is not here.
        const { fetch } = worker as unknown as { fetch(url: string, init: object): Promise<Response> };
        return fetch(`http://worker${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    });
}

remembersDeliveries("durableObjectDedupe in workerd", async () => {
    const [call] = await start();
    const ask = async (step: string, ...args: unknown[]) =>
        JSON.parse((await (await call?.(`/${step}`, args))?.text()) ?? "");
    return {
        claim: (...args) => ask("claim", ...args),
        confirm: (...args) => ask("confirm", ...args),
        release: (...args) => ask("release", ...args),
    } satisfies DedupeStore;
});

test(
    "of 2,000 events that come to two Workers at the same moment, each is handed on once, with Durable Objects",
    async () => {
        const handed: string[] = [];
        const workers = await start(handed);
        const [one, other] = workers.map((call) => async (event: unknown) => (await call("/", event)).status);
        if (one === undefined || other === undefined) throw new Error("There are no Workers.");
        await handOnOnce([one, other], handed);
    },
    TEST_MS,
);

test("a Durable Object sets an alarm for the time when its entry ends, and forgets everything then", async () => {
    const storage = {
        get: vi.fn(async () => undefined),
        put: vi.fn(async () => undefined),
        deleteAll: vi.fn(async () => undefined),
        setAlarm: vi.fn(async (_time: number) => undefined),
    };
    const object = new CaptionsDelivery({ storage });
    const before = Date.now();
    await object.fetch({ url: "https://captions.invalid/confirm?owner=a&seconds=60" });
    expect(storage.setAlarm.mock.calls[0]?.[0]).toBeGreaterThanOrEqual(before + 60_000);
    await object.alarm();
    expect(storage.deleteAll).toHaveBeenCalledTimes(1);
});
