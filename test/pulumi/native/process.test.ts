import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CheckRequest, ConfigureRequest, ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { expect, inject, onTestFinished, test, vi } from "vitest";

const plugin = join(inject("nodeModules"), "pulumi-captions/plugin/pulumi-resource-captions");

/** A plugin that serves, and what it has written. */
async function start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(plugin, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
    onTestFinished(() => void child.kill("SIGKILL"));
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (part: string) => {
            text += part;
        });
    }
    const ended = once(child, "exit");
    await vi.waitUntil(() => text.includes("\n"), { timeout: 30_000 });
    return { child, ended, text: () => text };
}

test("the first line is a port, and nothing else is written", async () => {
    const { text } = await start();
    expect(text()).toMatch(/^\d+\n$/);
});

test.each(["SIGINT", "SIGTERM"] as const)(
    "ends at once on %s when nothing is under way, and without an error",
    async (signal) => {
        const { child, ended, text } = await start();
        child.kill(signal);
        expect(await ended).toEqual([0, null]);
        expect(text()).toMatch(/^\d+\n$/);
    },
);

test("the engine is called directly, whatever proxy the environment names", async () => {
    let proxied = 0;
    const proxy = createServer(() => proxied++).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    onTestFinished(() => void proxy.close());
    const calls: string[] = [];
    const engine = new Server();
    onTestFinished(() => engine.forceShutdown());
    engine.addService(EngineService, {
        log: (_: unknown, respond: (error: null, response: Empty) => void) => {
            calls.push("log");
            respond(null, new Empty());
        },
    });
    engine.addService(ResourceMonitorService, {
        registerResource: (_: unknown, respond: (error: Error) => void) => {
            calls.push("registerResource");
            respond(new Error("refused"));
        },
    });
    const address = await new Promise<string>((resolve) => {
        const done = (_: unknown, port: number) => resolve(`127.0.0.1:${port}`);
        engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), done);
    });
    const http_proxy = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;
    const { text } = await start([address], { http_proxy, no_proxy: "", CAPTIONS_API_KEY: "" });
    const client = new ResourceProviderClient(`127.0.0.1:${text().trim()}`, credentials.createInsecure());
    onTestFinished(() => client.close());

    await new Promise((resolve) => client.configure(new ConfigureRequest(), resolve));
    const urn = "urn:pulumi:test::test::captions:index:Webhook::renders";
    const news = Struct.fromJavaScript({ url: "https://api.example.com/hooks", enabledEvents: ["creator.success"] });
    // It tells that there is no key.
    await new Promise((resolve) => client.check(new CheckRequest().setUrn(urn).setNews(news), resolve));
    const construct = new ConstructRequest().setType("captions:index:RotatingWebhook").setName("renders");
    const inputs = Struct.fromJavaScript({ generations: ["a"] });
    await new Promise((resolve) => {
        client.construct(construct.setMonitorendpoint(address).setInputs(inputs), resolve);
    });
    expect(calls).toEqual(["log", "registerResource"]);
    expect(proxied).toBe(0);
});

test("ends by itself once its engine is gone, however that ended", async () => {
    const engine = createServer((socket) => void socket.resume()).listen(0, "127.0.0.1");
    await once(engine, "listening");
    const { port } = engine.address() as { port: number };
    const sockets = new Set<import("node:net").Socket>();
    engine.on("connection", (socket) => void sockets.add(socket));
    const { ended } = await start([`127.0.0.1:${port}`]);
    await vi.waitUntil(() => sockets.size > 0, { timeout: 30_000 });
    // A connection that ends is not the end of the engine: gRPC servers end those on which nothing comes.
    for (const socket of sockets) socket.destroy();
    await vi.waitUntil(() => sockets.size > 1, { timeout: 30_000 });
    engine.close();
    for (const socket of sockets) socket.destroy();
    expect(await ended).toEqual([0, null]);
});
