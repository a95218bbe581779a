import { onTestFinished } from "vitest";
import { type Behaviour, type Emulator, startEmulator } from "../../emulator";
import { CaptionsClient } from "../../provider/api/client";
import { defaultLimits, type Limits } from "../../provider/api/transport";
import { Account } from "../../provider/lifecycle";

/** Waits that are as short as they can be without being mistaken for a fault. */
export const shortLimits: Limits = { ...defaultLimits, connect: 2_000, call: 2_000, listLag: 300, backoff: 10 };

export interface Account {
    readonly emulator: Emulator;
    /** A new run of the provider: its ledger knows nothing yet. */
    readonly run: (limits?: Partial<Limits>) => Account;
    /** What the user was told meanwhile. */
    readonly notes: string[];
}

/** An emulator of its own for a test, and the provider's view of it. */
export async function startAccount(behaviour: Partial<Behaviour> = {}): Promise<Account> {
    const emulator = await startEmulator({ behaviour, apiKey: "key-6XqR2mVn8sLw4TzYb1Kd" });
    onTestFinished(() => emulator.stop());
    const notes: string[] = [];
    const run = (limits: Partial<Limits> = {}): Account => {
        const all = { ...shortLimits, ...limits };
        const { apiKey, baseUrl } = emulator;
        return new Account(
            new CaptionsClient({ apiKey, baseUrl, limits: all, notify: (line) => notes.push(line) }),
            all,
        );
    };
    return { emulator, run, notes };
}

export const renders = {
    url: "https://api.example.com/hooks/captions",
    enabledEvents: ["creator.success", "creator.failure"],
};

/** What a state holds after JSON, as the engine stores it. */
export function stored<T>(outputs: T): T {
    return JSON.parse(JSON.stringify(outputs));
}

/** The endpoints that were called, in order. */
export function endpoints(emulator: Emulator): string[] {
    return emulator.calls.map(({ endpoint }) => endpoint);
}
