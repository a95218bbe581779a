// What every store does, against its real server. Each store's own test starts that server.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { DedupeStore } from "../../../receiver";
import { temporaryFolder } from "../../examples/support/examples";
import { secret, send, success } from "../support";

const week = 604_800;
/** As a receiver makes them, and what a sender could put into one. */
const keys = ['["creator.success","op_1"]', '["ü\\u0000\'; --","%_\\\\ \\n ✓"]', "k".repeat(600)];

export function remembersDeliveries(name: string, open: () => Promise<DedupeStore>): void {
    describe(name, () => {
        test("gives a key to the first, and tells the others that it is busy, then done", async () => {
            const store = await open();
            for (const key of keys) {
                expect(await store.claim(key, "a", 60)).toBe("claimed");
                expect(await store.claim(key, "b", 60)).toBe("busy");
                expect(await store.claim(key, "a", 60)).toBe("busy");
                await store.confirm(key, "a", week);
                expect(await store.claim(key, "b", 60)).toBe("done");
            }
        });

        test("gives a released key to the next, but only its owner can release it, and what is done stays so", async () => {
            const store = await open();
            await store.claim("k", "a", 60);
            await store.release("k", "b");
            expect(await store.claim("k", "b", 60)).toBe("busy");
            await store.release("k", "a");
            expect(await store.claim("k", "b", 60)).toBe("claimed");
            await store.confirm("k", "b", week);
            await store.release("k", "b");
            expect(await store.claim("k", "a", 60)).toBe("done");
            await store.release("never claimed", "a");
        });

        test("gives a key to the next when the lease has ended, and the first cannot release it any more", async () => {
            const store = await open();
            await store.claim("k", "a", 1);
            expect(await store.claim("k", "b", 60)).toBe("busy");
            await vi.waitFor(async () => expect(await store.claim("k", "b", 60)).toBe("claimed"), 10_000);
            await store.release("k", "a");
            expect(await store.claim("k", "c", 60)).toBe("busy");
            // The first was handled after all: that counts.
            await store.confirm("k", "a", week);
            expect(await store.claim("k", "c", 60)).toBe("done");
        });

        test("forgets what was done when its time is over", async () => {
            const store = await open();
            await store.confirm("k", "a", 1);
            expect(await store.claim("k", "b", 60)).toBe("done");
            await vi.waitFor(async () => expect(await store.claim("k", "b", 60)).toBe("claimed"), 10_000);
            expect(await store.claim("k", "c", 60)).toBe("busy");
        });

        test("of many claims at the same time exactly one gets the key", async () => {
            const store = await open();
            const claims = await Promise.all(Array.from({ length: 50 }, (_, i) => store.claim("k", `${i}`, 60)));
            expect(claims.filter((claim) => claim === "claimed")).toHaveLength(1);
            expect(claims.filter((claim) => claim === "busy")).toHaveLength(49);
        });
    });
}

/** For 2,000 events by a server that plays another one, on a machine that does other things as well. */
export const TEST_MS = 400_000;

/** Sends an event. @returns The answer's status. */
type Send = (event: Record<string, unknown>) => Promise<number>;

/** Sends 2,000 events to two receivers, each to both at the same moment, and checks that each was handed on once. */
export async function handOnOnce(receivers: [Send, Send], handed: readonly string[]): Promise<void> {
    const events = Array.from({ length: 2000 }, (_, i) => success({ operationId: `op_${i}` }));
    const statuses: number[] = [];
    const waiting = events.values();
    // Not all 4,000 at once, which would measure how many connections the system can open.
    const worker = async () => {
        for (const event of waiting) statuses.push(...(await Promise.all(receivers.map((receive) => receive(event)))));
    };
    await Promise.all(Array.from({ length: 25 }, worker));
    expect(statuses).toHaveLength(4000);
    expect(new Set(statuses)).toEqual(new Set([200]));
    await vi.waitFor(() => expect(handed).toHaveLength(2000), 10_000);
    expect(new Set(handed).size).toBe(2000);
}

/** `process.ts` with all that it imports, so that each process loads one file. @returns its path */
async function bundle(): Promise<string> {
    const outfile = join(temporaryFolder("store-process"), "process.cjs");
    // pg asks for it only where a program does.
    const external = ["pg-native"];
    await build({ entryPoints: [join(__dirname, "process.ts")], bundle: true, platform: "node", external, outfile });
    return outfile;
}

/**
 * A process of its own with a receiver, and with the store that `process.ts` makes of the arguments, until the test
 * ends.
 */
async function startProcess(program: string, args: readonly string[], handed: string[]): Promise<Send> {
    const child = fork(program, args, { execArgv: [] });
    const ended = once(child, "close");
    onTestFinished(async () => {
        child.kill("SIGKILL");
        await ended;
    });
    const url = await new Promise<string>((resolve, reject) => {
        child.on("message", (message: { url?: string; handed?: string }) => {
            if (message.url !== undefined) resolve(message.url);
            if (message.handed !== undefined) handed.push(message.handed);
        });
        child.once("close", (code) => reject(new Error(`The receiver's process ended with code ${code}.`)));
    });
    return async (event) => {
        const { status } = await send(url, "POST", ["authorization", `Bearer ${secret}`], JSON.stringify(event));
        return status;
    };
}

export function handsOnOnceInTwoProcesses(name: string, start: () => Promise<readonly string[]>): void {
    test(
        `of 2,000 events that come to two processes at the same moment, each is handed on once, with ${name}`,
        async () => {
            const args = await start();
            const handed: string[] = [];
            const program = await bundle();
            const receivers = await Promise.all([1, 2].map(() => startProcess(program, args, handed)));
            await handOnOnce(receivers as [Send, Send], handed);
        },
        TEST_MS,
    );
}
