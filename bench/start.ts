// How long a provider takes from its start to its first answer, and with how much memory: the plugin, as it ships in
// the npm package and as a self-contained executable, beside Pulumi's host of dynamic providers; and what of that is
// this package's own.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildExecutable } from "../release/executable";
import { hostPlatform } from "../release/platforms";
import { inFolder } from "./lives";
import { type Figure, type Report, ratios, type Section } from "./measure";
import { peakOf } from "./processes";
import { startProvider } from "./provider-process";

const root = join(__dirname, "..");
const host = "host of dynamic providers";

interface Start {
    readonly milliseconds: number;
    readonly megabytes: number;
}

/** @param rounds how often each is started; a start is short, so that this should be more than of others */
export async function measureStarts(rounds: number, report: Report): Promise<Section> {
    return await inFolder(async (folder) => sectionOf(await providers(folder, report), rounds, report));
}

async function sectionOf(
    all: Readonly<Record<string, readonly string[]>>,
    rounds: number,
    report: Report,
): Promise<Section> {
    const starts = new Map(Object.keys(all).map((name) => [name, [] as Start[]]));
    const own: { milliseconds: number; megabytes: number }[] = [];
    report(`${rounds} starts of ${Object.keys(all).join(", ")}`);
    for (let round = 0; round < rounds; round++) {
        for (const [name, command] of Object.entries(all)) starts.get(name)?.push(await start(command));
        own.push(loadOwn());
    }
    const hosts = starts.get(host) ?? [];
    const figures = [...starts].flatMap(([subject, list]): readonly Figure[] => [
        timeOf(subject, list),
        memoryOf(subject, list),
        ...(subject === host ? [] : comparedWith(hosts, subject, list)),
    ]);
    return {
        title: "Start",
        notes: [
            "From the start of the process to its first answer; the memory is the most that it had until then. " +
                "What this package adds to the host: loading `pulumi-captions/provider` where `@pulumi/pulumi` is loaded.",
        ],
        figures: [
            ...figures,
            {
                name: "this package in the host of dynamic providers",
                unit: "ms of CPU",
                values: own.map(({ milliseconds }) => milliseconds),
                goal: { atMost: 25 },
                of: { subject: "own part" },
            },
            {
                name: "this package in the host of dynamic providers, memory",
                unit: "MB",
                values: own.map(({ megabytes }) => megabytes),
                goal: { atMost: 6 },
                of: { subject: "own part" },
            },
        ],
    };
}

/** The commands that start a provider, by what they are. */
async function providers(folder: string, report: Report): Promise<Readonly<Record<string, readonly string[]>>> {
    const plugin = join(root, "dist/plugin/pulumi-resource-captions.cjs");
    const platform = hostPlatform();
    const executable = join(folder, platform.executable);
    writeFileSync(executable, await buildExecutable(platform, plugin, { log: report }), { mode: 0o755 });
    return {
        [host]: [process.execPath, require.resolve("@pulumi/pulumi/cmd/dynamic-provider"), "127.0.0.1:1"],
        plugin: [process.execPath, plugin],
        "self-contained executable": [executable],
    };
}

async function start(command: readonly string[]): Promise<Start> {
    const started = performance.now();
    const provider = await startProvider(command);
    const milliseconds = performance.now() - started;
    const megabytes = peakOf(provider.pid) ?? Number.NaN;
    provider.stop();
    return { milliseconds, megabytes };
}

/** In a process of its own, where all that the host has loaded by itself is loaded. */
function loadOwn(): { readonly milliseconds: number; readonly megabytes: number } {
    const script = `
        require("@pulumi/pulumi/cmd/dynamic-provider/config"); require("@pulumi/pulumi");
        global.gc();
        const [cpu, heap] = [process.cpuUsage(), process.memoryUsage().heapUsed];
        require(${JSON.stringify(join(root, "dist/provider/dynamic/provider.js"))});
        const { user, system } = process.cpuUsage(cpu);
        global.gc();
        const megabytes = (process.memoryUsage().heapUsed - heap) / 1024 / 1024;
        console.log(JSON.stringify({ milliseconds: (user + system) / 1000, megabytes }));`;
    return JSON.parse(execFileSync(process.execPath, ["--expose-gc", "-e", script], { cwd: root, encoding: "utf8" }));
}

function timeOf(subject: string, starts: readonly Start[]): Figure {
    return { name: subject, unit: "ms", values: starts.map(({ milliseconds }) => milliseconds), of: { subject } };
}

function memoryOf(subject: string, starts: readonly Start[]): Figure {
    const values = starts.map(({ megabytes }) => megabytes);
    return { name: `${subject}, memory`, unit: "MB", values, of: { subject } };
}

function comparedWith(hosts: readonly Start[], subject: string, starts: readonly Start[]): readonly Figure[] {
    const compare = (what: keyof Start, goal: number): Figure => ({
        name: `${subject} over the host, ${what === "milliseconds" ? "time" : "memory"}`,
        unit: "ratio",
        values: ratios(
            starts.map((one) => one[what]),
            hosts.map((one) => one[what]),
        ),
        goal: { atMost: goal },
        of: { subject, compared: what },
    });
    return [compare("milliseconds", 0.4), compare("megabytes", 0.6)];
}
