// Whether a provider's own work for a webhook stays the same, however many there are in the stack and in the account:
// the CPU time of its process, which is asked as the engine would ask it.
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import {
    CheckRequest,
    type CheckResponse,
    ConfigureRequest,
    CreateRequest,
    type CreateResponse,
    DiffRequest,
    DiffResponse,
    ReadRequest,
    type ReadResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import type { Message } from "google-protobuf";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { type Emulator, startEmulator } from "../emulator";
import { inFolder } from "./lives";
import { type Figure, median, type Report, type Section } from "./measure";
import { nullDynamicProvider } from "./peers/null-dynamic";
import { bundleNullPlugin, nullPluginFile } from "./peers/null-plugin";
import { cpuOf } from "./processes";
import { type ProviderProcess, startProvider } from "./provider-process";
import { layOutPackages } from "./subjects";

const root = join(__dirname, "..");
/** As many requests at a time as the engine makes by default on 2 cores. */
const atOnce = 8;
const foreign = 10_000;

type Properties = Record<string, JavaScriptValue>;

const dynamicHost = {
    command: [process.execPath, require.resolve("@pulumi/pulumi/cmd/dynamic-provider")],
    type: "pulumi-nodejs:dynamic/captions:Webhook",
};
/** Host inputs of a dynamic resource, whose provider is this module. */
const servedBy =
    (module: string) =>
    (name: string): Properties => ({
        __provider: `exports.handler = () => require(${JSON.stringify(module)});`,
        __owner: [name],
    });

/** How a webhook is told to a provider of each front. */
const fronts: Readonly<Record<Front, Served>> = {
    dynamic: { ...dynamicHost, inputs: servedBy("pulumi-captions/provider") },
    plugin: {
        command: [process.execPath, join(root, "dist/plugin/pulumi-resource-captions.cjs")],
        type: "captions:index:Webhook",
    },
    "null dynamic": { ...dynamicHost, inputs: servedBy(nullDynamicProvider) },
    "null plugin": {
        command: [process.execPath, `./${nullPluginFile}`],
        type: "captionsnull:index:Webhook",
        prepare: bundleNullPlugin,
    },
};

interface Served {
    readonly command: readonly string[];
    readonly type: string;
    /** What the resource has beside URL and events. Default: nothing. */
    readonly inputs?: (name: string) => Properties;
    /** What has to be in the folder in which it is started. Default: nothing. */
    readonly prepare?: (folder: string) => Promise<void>;
}

/** This package's, and those that do nothing. */
const own = ["dynamic", "plugin"] as const;
const floors = ["null dynamic", "null plugin"] as const;
type Front = (typeof own)[number] | (typeof floors)[number];

interface Work {
    /** CPU for each webhook, in milliseconds. */
    readonly create: number;
    readonly diff: number;
    readonly refresh: number;
}

/** @param counts in order; the work for a webhook among the most is compared with that among the ones before */
export async function measureGrowth(counts: readonly number[], rounds: number, report: Report): Promise<Section> {
    const figures: Figure[] = [];
    for (const front of [...own, ...floors]) {
        const all = new Map<number, Work[]>(counts.map((count) => [count, []]));
        for (let round = 0; round < rounds; round++) {
            for (const count of counts) {
                report(`${front}: the CPU time of ${count} webhooks, round ${round + 1} of ${rounds}`);
                all.get(count)?.push(await workFor(front, count));
            }
        }
        for (const [count, work] of all) figures.push(...stepFigures(front, count, work));
        if (!isOwn(front)) continue;
        const [most, before] = [...counts].reverse();
        if (most !== undefined && before !== undefined) {
            figures.push(...growthFigures(front, [before, all.get(before) ?? []], [most, all.get(most) ?? []]));
        }
        figures.push(...(await listFigures(front, rounds, report)));
    }
    return {
        title: "Growth",
        notes: [
            "CPU time of the provider's process, without the engine. Among few webhooks the most of it is work that is done " +
                `once, such as loading the HTTP client. Lists are of an account with ${foreign} webhooks of others.`,
        ],
        figures,
    };
}

const isOwn = (front: Front): boolean => (own as readonly Front[]).includes(front);

function stepFigures(front: Front, count: number, work: readonly Work[]): readonly Figure[] {
    return (["create", "diff", "refresh"] as const).map((step) => ({
        name: `${front}, ${step} among ${count}`,
        unit: "ms of CPU a webhook",
        values: work.map((one) => one[step]),
        of: { subject: front, step, count },
    }));
}

function growthFigures(
    front: Front,
    [fewer, before]: readonly [number, readonly Work[]],
    [more, after]: readonly [number, readonly Work[]],
): readonly Figure[] {
    return (["create", "diff", "refresh"] as const).map((step) => ({
        name: `${front}, ${step} among ${more} over ${fewer}`,
        unit: "ratio",
        values: after.map((one) => one[step] / median(before.map((other) => other[step]))),
        goal: { atMost: 1.2 },
        of: { subject: front, step, grown: `${fewer} to ${more}` },
    }));
}

/** A stack of so many: made, and then compared and read by a process of the next run. */
async function workFor(front: Front, count: number): Promise<Work> {
    return await inSurroundings(front, async ({ start }) => {
        const webhooks: Asked[] = [];
        const create = await start((ask) =>
            each(count, async (index) => {
                webhooks.push(await createWebhook(ask, front, index));
            }),
        );
        const diff = await start((ask) => each(count, (index) => diffWebhook(ask, webhooks[index])));
        const refresh = await start((ask) => each(count, (index) => readWebhook(ask, webhooks[index])));
        return { create: create / count, diff: diff / count, refresh: refresh / count };
    });
}

/** How often `/list` is called, and what it costs, with many webhooks in the account that are no part of the stack. */
async function listFigures(front: Front, rounds: number, report: Report): Promise<readonly Figure[]> {
    const figures: Figure[] = [];
    for (const count of [10, 1_000]) {
        report(`${front}: a refresh of ${count} beside ${foreign} webhooks of others`);
        const all: { readonly calls: number; readonly cpu: number }[] = [];
        for (let round = 0; round < rounds; round++) {
            all.push(
                await inSurroundings(front, async ({ emulator, start }) => {
                    const webhooks: Asked[] = [];
                    await start((ask) =>
                        each(count, async (index) => {
                            webhooks.push(await createWebhook(ask, front, index));
                        }),
                    );
                    for (let index = 0; index < foreign; index++) {
                        emulator.register({
                            url: `https://others.example.com/${index}`,
                            enabledEvents: ["creator.success"],
                        });
                    }
                    emulator.clearCalls();
                    const cpu = await start((ask) => each(count, (index) => readWebhook(ask, webhooks[index])));
                    return { calls: emulator.countCalls(), cpu };
                }),
            );
        }
        const of = { subject: front, step: "refresh", count, foreign };
        const name = `${front}, refresh of ${count} beside ${foreign}`;
        figures.push(
            { name: `${name}, calls`, unit: "calls", values: all.map(({ calls }) => calls), goal: { atMost: 1 }, of },
            { name, unit: "ms of CPU", values: all.map(({ cpu }) => cpu), of },
        );
    }
    return figures;
}

/** Asks a provider's process for something. */
type Ask = <Request extends Message, Response extends Message>(method: Method, request: Request) => Promise<Response>;
type Method = "check" | "create" | "diff" | "read";

interface Surroundings {
    readonly emulator: Emulator;
    /** Does something with a new process, and returns the CPU time that it took for it, in milliseconds. */
    readonly start: (work: (ask: Ask) => Promise<void>) => Promise<number>;
}

async function inSurroundings<T>(front: Front, work: (surroundings: Surroundings) => Promise<T>): Promise<T> {
    return await inFolder(async (folder) => {
        mkdirSync(join(folder, "node_modules"));
        layOutPackages(join(folder, "node_modules"));
        await fronts[front].prepare?.(folder);
        const emulator = await startEmulator();
        // In place of an engine: a provider that finds none ends.
        const engine = createServer().listen(0, "127.0.0.1");
        await once(engine, "listening");
        const address = `127.0.0.1:${(engine.address() as AddressInfo).port}`;
        const env = { ...process.env, CAPTIONS_API_KEY: emulator.apiKey, CAPTIONS_BASE_URL: emulator.baseUrl };
        try {
            return await work({
                emulator,
                start: async (task) => {
                    const provider = await startProvider([...fronts[front].command, address], { cwd: folder, env });
                    try {
                        await configure(provider);
                        const before = cpuOf(provider.pid) ?? Number.NaN;
                        await task(askerOf(provider));
                        return (cpuOf(provider.pid) ?? Number.NaN) - before;
                    } finally {
                        provider.stop();
                    }
                },
            });
        } finally {
            engine.close();
            await emulator.stop();
        }
    });
}

async function configure({ client }: ProviderProcess): Promise<void> {
    const request = new ConfigureRequest().setAcceptsecrets(true).setArgs(Struct.fromJavaScript({}));
    await new Promise<void>((resolve, reject) => {
        client.configure(request, (error: Error | null) => (error === null ? resolve() : reject(error)));
    });
}

function askerOf({ client }: ProviderProcess): Ask {
    const methods = client as unknown as Readonly<
        Record<Method, (request: Message, done: (error: Error | null, response: never) => void) => void>
    >;
    return (method, request) =>
        new Promise((resolve, reject) => {
            methods[method].call(client, request, (error, response) =>
                error === null ? resolve(response) : reject(error),
            );
        });
}

/** A webhook that was made, as the engine would tell it. */
interface Asked {
    readonly urn: string;
    readonly type: string;
    readonly id: string;
    readonly inputs: Struct;
    readonly outputs: Struct;
}

async function createWebhook(ask: Ask, front: Front, index: number): Promise<Asked> {
    const { type, inputs: inputsOf } = fronts[front];
    const name = `webhook-${index}`;
    const urn = `urn:pulumi:bench::bench::${type}::${name}`;
    const news = Struct.fromJavaScript({
        ...inputsOf?.(name),
        url: `https://api.example.com/${index}`,
        enabledEvents: ["creator.success"],
    });
    const checked = await ask<CheckRequest, CheckResponse>(
        "check",
        new CheckRequest().setUrn(urn).setType(type).setOlds(new Struct()).setNews(news),
    );
    const inputs = checked.getInputs() ?? news;
    const created = await ask<CreateRequest, CreateResponse>(
        "create",
        new CreateRequest().setUrn(urn).setType(type).setProperties(inputs),
    );
    return { urn, type, id: created.getId(), inputs, outputs: created.getProperties() ?? inputs };
}

async function diffWebhook(ask: Ask, webhook: Asked | undefined): Promise<void> {
    if (webhook === undefined) return;
    const { urn, type, id, inputs, outputs } = webhook;
    const response = await ask<DiffRequest, DiffResponse>(
        "diff",
        new DiffRequest().setUrn(urn).setType(type).setId(id).setOlds(outputs).setOldInputs(inputs).setNews(inputs),
    );
    if (response.getChanges() !== DiffResponse.DiffChanges.DIFF_NONE) throw new Error(`${urn} has changed.`);
}

async function readWebhook(ask: Ask, webhook: Asked | undefined): Promise<void> {
    if (webhook === undefined) return;
    const { urn, type, id, inputs, outputs } = webhook;
    const response = await ask<ReadRequest, ReadResponse>(
        "read",
        new ReadRequest().setUrn(urn).setType(type).setId(id).setInputs(inputs).setProperties(outputs),
    );
    if (response.getId() !== id) throw new Error(`${urn} is gone.`);
}

/** So many times, a few at a time. */
async function each(count: number, work: (index: number) => Promise<void>): Promise<void> {
    let next = 0;
    await Promise.all(
        Array.from({ length: atOnce }, async () => {
            while (next < count) await work(next++);
        }),
    );
}
