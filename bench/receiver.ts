// What it costs to receive deliveries with this package: to verify them, to serve them, to remember them.
import autocannon from "autocannon";
import { Child } from "./child";
import type { Figure, Report, Section } from "./measure";

const secret = `whsec_${"0".repeat(43)}`;
const secondsOfLoad = 3;
const connections = 10;
const million = 1_000_000;
const settled = 200_000;

export async function measureReceiver(rounds: number, report: Report): Promise<Section> {
    return {
        title: "Receiver",
        figures: [
            ...(await measureVerification(rounds, report)),
            ...(await measureServers(rounds, report)),
            ...(await measureMemory(report)),
        ],
        notes: [
            "Verification: one delivery after the other, with the secrets as a list; each is hashed and compared.",
            `Servers: Node's http in a process of its own, loaded by autocannon for ${secondsOfLoad} s on ${connections} ` +
                "connections that stay open, in turns. The server without a receiver reads and parses the body, and " +
                "answers. Its own time is what the process computes, without what the system does for it: it does not " +
                "depend on what else the machine does, nor on whether the load is what it waits for.",
            `Memory: the heap after ${million.toLocaleString("en")} deliveries of different videos to one receiver with ` +
                `the default dedupe, and its ratio to that after ${settled.toLocaleString("en")}; measured once.`,
        ],
    };
}

async function measureVerification(rounds: number, report: Report): Promise<readonly Figure[]> {
    const cases = [1, 2, 10].flatMap((secrets) => [
        { secrets, genuine: true, values: [] as number[] },
        { secrets, genuine: false, values: [] as number[] },
    ]);
    const child = await Child.start("verify.mjs");
    try {
        for (let round = 1; round <= rounds; round++) {
            report(`Receiver: verification, round ${round} of ${rounds}`);
            for (const { secrets, genuine, values } of cases) {
                values.push(await child.ask<number>({ secrets, genuine }));
            }
        }
    } finally {
        await child.end();
    }
    return cases.map(({ secrets, genuine, values }) => {
        const which = genuine ? "the last of them right" : "none of them right";
        return {
            name: `verifications, ${secrets} ${secrets === 1 ? "secret" : "secrets"}, ${which}`,
            unit: "/s",
            values,
        };
    });
}

interface Load {
    readonly perSecond: number;
    /** What 99 of 100 requests do not exceed, in milliseconds. */
    readonly p99: number;
    /** How long the server computed for one request, in microseconds. */
    readonly own: number;
}

async function measureServers(rounds: number, report: Report): Promise<readonly Figure[]> {
    const receiver = await Child.start<string>("server.mjs", "receiver", secret);
    const plain = await Child.start<string>("server.mjs", "plain");
    const loads: { receiver: Load; plain: Load }[] = [];
    try {
        for (const server of [receiver, plain]) await load(server, 1);
        for (let round = 1; round <= rounds; round++) {
            report(`Receiver: servers, round ${round} of ${rounds}`);
            loads.push({ receiver: await load(receiver, secondsOfLoad), plain: await load(plain, secondsOfLoad) });
        }
    } finally {
        await Promise.all([receiver.end(), plain.end()]);
    }
    const figures = (name: string, unit: string, value: (load: Load) => number): readonly Figure[] => [
        { name: `${name}, with a receiver`, unit, values: loads.map((each) => value(each.receiver)) },
        { name: `${name}, without`, unit, values: loads.map((each) => value(each.plain)) },
    ];
    return [
        ...figures("requests", "/s", ({ perSecond }) => perSecond),
        {
            name: "requests with a receiver over those without",
            unit: "ratio",
            values: loads.map((each) => each.receiver.perSecond / each.plain.perSecond),
            goal: { atLeast: 0.95 },
        },
        ...figures("99 % of the answers within", "ms", ({ p99 }) => p99),
        ...figures("the server's own time", "µs a request", ({ own }) => own),
    ];
}

async function load(server: Child<string>, duration: number): Promise<Load> {
    const before = await server.ask<number>("own time");
    const result = await autocannon({
        url: server.ready,
        connections,
        duration,
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
        // Another video each time: repeats would only be recognized.
        idReplacement: true,
        body: JSON.stringify({
            url: `https://videos.example.com/1.mp4?X-Amz-Signature=${"0".repeat(64)}`,
            event: "creator.success",
            operationId: "[<id>]",
            creditsSpent: 12,
        }),
    });
    if (result.non2xx + result.errors > 0) throw new Error("The server did not accept every delivery.");
    const own = (await server.ask<number>("own time")) - before;
    const { total } = result.requests;
    return { perSecond: total / result.duration, p99: result.latency.p99, own: own / total };
}

async function measureMemory(report: Report): Promise<readonly Figure[]> {
    const child = await Child.start("remember.mjs");
    try {
        report(`Receiver: memory over ${million.toLocaleString("en")} deliveries`);
        const early = await child.ask<number>(settled);
        const late = await child.ask<number>(million - settled);
        return [
            { name: "heap after 1,000,000 deliveries", unit: "MB", values: [late / 1e6] },
            {
                name: "heap after 1,000,000 deliveries over that after 200,000",
                unit: "ratio",
                values: [late / early],
                goal: { atMost: 1.1 },
            },
        ];
    } finally {
        await child.end();
    }
}
