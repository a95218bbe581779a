// A provider's process without an engine: started and asked as the engine starts and asks it, so that its own time and
// memory can be told from the engine's.
import { type ChildProcess, spawn } from "node:child_process";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

export interface ProviderProcess {
    readonly pid: number | undefined;
    readonly client: ResourceProviderClient;
    stop(): void;
}

/** Starts one, and waits for its first answer. */
export async function startProvider(
    [command = "", ...args]: readonly string[],
    options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ProviderProcess> {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
    try {
        const client = new ResourceProviderClient(
            `127.0.0.1:${await portOf(child, command)}`,
            credentials.createInsecure(),
        );
        await new Promise<void>((resolve, reject) => {
            client.getPluginInfo(new Empty(), (error) => (error === null ? resolve() : reject(error)));
        });
        const stop = (): void => {
            client.close();
            child.removeAllListeners("exit").kill("SIGKILL");
        };
        return { pid: child.pid, client, stop };
    } catch (error) {
        child.kill("SIGKILL");
        throw error;
    }
}

/** Its first line. */
function portOf(child: ChildProcess, command: string): Promise<string> {
    return new Promise((resolve, reject) => {
        let text = "";
        child.on("error", reject).on("exit", () => reject(new Error(`${command} ended`)));
        child.stdout?.setEncoding("utf8").on("data", (part: string) => {
            text += part;
            if (text.includes("\n")) resolve(text.trim());
        });
    });
}
