import { onTestFinished } from "vitest";
import { type Behaviour, type Emulator, startEmulator } from "../../emulator";
import { CaptionsClient } from "../../provider/api/client";
import { defaultLimits, type Limits } from "../../provider/api/limits";
import {
    type Account as ApiAccount,
    inputsOf,
    openAccount,
    type WebhookInputs,
    type WebhookOutputs,
} from "../../provider/lifecycle";
import { type Resource, Session } from "../../provider/session";

/** Waits that are as short as they can be without being mistaken for a fault. */
export const shortLimits: Limits = {
    ...defaultLimits,
    connectTimeoutMs: 2_000,
    callTimeoutMs: 2_000,
    listLagMs: 300,
    firstBackoffMs: 10,
};

/** What users call the settings. */
export const settingNames = {
    account: "",
    apiKey: "captions:apiKey or CAPTIONS_API_KEY",
    baseUrl: "captions:baseUrl",
    maxWait: "captions:waitAtMostSeconds",
    keyAdvice: "",
};

export interface Account {
    readonly emulator: Emulator;
    /** A new run of a host: its session knows nothing yet. */
    readonly run: (limits?: Partial<Limits>, signal?: AbortSignal) => Session;
    /** What a new run works with, below the session. */
    readonly open: (limits?: Partial<Limits>) => ApiAccount;
    /** What the user was told meanwhile. */
    readonly notes: string[];
}

/** An emulator of its own for a test, and the provider's view of it. */
export async function startAccount(behaviour: Partial<Behaviour> = {}): Promise<Account> {
    const emulator = await startEmulator({ behaviour, apiKey: "key-6XqR2mVn8sLw4TzYb1Kd" });
    onTestFinished(() => emulator.stop());
    const notes: string[] = [];
    const notify = (line: string) => void notes.push(line);
    const open = (limits: Partial<Limits> = {}, signal?: AbortSignal): ApiAccount => {
        const all = { ...shortLimits, ...limits };
        const { apiKey, baseUrl } = emulator;
        return openAccount(
            new CaptionsClient({ apiKey, baseUrl, limits: all, names: settingNames, notify, signal }),
            all,
            notify,
        );
    };
    const run = (limits?: Partial<Limits>, signal?: AbortSignal): Session => {
        const account = open(limits, signal);
        return new Session({ names: [], hasKey: () => true, open: () => account }, notify);
    };
    return { emulator, run, open, notes };
}

export const renders = {
    url: "https://api.example.com/hooks/captions",
    enabledEvents: ["creator.success", "creator.failure"],
};

/** A resource of a program. */
export function resource(name = "renders", siblings?: Resource["siblings"]): Resource {
    return { owner: name, name, siblings };
}

/** What the engine does for a new resource, after `check`. */
export function create(session: Session, inputs: WebhookInputs, of = resource()) {
    return session.create(of, inputs);
}

/** What the engine does in a refresh. */
export function read(session: Session, id: string, saved: WebhookOutputs, of = resource()) {
    return session.read({ id, properties: saved, resource: of });
}

/** What the engine does where `check` and `diff` have asked for an update. */
export function update(session: Session, id: string, saved: WebhookOutputs, wanted: WebhookInputs, of = resource()) {
    return session.update(of, { id, properties: saved }, wanted);
}

/** What the engine does for a resource that the program still declares. */
export async function keep(
    session: Session,
    id: string,
    saved: WebhookOutputs,
    wanted: WebhookInputs,
    of = resource(),
) {
    await session.check(of, { ...inputsOf(saved) }, { ...wanted });
    return await session.diff(of, { id, properties: saved, resource: of }, wanted);
}

/** What the engine does for a resource that has left the program. */
export function remove(session: Session, id: string, saved: WebhookOutputs, of = resource()) {
    return session.remove({ id, properties: saved, resource: of });
}

/** What a state has after JSON, as the engine stores it. */
export function stored<T>(outputs: T): T {
    return JSON.parse(JSON.stringify(outputs));
}

/** The endpoints that were called, in order. */
export function endpoints(emulator: Emulator): string[] {
    return emulator.calls.map(({ endpoint }) => endpoint);
}
