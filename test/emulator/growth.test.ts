import * as http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { sendChanges } from "../../emulator/server/live";
import { Changes } from "../../emulator/store/changes";
import { both, call, eventually, receive, renders, start } from "./support";

/** Node's warnings until the end of the test. */
function warnings(): string[] {
    const names: string[] = [];
    const listen = (warning: Error): void => void names.push(warning.name);
    process.on("warning", listen);
    onTestFinished(() => void process.off("warning", listen));
    return names;
}

test("50 pages, at the same time or one after the other, don't make Node warn", async () => {
    const emulator = await start();
    const warned = warnings();
    const open = async () => {
        const closing = new AbortController();
        await fetch(`${emulator.url}/_emulator/live`, { signal: closing.signal });
        return () => closing.abort();
    };
    for (let count = 0; count < 25; count++) (await open())();
    for (const close of await Promise.all(Array.from({ length: 25 }, open))) close();
    expect(warned).toEqual([]);
});

test("a page that closes is forgotten, also while a message waits to be sent", async () => {
    let listening = 0;
    class Counted extends Changes {
        override listen(listener: () => void): () => void {
            listening++;
            const forget = super.listen(listener);
            return () => {
                listening--;
                forget();
            };
        }
    }
    const changes = new Counted();
    const server = http.createServer((_request, response) => sendChanges(response, changes));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const closing = new AbortController();
    for (let count = 0; count < 50; count++) await fetch(url, { signal: closing.signal });
    expect(listening).toBe(50);
    changes.announce();
    closing.abort();
    await eventually(() => listening).toBe(0);
});

test("calls that wait at the same time don't make Node warn", async () => {
    const emulator = await start({ latencyMs: 50 });
    const warned = warnings();
    await Promise.all(Array.from({ length: 30 }, () => call(emulator, "list")));
    expect(warned).toEqual([]);
});

test("deliveries at the same time don't make Node warn", async () => {
    const emulator = await start();
    const { url, received } = await receive();
    const warned = warnings();
    for (let count = 0; count < 30; count++) emulator.register({ url, enabledEvents: both });
    await emulator.finishVideo(emulator.submitVideo(), "success");
    expect(received).toHaveLength(30);
    expect(warned).toEqual([]);
});

test("a page that doesn't read is told of many changes in fewer messages, and not what they are", async () => {
    const emulator = await start();
    const socket = await new Promise<Socket>((resolve) => {
        http.get(`${emulator.url}/_emulator/live`, { agent: false }, (answer) => resolve(answer.pause().socket));
    });
    onTestFinished(() => void socket.destroy());
    const many = 200;
    await Promise.all(Array.from({ length: many }, () => call(emulator, "register", renders)));
    const bytesOfHead = 500;
    expect(socket.bytesRead).toBeLessThan(bytesOfHead + (many / 2) * "data: changed\n\n".length);
});

test("what the page is sent doesn't grow with what there is", async () => {
    const emulator = await start();
    const size = async () => (await (await fetch(`${emulator.url}/_emulator/view`)).text()).length;
    const fill = () => {
        for (let count = 0; count < 50; count++) {
            emulator.register(renders);
            emulator.submitVideo();
        }
    };
    fill();
    const before = await size();
    for (let count = 0; count < 10; count++) fill();
    expect(await size()).toBeLessThan(before + 20);
});

test("10,000 webhooks take memory for themselves only, and list fast, also with a list that lags", async () => {
    const emulator = await start({ duplicateUrls: "refused" });
    const many = 10_000;
    const { heapUsed } = process.memoryUsage();
    const ids = Array.from({ length: many }, (_, count) => {
        return emulator.register({ url: `https://a.example/${count}`, enabledEvents: both }).id;
    });
    // A copy of all at each registration would be 50 million references: 400 MB.
    expect(process.memoryUsage().heapUsed - heapUsed).toBeLessThan(100_000_000);
    // Of this process: whatever else the machine does is none of it.
    const cpuMs = async (work: () => Promise<unknown>) => {
        const before = process.cpuUsage();
        await work();
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
    };
    const listed = async () => (await call(emulator, "list")).json.registeredWebhooks;
    expect(await cpuMs(listed)).toBeLessThan(2_000);
    for (const id of ids.slice(0, many / 2)) emulator.remove(id);
    emulator.behave({ listLagMs: 60_000 });
    expect(await cpuMs(listed)).toBeLessThan(2_000);
    emulator.behave({ listLagMs: 0 });
    expect(await listed()).toHaveLength(many / 2);
    // One by one through all: quadratic work would take minutes.
    expect(await cpuMs(async () => ids.slice(many / 2).map((id) => emulator.rotate(id)))).toBeLessThan(2_000);
}, 60_000);
