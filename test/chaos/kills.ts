import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject } from "vitest";
import type { Emulator } from "../../emulator";
import { type Engine, engineEnvironment } from "../../engine";
import { findLeaks } from "../support/leaks";
import { quickStart } from "../support/quick-start";
import type { Run, Stack } from "../support/stack";
import { processesWith } from "./processes";

/**
 * Kills the engine, the program or the provider in the middle of `pulumi up`, and goes on from there as a user would.
 */

export const ways = ["Ctrl-C", "Ctrl-C twice", "kill -9 engine", "kill -9 program", "kill -9 provider"] as const;
export type Way = (typeof ways)[number];
export const changes = ["grow", "update", "shrink", "rename", "replace"] as const;
export type Change = (typeof changes)[number];

/** When it happens: as the API sees the n-th call, before or after its work, or as the engine prints its n-th line. */
export interface Moment {
    readonly of: "call" | "answer" | "line";
    readonly n: number;
}

/** What rounds came to. */
export class KillFigures {
    rounds = 0;
    /** Those that ended before their moment came. */
    missed = 0;
    orphansNamed = 0;
    orphansAdopted = 0;
    pendingOperations = 0;
    leftLocked = 0;
    brokenAttributes = 0;
    processesLeft = 0;
    readonly ways = new Map<Way, number>();
}

interface Declaration {
    readonly count: number;
    readonly generation: number;
    readonly round: number;
    /** The option `replacementTrigger`. */
    readonly trigger: number;
    readonly adopt: boolean;
}

/**
 * When the engine saves the state of a run that is killed: after each step; or, for the sake of speed, at its end only
 * (`PULUMI_SKIP_CHECKPOINTS`). Then a killed run leaves the state as it was before, and nothing that is pending.
 */
export type Saves = "each step" | "once";

/** A stack that is killed again and again. */
export class Victim {
    #declared: Declaration = { count: 0, generation: 0, round: 0, trigger: 0, adopt: false };
    readonly #secrets = new Set<string>();

    constructor(
        private readonly stack: Stack,
        private readonly emulator: Emulator,
        private readonly engine: Engine,
        private readonly random: () => number,
        private readonly figures: KillFigures,
        private readonly saves: Saves = "each step",
    ) {}

    /** One round. @returns what was done, for whoever reads a failure */
    async round(way: Way): Promise<string> {
        const { count } = this.#declared;
        const possible = changes.filter((change) => (change === "grow" ? count < 5 : count > 0));
        const change = this.#pick(possible);
        const wanted = this.#wantedAfter(change);
        this.stack.program(program(wanted));
        const moment = this.#moment(change, wanted);
        const what = `${way} at ${moment.of} ${moment.n} while ${this.#declared.count} webhooks ${change} to ${wanted.count}`;
        this.figures.rounds++;
        this.figures.ways.set(way, (this.figures.ways.get(way) ?? 0) + 1);
        try {
            const text = await this.#killedUp(way, moment);
            this.#expectNoSecret(text);
            this.#removeBrokenAttributes();
            await this.#unlock();
            await this.#goOn(way, wanted);
        } catch (error) {
            throw new Error(`In round ${this.figures.rounds}, ${what}: ${(error as Error).message}`, { cause: error });
        }
        return what;
    }

    /** Ends what a round has left behind that failed. */
    killAll(): void {
        for (const { pid } of processesWith(this.stack.folder)) kill(pid);
    }

    /** Ends it, and shows that nothing is left. */
    async end(): Promise<void> {
        const cleared = await this.stack.refresh("--clear-pending-creates");
        expect(cleared.code, cleared.text).toBe(0);
        expect(await this.#pendingOperations()).toEqual([]);
        const destroyed = await this.stack.destroy();
        expect(destroyed.code, destroyed.text).toBe(0);
        expect(this.emulator.webhooks).toEqual([]);
        expect(processesWith(this.stack.folder)).toEqual([]);
    }

    #pick<T>(from: readonly T[]): T {
        return from[Math.floor(this.random() * from.length)] as T;
    }

    #wantedAfter(change: Change): Declaration {
        const same = { ...this.#declared, adopt: false };
        switch (change) {
            case "grow":
                return { ...same, count: Math.min(same.count, 2) + 3 };
            case "update":
                return { ...same, round: same.round + 1 };
            case "shrink":
                return { ...same, count: Math.floor(this.random() * 2) };
            case "rename":
                return { ...same, generation: same.generation + 1, adopt: true };
            case "replace":
                return { ...same, trigger: same.trigger + 1 };
        }
    }

    #moment(change: Change, wanted: Declaration): Moment {
        const { count } = this.#declared;
        const calls = {
            grow: 1 + wanted.count - count,
            update: count,
            shrink: count - wanted.count,
            rename: 1,
            replace: 1 + 2 * count,
        }[change];
        const of = this.#pick(["call", "call", "answer", "answer", "line"] as const);
        return { of, n: 1 + Math.floor(this.random() * (of === "line" ? 12 : Math.max(1, calls))) };
    }

    /** @returns what stood on the screen */
    async #killedUp(way: Way, moment: Moment): Promise<string> {
        const { stack, emulator, engine } = this;
        emulator.clearCalls();
        this.#noteSecrets();
        const child = spawn(engine.pulumi, ["up", "--yes", "--skip-preview", "--stack", "test", "--non-interactive"], {
            cwd: join(stack.folder, "project"),
            env: {
                ...engineEnvironment(engine, stack.folder),
                CAPTIONS_API_KEY: emulator.apiKey,
                CAPTIONS_BASE_URL: emulator.baseUrl,
                CAPTIONS_LIST_LAG_SECONDS: "0.5",
                ...(this.saves === "once" ? { PULUMI_SKIP_CHECKPOINTS: "true" } : {}),
                ...quickStart,
            },
            stdio: ["ignore", "pipe", "pipe"],
            // A group of its own, to which Ctrl-C goes as it does in a terminal.
            detached: true,
        });
        let text = "";
        let looks: (() => void)[] = [];
        const until = (isSo: () => boolean): Promise<void> =>
            new Promise((resolve) => {
                const look = (): void => {
                    if (isSo()) resolve();
                    else looks.push(look);
                };
                look();
            });
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding("utf8").on("data", (part: string) => {
                text += part;
                const now = looks;
                looks = [];
                for (const look of now) look();
            });
        }
        const exited = new Promise<"exited">((resolve) => child.once("exit", () => resolve("exited")));
        const come = {
            call: () => emulator.whenCalled(() => emulator.countCalls() >= moment.n),
            answer: () => emulator.whenCalled(() => emulator.calls[moment.n - 1]?.status !== undefined),
            line: () => until(() => text.split("\n").length > moment.n),
        }[moment.of]();
        const ended = await Promise.race([come, exited]);
        if (ended === "exited") {
            this.figures.missed++;
        } else if (way === "Ctrl-C" || way === "Ctrl-C twice") {
            const interrupt = (): void => {
                if (child.pid !== undefined) kill(-child.pid, "SIGINT");
            };
            interrupt();
            if (way === "Ctrl-C twice") {
                await Promise.race([until(() => /cancel/i.test(text)), exited]);
                interrupt();
            }
        } else {
            const role = way.slice("kill -9 ".length);
            const victims = processesWith(stack.folder).filter((process) => process.role === role);
            // The program may have ended, or the provider not begun: then it is the engine's turn.
            if (victims.length === 0) child.kill("SIGKILL");
            for (const { pid } of victims) kill(pid);
        }
        await exited;
        await this.#endWhatIsLeft(way);
        return text;
    }

    /** A killed engine leaves its language host and its providers running: what they do comes to its end first. */
    async #endWhatIsLeft(way: Way): Promise<void> {
        const isKilled = way !== "Ctrl-C";
        const patience = Date.now() + (isKilled ? 500 : 20_000);
        for (;;) {
            const left = processesWith(this.stack.folder);
            // A call can still be worked on whose caller is gone.
            if (left.length === 0 && this.emulator.inFlight === 0) return;
            if (this.emulator.inFlight === 0 && Date.now() > patience) {
                expect(isKilled, `processes left after ${way}: ${left.map(({ role }) => role).join()}`).toBe(true);
                this.figures.processesLeft += left.length;
                for (const { pid } of left) kill(pid);
                return;
            }
            await delay(50);
        }
    }

    /**
     * Where a state is kept in a folder, the engine (3.274) writes a file of attributes beside it. Killed in that
     * moment it leaves an empty one, and says "failed to load checkpoint: EOF" from then on. Nothing is in it that
     * anybody needs.
     */
    #removeBrokenAttributes(): void {
        const folder = join(this.stack.folder, "pulumi-state", ".pulumi");
        for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
            const file = join(entry.parentPath, entry.name);
            if (!entry.isFile() || !file.endsWith(".attrs") || statSync(file).size > 0) continue;
            this.figures.brokenAttributes++;
            rmSync(file);
        }
    }

    async #unlock(): Promise<void> {
        const locks = join(this.stack.folder, "pulumi-state", ".pulumi", "locks");
        const files = existsSync(locks) ? readdirSync(locks, { recursive: true, withFileTypes: true }) : [];
        if (!files.some((entry) => entry.isFile() && entry.name.endsWith(".json"))) return;
        this.figures.leftLocked++;
        const refused = await this.stack.up();
        expect(refused.code).not.toBe(0);
        expect(refused.text).toContain("pulumi cancel");
        const canceled = await this.stack.run("cancel", "--yes");
        expect(canceled.code, canceled.text).toBe(0);
    }

    async #goOn(way: Way, wanted: Declaration): Promise<void> {
        const { stack, emulator } = this;
        this.figures.pendingOperations += (await this.#pendingOperations()).length;
        // Asked again after a run: what a killed process has sent may be read later than it ends.
        const orphans = async () => {
            const known = new Set((await stack.webhooks()).map(({ id }) => id));
            return emulator.webhooks.filter(({ id }) => !known.has(id));
        };
        // The engine does not tell the plugin which webhook is replaced for a trigger; a refresh does. And only a
        // refresh tells what was done to webhooks of a state that was not saved.
        const refresh = inject("front") === "native" || this.saves === "once" ? ["--refresh"] : [];
        if (!wanted.adopt && this.saves === "each step" && (way === "Ctrl-C" || (await orphans()).length > 0)) {
            const up = await stack.up(...refresh);
            // One Ctrl-C loses nothing: the engine lets all end that is under way.
            if (way === "Ctrl-C") expect(up.code, up.text).toBe(0);
            else this.#expectNamed(up, await orphans());
        }
        this.figures.orphansAdopted += (await orphans()).length;
        stack.program(program({ ...wanted, adopt: true }));
        const up = await stack.up(...refresh);
        expect(up.code, up.text).toBe(0);
        this.#declared = wanted;
        await this.#expectExactly(wanted);
    }

    #expectNamed(up: Run, orphans: readonly { readonly id: string }[]): void {
        expect(up.code).not.toBe(0);
        // The engine stops at the first error, and what it has begun by then is a matter of chance.
        const named = [...up.text.matchAll(/for this URL there is (\S+) already/g)].map(([, id]) => id);
        expect(named).not.toEqual([]);
        for (const id of named) {
            expect(orphans.map((orphan) => orphan.id)).toContain(id);
            expect(up.text).toContain(`adopt: "${id}"`);
        }
        expect(this.emulator.countCalls("delete")).toBe(0);
        this.figures.orphansNamed += orphans.length;
    }

    /** What is declared is at the API, in the state, and in the outputs with its secret; and nothing else. */
    async #expectExactly(wanted: Declaration): Promise<void> {
        this.#noteSecrets();
        const outputs = Object.values(await this.stack.outputs());
        const byId = (one: { id: string }, other: { id: string }) => one.id.localeCompare(other.id);
        expect((outputs as { id: string }[]).toSorted(byId)).toEqual(this.emulator.webhooks.toSorted(byId));
        const urls = this.emulator.webhooks.map(({ url }) => url).sort();
        expect(urls).toEqual(Array.from({ length: wanted.count }, (_, index) => urlOf(index)).sort());
        const ids = (await this.stack.webhooks()).map(({ id }) => id);
        expect(ids.toSorted()).toEqual(this.emulator.webhooks.map(({ id }) => id).sort());
    }

    async #pendingOperations(): Promise<readonly unknown[]> {
        return (await this.stack.state()).pending_operations ?? [];
    }

    #noteSecrets(): void {
        for (const { secret } of this.emulator.webhooks) this.#secrets.add(secret);
    }

    #expectNoSecret(text: string): void {
        this.#noteSecrets();
        expect(findLeaks(new Map([["the screen", text]]), [this.emulator.apiKey, ...this.#secrets])).toEqual([]);
    }
}

function kill(pid: number, signal: "SIGKILL" | "SIGINT" = "SIGKILL"): void {
    try {
        process.kill(pid, signal);
    } catch {
        // It has ended in the meantime.
    }
}

function urlOf(index: number): string {
    return `https://api.example.com/${index}`;
}

function program({ count, generation, round, trigger, adopt }: Declaration): string {
    return `
for (let index = 0; index < ${count}; index++) {
    const webhook = new captions.Webhook("webhook-" + index + "-" + ${generation}, {
        url: ${JSON.stringify(urlOf(0).slice(0, -1))} + index,
        enabledEvents: ["creator.success"],
        rotateWhenChanged: { round: ${round} },
        adopt: ${adopt},
    }, { replacementTrigger: ${trigger} });
    const { id, url, secret, enabledEvents } = webhook;
    exports["webhook-" + index] = { id, url, secret, enabledEvents };
}`;
}
