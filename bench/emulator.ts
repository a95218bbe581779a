// What the emulator can take: so many webhooks and deliveries that it never is what another measurement measures.
import autocannon from "autocannon";
import { Child } from "./child";
import type { Figure, Report, Section } from "./measure";

type Emulator = Child<{ readonly url: string; readonly apiKey: string }>;

const manyWebhooks = 10_000;
/** How many webhooks are sent the event of one video. */
const audiences = [20, manyWebhooks];
const pages = 50;
/** As many calls and deliveries as the emulator keeps: after so many, it has all that it will ever have. */
const mostKept = 10_000;

export async function measureEmulator(rounds: number, report: Report): Promise<Section> {
    return {
        title: "Emulator",
        figures: [
            ...(await measureMany(rounds, report)),
            ...(await measureDeliveries(rounds, report)),
            ...(await measureDay(report)),
        ],
        notes: [
            `Webhooks: ${manyWebhooks.toLocaleString("en")} registered by autocannon on 10 connections, then one \`/list\`.`,
            `Deliveries: ${manyWebhooks.toLocaleString("en")} to a receiver in another process, each on a connection of ` +
                "its own.",
            `A day in short: ${mostKept.toLocaleString("en")} calls, as many deliveries, and ${pages} pages that open ` +
                "and close, so that the journals are full; then all of it again. The emulator's clock runs a thousand " +
                "times as fast. The ratio is that of the heaps after the second and the first time; measured once.",
        ],
    };
}

async function measureMany(rounds: number, report: Report): Promise<readonly Figure[]> {
    const registered: number[] = [];
    const milliseconds: number[] = [];
    const bytes: number[] = [];
    for (let round = 1; round <= rounds; round++) {
        report(`Emulator: ${manyWebhooks.toLocaleString("en")} webhooks, round ${round} of ${rounds}`);
        await withEmulator(1, async (emulator) => {
            registered.push(await registerMany(emulator));
            const started = performance.now();
            const text = await call(emulator, "list");
            milliseconds.push(performance.now() - started);
            bytes.push(Buffer.byteLength(text));
        });
    }
    const name = `/list of ${manyWebhooks.toLocaleString("en")} webhooks`;
    return [
        { name: "/register", unit: "calls/s", values: registered },
        { name, unit: "ms", values: milliseconds },
        { name, unit: "bytes", values: bytes },
    ];
}

async function registerMany({ ready }: Emulator): Promise<number> {
    const started = performance.now();
    const { non2xx, errors } = await autocannon({
        url: `${ready.url}/api/webhooks/register`,
        connections: 10,
        amount: manyWebhooks,
        // How often it looks whether it is done, in milliseconds.
        sampleInt: 20,
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": ready.apiKey },
        idReplacement: true,
        body: JSON.stringify({ url: "https://api.example.com/[<id>]", enabledEvents: ["creator.success"] }),
    });
    if (non2xx + errors > 0) throw new Error("The emulator did not register every webhook.");
    return manyWebhooks / ((performance.now() - started) / 1000);
}

async function measureDeliveries(rounds: number, report: Report): Promise<readonly Figure[]> {
    const cases = audiences.map((webhooks) => ({ webhooks, values: [] as number[] }));
    const receiver = await Child.start<string>("server.mjs", "plain");
    try {
        await withEmulator(1, async (emulator) => {
            const deliver = (webhooks: number): Promise<number> =>
                emulator.ask<number>({ videos: manyWebhooks / webhooks, webhooks, url: receiver.ready });
            await deliver(20);
            for (let round = 1; round <= rounds; round++) {
                report(`Emulator: deliveries, round ${round} of ${rounds}`);
                for (const { webhooks, values } of cases) values.push(await deliver(webhooks));
            }
        });
    } finally {
        await receiver.end();
    }
    return cases.map(({ webhooks, values }) => ({
        name: `deliveries, to ${webhooks.toLocaleString("en")} webhooks a video`,
        unit: "/s",
        values,
        goal: { atLeast: 2_000 },
    }));
}

async function measureDay(report: Report): Promise<readonly Figure[]> {
    const receiver = await Child.start<string>("server.mjs", "plain");
    try {
        return await withEmulator(1_000, async (emulator) => {
            report("Emulator: memory over a day");
            await useForAWhile(emulator, receiver.ready);
            const noon = await emulator.ask<number>("heap");
            await useForAWhile(emulator, receiver.ready);
            const evening = await emulator.ask<number>("heap");
            return [
                { name: "heap after a day", unit: "MB", values: [evening / 1e6] },
                {
                    name: "heap in the evening over that at noon",
                    unit: "ratio",
                    values: [evening / noon],
                    goal: { atMost: 1.1 },
                },
            ];
        });
    } finally {
        await receiver.end();
    }
}

async function useForAWhile(emulator: Emulator, receiver: string): Promise<void> {
    for (let page = 0; page < pages; page++) {
        const closing = new AbortController();
        await fetch(`${emulator.ready.url}/_emulator/live`, { signal: closing.signal });
        for (let calls = 0; calls < mostKept / pages; calls += 4) {
            const { id } = JSON.parse(
                await call(emulator, "register", { url: receiver, enabledEvents: ["creator.success"] }),
            );
            await call(emulator, "update", { id });
            await call(emulator, "list");
            await call(emulator, "delete", { id });
        }
        await (await fetch(`${emulator.ready.url}/_emulator/view`)).text();
        await emulator.ask<number>({ videos: mostKept / pages, webhooks: 1, url: receiver });
        closing.abort();
    }
}

async function call({ ready }: Emulator, endpoint: string, body?: object): Promise<string> {
    const response = await fetch(`${ready.url}/api/webhooks/${endpoint}`, {
        method: "POST",
        headers: { "x-api-key": ready.apiKey, ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`/${endpoint} was answered with ${response.status}: ${text}`);
    return text;
}

async function withEmulator<Result>(speed: number, use: (emulator: Emulator) => Promise<Result>): Promise<Result> {
    const emulator: Emulator = await Child.start("emulator.mjs", String(speed));
    try {
        return await use(emulator);
    } finally {
        await emulator.end();
    }
}
