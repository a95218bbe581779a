import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import { ResourceProviderClient, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { ConfigureRequest, CreateRequest, type CreateResponse } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { expect, onTestFinished, test } from "vitest";
import { nullDynamicProvider } from "../../bench/peers/null-dynamic";
import { bundleNullPlugin, nullPluginFile } from "../../bench/peers/null-plugin";
import { configure, create } from "../../provider/dynamic/provider";
import { Webhook as DynamicWebhook } from "../../provider/dynamic/webhook";
import { Webhook as PluginWebhook } from "../../provider/native";
import { EngineLog } from "../../provider/native/engine-log";
import { Plugin } from "../../provider/native/provider";
import { startAccount } from "../support/account";

// What the null providers of the benchmark save of a webhook is what this package saves: otherwise the engine has less
// to do for them, and is no floor to measure over.

const webhook = { url: "https://api.example.com/0", enabledEvents: ["creator.success"] };

/** The same texts of the same lengths; a moment and a random text are as good as any other. */
function shape(outputs: unknown): unknown {
    return JSON.parse(JSON.stringify(outputs), (name, value) =>
        ["secret", "value", "changedAt"].includes(name) && typeof value === "string" ? value.length : value,
    );
}

test("the null dynamic provider saves what this package's saves", async () => {
    const { emulator } = await startAccount();
    const settings = new Map([
        ["captions:apiKey", emulator.apiKey],
        ["captions:baseUrl", emulator.baseUrl],
    ]);
    await configure({ config: { get: (name: string) => settings.get(name) } } as never);
    const inputs = { ...webhook, __provider: "text", __owner: ["webhook-0"] };
    const [ours, floor] = [await create(inputs), await require(nullDynamicProvider).create(inputs)];
    expect(shape(floor.outs)).toEqual(shape(ours.outs));
    expect(floor.id).toHaveLength(ours.id.length);
});

test.each([
    ["dynamic", DynamicWebhook, ["__owner", "__provider"]],
    ["plugin's", PluginWebhook, []],
])("the %s webhook in a program has no more properties than that of its null provider", async (_, Webhook, ofHost) => {
    await pulumi.runtime.setMocks({ newResource: () => ({ id: "wh_1", state: {} }), call: () => ({}) });
    const declared = new Webhook("renders", webhook);
    const outputs = Object.entries(declared).filter(([, value]) => pulumi.Output.isInstance(value));
    expect(outputs.map(([name]) => name).sort()).toEqual(
        [...ofHost, "enabledEvents", "id", "secret", "secretVersion", "url", "urn"].sort(),
    );
});

test("the null plugin saves what this package's saves", async () => {
    const { emulator } = await startAccount();
    const { apiKey, baseUrl } = emulator;
    const ours = await createdBy(await servePlugin(), "captions:index:Webhook", { apiKey, baseUrl });
    const floor = await createdBy(await startNullPlugin(), "captionsnull:index:Webhook", {});
    expect(shape(floor.getProperties()?.toJavaScript())).toEqual(shape(ours.getProperties()?.toJavaScript()));
    expect(floor.getId()).toHaveLength(ours.getId().length);
});

async function createdBy(port: number, type: string, settings: Record<string, string>): Promise<CreateResponse> {
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    onTestFinished(() => client.close());
    await promisify(client.configure.bind(client) as (request: ConfigureRequest, done: () => void) => void)(
        new ConfigureRequest().setArgs(Struct.fromJavaScript(settings)),
    );
    const request = new CreateRequest()
        .setUrn(`urn:pulumi:test::test::${type}::webhook-0`)
        .setType(type)
        .setProperties(Struct.fromJavaScript(webhook));
    return new Promise((resolve, reject) => {
        client.create(request, (error, response) => (error === null ? resolve(response) : reject(error)));
    });
}

function servePlugin(): Promise<number> {
    const server = new Server();
    onTestFinished(() => server.forceShutdown());
    server.addService(ResourceProviderService, new Plugin(new EngineLog(undefined), () => undefined).service);
    return new Promise((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
            error === null ? resolve(port) : reject(error),
        );
    });
}

async function startNullPlugin(): Promise<number> {
    const folder = mkdtempSync(join(tmpdir(), "null-plugin-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    await bundleNullPlugin(folder);
    const child = spawn(process.execPath, [join(folder, nullPluginFile)], {
        stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => {
        child.kill("SIGKILL");
    });
    for await (const line of child.stdout.setEncoding("utf8")) return Number(line);
    throw new Error("The null plugin ended.");
}
