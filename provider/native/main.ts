import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { watchEngine } from "../cancellation";
import { flushLater } from "../compile-cache";
import { EngineLog } from "./engine-log";
import { Plugin } from "./provider";

/**
 * The plugin `pulumi-resource-captions`: the engine starts it with its own address, and reads from the first line of
 * standard output at which port it serves.
 */

/** A URL of 8,000 characters, and 10,000 webhooks in one answer. */
const maxMessageBytes = 1024 * 1024 * 400;

const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
});
const engine = process.argv[2];
const log = new EngineLog(engine);
// At once, or as soon as the last response is on its way: the engine waits for the process to end.
const exit = (): void => server.tryShutdown(() => process.exit(0));
const plugin = new Plugin(log, () => setImmediate(exit));

server.addService(ResourceProviderService, plugin.service);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) {
        console.error(`captions: the provider cannot serve on this machine: ${error.message}`);
        process.exit(1);
    }
    console.log(String(port));
    flushLater();
});

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => plugin.cancel());
// Also where it was killed: nothing would end this process then.
watchEngine(engine, () => plugin.cancel());
