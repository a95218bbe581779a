import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { unreadStream } from "../../../receiver/adapters/node-http";
import { requestOf } from "../../../receiver/adapters/request";

const part = new Uint8Array(65_536);
const parts = 400;

/** A body of 26 MB, and how much of it has been asked for. */
function largeBody(): { readonly stream: Readable; readonly asked: () => number } {
    let asked = 0;
    const stream = new Readable({
        highWaterMark: part.byteLength,
        read() {
            this.push(asked++ < parts ? part : null);
        },
    });
    return { stream, asked: () => asked };
}

test("a function around a receiver that reads a body slowly holds the sender back, and gets all of it", async () => {
    const { stream, asked } = largeBody();
    const request = await requestOf({ method: "POST", headers: {}, body: () => unreadStream(stream) });
    const reader = request.body?.getReader();
    let bytes = (await reader?.read())?.value?.byteLength ?? 0;
    for (let turns = 0; turns < parts; turns++) await turn();
    expect(asked()).toBeLessThan(8);
    for (let next = await reader?.read(); next?.value; next = await reader?.read()) bytes += next.value.byteLength;
    expect(bytes).toBe(parts * part.byteLength);
});

test("a function around a receiver that has enough of a body leaves the rest unread", async () => {
    const { stream, asked } = largeBody();
    const request = await requestOf({ method: "POST", headers: {}, body: () => unreadStream(stream) });
    const reader = request.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    for (let turns = 0; turns < parts; turns++) await turn();
    expect(asked()).toBeLessThan(8);
    expect(stream.destroyed).toBe(false);
});

test("a body that breaks off is an error for a function around a receiver", async () => {
    const stream = new Readable({ read: () => undefined });
    const request = await requestOf({ method: "POST", headers: {}, body: () => unreadStream(stream) });
    const text = request.text();
    stream.destroy(new Error("broken"));
    await expect(text).rejects.toThrow();
});
