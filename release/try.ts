import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { credentials, Metadata } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

export interface Answer {
    readonly version: string;
    /** From the start to the first answer. */
    readonly milliseconds: number;
}

/** Starts a provider plugin, asks it what it is, and ends it. */
export async function tryPlugin(program: string, env: NodeJS.ProcessEnv, cwd?: string): Promise<Answer> {
    const started = performance.now();
    // Without the engine's address: it would end when nobody is there.
    const plugin = spawn(program, [], { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
    const said: string[] = [];
    plugin.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
    try {
        const client = new ResourceProviderClient(`127.0.0.1:${await portOf(plugin)}`, credentials.createInsecure());
        try {
            return { version: await versionOf(client), milliseconds: Math.round(performance.now() - started) };
        } finally {
            client.close();
        }
    } catch (error) {
        throw new Error(`${program} does not answer: ${(error as Error).message}\n${said.join("")}`);
    } finally {
        await end(plugin);
    }
}

/** The plugin prints it as its first line. */
async function portOf(plugin: ChildProcess): Promise<number> {
    if (plugin.stdout === null) throw new Error("it has no standard output");
    for await (const line of createInterface({ input: plugin.stdout })) return Number(line);
    throw new Error("it ended without having told its port");
}

function versionOf(client: ResourceProviderClient): Promise<string> {
    return new Promise((resolve, reject) => {
        client.getPluginInfo(new Empty(), new Metadata(), { deadline: Date.now() + 30_000 }, (error, info) => {
            if (error) reject(error);
            else resolve(info.getVersion());
        });
    });
}

async function end(plugin: ChildProcess): Promise<void> {
    if (plugin.pid === undefined || plugin.exitCode !== null || plugin.signalCode !== null) return;
    const ended = once(plugin, "exit");
    plugin.kill("SIGKILL");
    await ended;
}
