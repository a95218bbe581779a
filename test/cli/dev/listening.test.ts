import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { isFree, isListening, tellWhenListening } from "../../../cli/dev/listening";
import { serve } from "../../probe/support";
import { unusedPort } from "../../support/ports";

test("a port is in use when something listens on it", async () => {
    const { port } = new URL(await serve((_, response) => response.end()));
    expect(await isListening(Number(port))).toBe(true);
    expect(await isListening(await unusedPort())).toBe(false);
});

test("a port is free when nothing listens on it, on no address that `localhost` may be", async () => {
    for (const address of ["127.0.0.1", "::1"]) {
        const server = createServer();
        const port = await unusedPort();
        const isThere = await new Promise<boolean>((resolve) => {
            server.once("error", () => resolve(false)).listen(port, address, () => resolve(true));
        });
        // A machine may have no IPv6.
        expect(await isFree(port)).toBe(!isThere);
        if (isThere) await new Promise((resolve) => server.close(resolve));
        expect(await isFree(port)).toBe(true);
    }
});

test("a receiver that takes long is warned of once, and told when it is there", async () => {
    const port = await unusedPort();
    const told: string[] = [];
    const watching = tellWhenListening(port, (line) => told.push(line), new AbortController().signal, 1);
    await expect.poll(() => told.length, { timeout: 20_000 }).toBe(1);
    const server = createServer();
    onTestFinished(() => void server.close());
    server.listen(port, "127.0.0.1");
    await watching;
    expect(told).toEqual([
        expect.stringMatching(`^nothing listens on 127.0.0.1:${port} yet, so deliveries fail.`),
        `the receiver listens on port ${port}`,
    ]);
});

test("it stops watching when it is told to", async () => {
    const stopping = new AbortController();
    const told: string[] = [];
    const watching = tellWhenListening(await unusedPort(), (line) => told.push(line), stopping.signal);
    stopping.abort();
    await watching;
    expect(told).toEqual([]);
});
