import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, inject, onTestFinished, test, vi } from "vitest";

const plugin = join(inject("nodeModules"), "pulumi-captions/plugin/pulumi-resource-captions");

/** A plugin that serves, and what it has written. */
async function start(...args: string[]) {
    const child = spawn(plugin, args, { stdio: ["ignore", "pipe", "pipe"] });
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

test("ends by itself once its engine is gone, however that ended", async () => {
    const engine = createServer((socket) => void socket.resume()).listen(0, "127.0.0.1");
    await once(engine, "listening");
    const { port } = engine.address() as { port: number };
    const sockets = new Set<import("node:net").Socket>();
    engine.on("connection", (socket) => void sockets.add(socket));
    const { ended } = await start(`127.0.0.1:${port}`);
    await vi.waitUntil(() => sockets.size > 0, { timeout: 30_000 });
    // A connection that ends is not the end of the engine: gRPC servers end those on which nothing comes.
    for (const socket of sockets) socket.destroy();
    await vi.waitUntil(() => sockets.size > 1, { timeout: 30_000 });
    engine.close();
    for (const socket of sockets) socket.destroy();
    expect(await ended).toEqual([0, null]);
});
