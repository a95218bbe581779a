import { CaptionsError } from "../../provider/errors";
import { inputsOf, PartialFailure, type WebhookInputs, type WebhookOutputs } from "../../provider/lifecycle";
import type { Resource, SavedResource, Session } from "../../provider/session";

/** What a program says of a resource, options included. */
export interface Declaration {
    readonly inputs: WebhookInputs;
    /** The option `replacementTrigger`: another one than the saved one replaces the webhook. */
    readonly trigger: number;
    readonly deleteBeforeReplace: boolean;
    /** The names that it had before. */
    readonly aliases: readonly string[];
    /** For a generation of a rotating webhook: its family, the names of the older ones, and how many are newer. */
    readonly generation?:
        | { readonly family: string; readonly older: readonly string[]; readonly newer: number }
        | undefined;
}

export type Program = ReadonlyMap<string, Declaration>;

/** What a state has of a resource. */
export interface Saved {
    readonly id: string;
    readonly inputs: WebhookInputs;
    readonly outputs: WebhookOutputs;
    /**
     * Which resource it is says the state's outputs: a name that was changed by an alias stays there until the next
     * update.
     */
    readonly resource: Resource;
    readonly trigger: number;
    /** The last step of it failed half-way (the engine's `initErrors`), so that the next run has to update it. */
    readonly failedHalfWay: boolean;
    /** It was deleted in order to be replaced, and its replacement did not come to be. */
    readonly pendingReplacement: boolean;
}

/** The steps that failed, by the resource's name. Empty: the run succeeded. */
export type Failures = ReadonlyMap<string, Error>;

type Step = "create" | "update" | "replace" | "keep";

/**
 * The names in the order in which the engine hears of them: resources of the state first, and the generations of a
 * rotating webhook last, as they depend on each other.
 */
export function inEngineOrder(program: Program, isSaved: (name: string) => boolean): string[] {
    const rank = (name: string) => (program.get(name)?.generation !== undefined ? 2 : isSaved(name) ? 0 : 1);
    return [...program.keys()].sort((one, other) => rank(one) - rank(other));
}

/**
 * What Pulumi's engine and its dynamic provider host do around a {@link Session}, without either: a session that lives
 * for one run; `check` and `diff` one after another, steps at the same time or in an order; a state that goes through
 * JSON; deletes after everything else and only if that went well.
 */
export class SimulatedEngine {
    /** By the resource's name. */
    readonly state = new Map<string, Saved>();
    /** What was replaced, and is still to be deleted. */
    readonly pendingDeletes = new Set<Saved>();
    /** What the user was told, apart from errors. */
    readonly notes: string[] = [];
    readonly #startSession: (notify: (line: string) => void) => Session;
    /** Resources that a refresh has dropped from the state, in the last run. */
    readonly dropped = new Set<string>();
    #session: Session;
    #failures = new Map<string, Error>();
    /** `check` and `diff` come one at a time. */
    #planning: Promise<unknown> = Promise.resolve();

    constructor(startSession: (notify: (line: string) => void) => Session) {
        this.#startSession = startSession;
        this.#session = this.#start();
    }

    /** All that the state has, what is still to be deleted included. */
    get saved(): readonly Saved[] {
        return [...this.state.values(), ...this.pendingDeletes];
    }

    async refresh(): Promise<Failures> {
        this.#session = this.#start();
        await this.#refresh();
        return this.#failures;
    }

    /** `pulumi up`, with `--refresh` if `refreshes`. The same session does both. */
    async up(program: Program, options: { readonly inOrder: boolean; readonly refreshes: boolean }): Promise<Failures> {
        this.#session = this.#start();
        if (options.refreshes) await this.#refresh();
        if (this.#failures.size > 0) return this.#failures;
        const isKnown = (name: string) => this.#savedAs(name, program.get(name)) !== undefined;
        const steps = new Map<string, Promise<boolean>>();
        for (const [name, declaration] of inEngineOrder(program, isKnown).map(
            (key) => [key, program.get(key) as Declaration] as const,
        )) {
            const before = options.inOrder
                ? [...steps.values()]
                : declaration.generation?.older.map((it) => steps.get(it));
            const step = this.#attempt(name, async () => {
                const went = await Promise.all(before ?? []);
                if (went.includes(false)) return false;
                await this.#bring(name, declaration);
                return true;
            });
            steps.set(name, step);
        }
        const went = await Promise.all(steps.values());
        if (went.includes(false)) return this.#failures;
        await this.#delete((name) => !program.has(name));
        return this.#failures;
    }

    async destroy(): Promise<Failures> {
        this.#session = this.#start();
        await this.#delete(() => true);
        return this.#failures;
    }

    #start(): Session {
        this.#failures = new Map();
        this.dropped.clear();
        return this.#startSession((line) => void this.notes.push(line));
    }

    async #refresh(): Promise<void> {
        const look = async (saved: Saved): Promise<Saved | undefined> => {
            const { outputs } = saved;
            const now = await this.#session.read(forHost(saved));
            if (now === undefined) return undefined;
            const drifted = now.url !== outputs.url || now.enabledEvents.join() !== outputs.enabledEvents.join();
            return stored({
                ...saved,
                inputs: drifted ? inputsOf(now) : saved.inputs,
                outputs: now,
                failedHalfWay: false,
            });
        };
        await Promise.all([
            ...[...this.state].map(([name, saved]) =>
                this.#attempt(name, async () => {
                    const now = await look(saved);
                    if (now === undefined) {
                        this.state.delete(name);
                        this.dropped.add(name);
                        return true;
                    }
                    this.state.set(name, now);
                    // To show the drift.
                    await this.#session.diff({ owner: name, name }, forHost(now), saved.inputs);
                    return true;
                }),
            ),
            ...[...this.pendingDeletes].map((saved) =>
                this.#attempt(`${saved.resource.name}, replaced`, async () => {
                    const now = await look(saved);
                    this.pendingDeletes.delete(saved);
                    if (now !== undefined) this.pendingDeletes.add(now);
                    return true;
                }),
            ),
        ]);
    }

    #savedAs(name: string, declaration: Declaration | undefined): string | undefined {
        return [name, ...(declaration?.aliases ?? [])].find((one) => this.state.has(one));
    }

    /** Creates, updates or replaces a resource, or leaves it as it is. */
    async #bring(name: string, declaration: Declaration): Promise<void> {
        const { trigger, generation } = declaration;
        const known = this.#savedAs(name, declaration);
        const saved = known === undefined ? undefined : this.state.get(known);
        if (known !== undefined && known !== name && saved !== undefined) {
            this.state.delete(known);
            this.state.set(name, saved);
        }
        const inputs =
            saved !== undefined && (generation?.newer ?? 0) > 0
                ? { ...declaration.inputs, url: saved.inputs.url, enabledEvents: saved.inputs.enabledEvents }
                : declaration.inputs;
        const siblings = generation && {
            family: generation.family,
            ids: generation.older.flatMap((older) => this.state.get(older)?.id ?? []),
            newer: generation.newer,
        };
        // The guard of the overlap has tests of its own: here it would only hide what comes after a drop.
        const of = { owner: name, name, siblings, dropsAtOnce: true };
        const step = await this.#oneAtATime(() => this.#plan(of, saved, inputs, trigger));
        const save = (id: string, outputs: WebhookOutputs, failedHalfWay: boolean): void => {
            const now = { id, inputs, outputs, resource: of, trigger, failedHalfWay, pendingReplacement: false };
            this.state.set(name, stored(now));
        };
        if (saved === undefined || step === "create") {
            await this.#save(save, () => this.#session.create(of, inputs));
        } else if (step === "replace") {
            const isDeleted = declaration.deleteBeforeReplace || saved.pendingReplacement;
            if (isDeleted && !saved.pendingReplacement) {
                await this.#remove(saved);
                this.state.set(name, { ...saved, pendingReplacement: true });
            }
            const replaced: typeof save = (...args) => {
                save(...args);
                if (!isDeleted) this.pendingDeletes.add(saved);
            };
            await this.#save(replaced, () => this.#session.create(of, inputs));
        } else if (step === "update") {
            const { id } = saved;
            await this.#save(save, async () => ({
                id,
                outputs: await this.#session.update(of, forHost(saved), inputs),
            }));
        } else {
            this.state.set(name, stored({ ...saved, inputs, trigger }));
        }
    }

    async #plan(of: Resource, saved: Saved | undefined, inputs: WebhookInputs, trigger: number): Promise<Step> {
        const check = async (olds: object): Promise<void> => {
            const wrong = await this.#session.check(of, { ...olds }, { ...inputs });
            if (wrong.length > 0) throw new Error(`check rejected valid inputs: ${wrong.join("; ")}`);
        };
        await check(saved?.inputs ?? {});
        if (saved === undefined) return "create";
        const isReplaced = saved.trigger !== trigger;
        const { changes, replaces } = await this.#session.diff(of, forHost(saved), inputs, () =>
            isReplaced ? "replaced" : "updated",
        );
        if (isReplaced || replaces.length > 0 || saved.pendingReplacement) {
            // Once more, without what was there before.
            await check({});
            return "replace";
        }
        return changes.length > 0 || saved.failedHalfWay ? "update" : "keep";
    }

    async #save(
        save: (id: string, outputs: WebhookOutputs, failedHalfWay: boolean) => void,
        run: () => Promise<{ readonly id: string; readonly outputs: WebhookOutputs }>,
    ): Promise<void> {
        try {
            const { id, outputs } = await run();
            save(id, outputs, false);
        } catch (error) {
            if (error instanceof PartialFailure) save(error.id, error.outputs, true);
            throw error;
        }
    }

    async #delete(isGone: (name: string) => boolean): Promise<void> {
        await Promise.all([
            ...[...this.state].flatMap(([name, saved]) =>
                isGone(name)
                    ? this.#attempt(name, async () => {
                          if (!saved.pendingReplacement) await this.#remove(saved);
                          this.state.delete(name);
                          return true;
                      })
                    : [],
            ),
            ...[...this.pendingDeletes].map((saved) =>
                this.#attempt(`${saved.resource.name}, replaced`, async () => {
                    await this.#remove(saved);
                    this.pendingDeletes.delete(saved);
                    return true;
                }),
            ),
        ]);
    }

    #remove(saved: Saved): Promise<void> {
        return this.#session.remove(forHost(saved));
    }

    /** @returns whether it went well */
    async #attempt(name: string, step: () => Promise<boolean>): Promise<boolean> {
        try {
            return await step();
        } catch (error) {
            // Anything else is a bug of the provider, or of this simulation.
            if (!(error instanceof CaptionsError) || error.message.startsWith("Unexpected error")) throw error;
            this.#failures.set(name, error);
            return false;
        }
    }

    #oneAtATime<T>(work: () => Promise<T>): Promise<T> {
        const result = this.#planning.then(work, work);
        this.#planning = result.catch(() => undefined);
        return result;
    }
}

/** What the host hands over. */
function forHost({ id, outputs, resource }: Saved): SavedResource {
    return { id, properties: outputs, resource };
}

/** As it comes out of the state's JSON. */
function stored<T>(value: T): T {
    return JSON.parse(JSON.stringify(value)) as T;
}
