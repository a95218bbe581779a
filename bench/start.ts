// `npm run bench -- --start`: how long a provider takes from its start to its first answer, and with how much memory:
// the plugin, as it ships in the npm package and as a self-contained executable where `npm run release:plugin` has made
// one, beside Pulumi's host of dynamic providers. One after the other, several rounds; what counts is the ratio of the
// medians.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

const root = join(__dirname, "..");
const rounds = 11;

interface Start {
    readonly milliseconds: number;
    /** The most that the process had in memory, in MB; only Linux tells. */
    readonly megabytes: number | undefined;
}

/** The commands that start a provider, by what they are. */
function providers(): Readonly<Record<string, readonly string[]>> {
    const executables = join(root, "dist/release");
    const own = existsSync(executables)
        ? readdirSync(executables, { recursive: true, encoding: "utf8" }).find((name) =>
              name.endsWith(
                  `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}/pulumi-resource-captions`,
              ),
          )
        : undefined;
    return {
        "the host of dynamic providers": [
            process.execPath,
            require.resolve("@pulumi/pulumi/cmd/dynamic-provider"),
            "127.0.0.1:1",
        ],
        "the plugin": [process.execPath, join(root, "dist/plugin/pulumi-resource-captions.cjs")],
        ...(own === undefined ? {} : { "the executable": [join(executables, own)] }),
    };
}

async function start([command = "", ...args]: readonly string[]): Promise<Start> {
    const started = performance.now();
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    try {
        const port = await new Promise<string>((resolve, reject) => {
            let text = "";
            child.on("error", reject).on("exit", () => reject(new Error(`${command} ended`)));
            child.stdout.setEncoding("utf8").on("data", (part: string) => {
                text += part;
                if (text.includes("\n")) resolve(text.trim());
            });
        });
        const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
        await new Promise<void>((resolve, reject) => {
            client.getPluginInfo(new Empty(), (error) => (error === null ? resolve() : reject(error)));
        });
        const milliseconds = performance.now() - started;
        client.close();
        return { milliseconds, megabytes: peakOf(child.pid) };
    } finally {
        child.removeAllListeners("exit").kill("SIGKILL");
    }
}

function peakOf(pid: number | undefined): number | undefined {
    const file = `/proc/${pid}/status`;
    const kilobytes = existsSync(file) ? /^VmHWM:\s+(\d+)/m.exec(readFileSync(file, "utf8"))?.[1] : undefined;
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}

function median(values: readonly number[]): number {
    return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Prints the medians, and the ratios to the first. */
export async function measureStarts(): Promise<void> {
    const all = providers();
    const starts = new Map(Object.keys(all).map((name) => [name, [] as Start[]]));
    for (let round = 0; round < rounds; round++) {
        for (const [name, command] of Object.entries(all)) starts.get(name)?.push(await start(command));
    }
    const medians = [...starts].map(([name, list]) => ({
        name,
        time: median(list.map(({ milliseconds }) => milliseconds)),
        memory: median(list.flatMap(({ megabytes }) => megabytes ?? [])),
    }));
    const [first] = medians;
    console.log(`Node ${process.versions.node}, medians of ${rounds} starts\n`);
    for (const { name, time, memory } of medians) {
        const ratios = `${(time / (first?.time ?? 1)).toFixed(2)} and ${(memory / (first?.memory ?? 1)).toFixed(2)}`;
        console.log(
            `${name.padEnd(30)} ${time.toFixed(0).padStart(5)} ms ${memory.toFixed(0).padStart(5)} MB   ${ratios}`,
        );
    }
}
