import { canonicalEvents, canonicalUrl } from "./inputs";
import { type Declaration, inEngineOrder, type Program } from "./simulated-engine";

/**
 * What the users' documentation promises, said a second time and in another way: no network, no identifiers, no
 * secrets, no errors, only who has which webhook. It foretells a run on which nothing goes wrong; what may happen when
 * something does is said by the invariants in `play.ts`.
 */

/** A webhook at the API. */
export interface Hook {
    url: string;
    events: string;
    rotations: number;
    exists: boolean;
    /** Whether a rotating webhook has it, or had it last. */
    isGeneration: boolean;
}

interface Settings {
    readonly url: string;
    readonly events: string;
}

/** What the state has of a webhook. */
interface Holding {
    readonly hook: Hook;
    /** The older generations when it was created or updated last. */
    siblings: readonly Hook[];
    /** What the provider believes the webhook to be. */
    believed: Settings;
    keepers: string;
    /** What was declared last, or seen by a refresh. */
    declared: Settings;
    trigger: number;
    /** It was deleted, and its replacement did not come to be. */
    pendingReplacement: boolean;
}

/** From, to. */
export type Range = readonly [number, number];

export interface Prediction {
    /** The name of the error's class, by the resource's name. */
    readonly failures: ReadonlyMap<string, string>;
    readonly calls: Readonly<Record<"events" | "list" | "register" | "update" | "delete", Range>>;
}

/** The events that a provider knows by itself; it asks for others. */
const knownEvents = ["creator.failure", "creator.success"];

export interface ModelOptions {
    /** Whether the API tells a delete of an unknown webhook from another, so that the list has to be asked. */
    readonly asksAfterDelete: boolean;
    /** Whether `/list` shows URLs as they were given, so that a webhook can be found by its URL. */
    readonly isFindable: boolean;
}

export interface UpOptions {
    readonly inOrder: boolean;
    readonly refreshes: boolean;
    /** Which webhook an id in the program means. */
    readonly hookOf: (id: string) => Hook | undefined;
}

export class Model {
    /** All that the API has or had. */
    readonly hooks: Hook[] = [];
    /** By the resource's name. */
    readonly holdings = new Map<string, Holding>();
    /** What was replaced, and is still to be deleted. */
    pendingDeletes: Hook[] = [];
    readonly #options: ModelOptions;

    constructor(options: ModelOptions) {
        this.#options = options;
    }

    get living(): readonly Hook[] {
        return this.hooks.filter(({ exists }) => exists);
    }

    /** Somebody registers one by hand. */
    register({ url, events }: Settings): Hook {
        const hook = { url, events, rotations: 0, exists: true, isGeneration: false };
        this.hooks.push(hook);
        return hook;
    }

    refresh(): Prediction {
        return new ModelRun(this, this.#options).refresh();
    }

    up(program: Program, options: UpOptions): Prediction {
        return new ModelRun(this, this.#options).up(program, options);
    }

    destroy(): Prediction {
        return new ModelRun(this, this.#options).destroy();
    }
}

class ModelRun {
    readonly #model: Model;
    readonly #options: ModelOptions;
    readonly #failures = new Map<string, string>();
    readonly #calls: Record<keyof Prediction["calls"], Range> = {
        events: [0, 0],
        list: [0, 0],
        register: [0, 0],
        update: [0, 0],
        delete: [0, 0],
    };
    /** Whether a list is at hand. */
    #listed = false;
    #looksLater = 0;
    /** What resources of the program have, as far as that was told. */
    readonly #taken = new Set<Hook>();
    /** What resources of the state have, as far as that was told. */
    readonly #told = new Set<Hook>();

    constructor(model: Model, options: ModelOptions) {
        this.#model = model;
        this.#options = options;
    }

    refresh(): Prediction {
        const { holdings } = this.#model;
        if (holdings.size + this.#model.pendingDeletes.length > 0) this.#list();
        for (const hook of this.#model.pendingDeletes) this.#told.add(hook);
        for (const [name, holding] of holdings) {
            this.#tell(holding);
            const { url, events, exists } = holding.hook;
            if (!exists) {
                holdings.delete(name);
            } else if (holding.believed.url !== url || holding.believed.events !== events) {
                Object.assign(holding, { believed: { url, events }, declared: { url, events } });
            }
        }
        this.#model.pendingDeletes = this.#model.pendingDeletes.filter(({ exists }) => exists);
        return this.#prediction();
    }

    up(program: Program, { inOrder, refreshes, hookOf }: UpOptions): Prediction {
        if (refreshes) this.refresh();
        const { holdings } = this.#model;
        const nameInState = (name: string) =>
            [name, ...(program.get(name)?.aliases ?? [])].find((one) => holdings.has(one));
        for (const [name, { generation, trigger }] of program) {
            const holding = holdings.get(nameInState(name) ?? "");
            const isKept = holding?.trigger === trigger && !holding.pendingReplacement;
            if (holding !== undefined && isKept && generation === undefined) this.#taken.add(holding.hook);
        }
        const skipped = new Set<string>();
        for (const name of inEngineOrder(program, (one) => nameInState(one) !== undefined)) {
            const declaration = program.get(name) as Declaration;
            const waitsFor = inOrder ? [...this.#failures.keys()] : (declaration.generation?.older ?? []);
            if (waitsFor.some((one) => this.#failures.has(one) || skipped.has(one))) {
                skipped.add(name);
                continue;
            }
            const known = nameInState(name);
            const holding = holdings.get(known ?? "");
            if (known !== undefined && holding !== undefined && known !== name) {
                holdings.delete(known);
                holdings.set(name, holding);
            }
            this.#bring(name, holding, declaration, hookOf);
        }
        if (this.#failures.size === 0) this.#delete((name) => !program.has(name));
        return this.#prediction();
    }

    destroy(): Prediction {
        this.#delete(() => true);
        return this.#prediction();
    }

    #bring(
        name: string,
        holding: Holding | undefined,
        { inputs, trigger, deleteBeforeReplace, generation }: Declaration,
        hookOf: UpOptions["hookOf"],
    ): void {
        const program = { url: canonicalUrl(inputs.url), events: canonicalEvents(inputs.enabledEvents) };
        const declared = holding !== undefined && (generation?.newer ?? 0) > 0 ? holding.declared : program;
        const keepers = JSON.stringify(inputs.rotateWhenChanged ?? {});
        this.#askForEvents(declared, holding?.declared.events.split(" "));
        if (holding === undefined) {
            this.#create(name, undefined, { inputs, trigger, declared, keepers, generation }, hookOf);
            return;
        }
        const { hook, believed } = holding;
        this.#tell(holding);
        if (holding.trigger !== trigger || holding.pendingReplacement) {
            this.#askForEvents(declared, []);
            if (deleteBeforeReplace && !holding.pendingReplacement) {
                this.#remove(hook);
                holding.pendingReplacement = true;
            }
            const isGone = holding.pendingReplacement;
            const isNew = this.#create(name, hook, { inputs, trigger, declared, keepers, generation }, hookOf);
            if (isNew && !isGone) this.#model.pendingDeletes.push(hook);
            return;
        }
        this.#taken.add(hook);
        const isSame = believed.url === declared.url && believed.events === declared.events;
        if (isSame && holding.keepers === keepers) {
            holding.declared = declared;
            return;
        }
        this.#count("update");
        if (!hook.exists) {
            this.#lookLater();
            this.#failures.set(name, "WebhookNotFoundError");
            return;
        }
        if (believed.url !== declared.url) hook.url = declared.url;
        if (believed.events !== declared.events) hook.events = declared.events;
        hook.rotations++;
        // What others have changed comes to light with the response, and is repaired by the next run.
        Object.assign(holding, {
            siblings: this.#older(generation),
            believed: { url: hook.url, events: hook.events },
            declared,
            keepers,
        });
    }

    /** @returns whether it came to be */
    #create(
        name: string,
        replaced: Hook | undefined,
        {
            inputs,
            trigger,
            declared,
            keepers,
            generation,
        }: Pick<Declaration, "inputs" | "trigger" | "generation"> & { declared: Settings; keepers: string },
        hookOf: UpOptions["hookOf"],
    ): boolean {
        this.#list();
        const { holdings } = this.#model;
        const older = this.#older(generation);
        const isSibling = (hook: Hook) =>
            older.includes(hook) || (generation !== undefined && hook.isGeneration && this.#told.has(hook));
        const there = this.#model.living.filter(
            (hook) => this.#options.isFindable && hook.url === declared.url && hook !== replaced && !isSibling(hook),
        );
        const free = there.filter((hook) => !this.#taken.has(hook));
        const isDuplicate = free.length < there.length || free.length > (generation?.newer ?? 0);
        const named = typeof inputs.adopt === "string" ? hookOf(inputs.adopt) : undefined;
        const fail = (error: string): boolean => {
            this.#failures.set(name, error);
            return false;
        };
        // Any of them may be a newer generation's.
        const isUnclear = free.length > ((generation?.newer ?? 0) > 0 ? 0 : 1);
        if (inputs.adopt === true && isUnclear) return fail("AdoptionError");
        if (typeof inputs.adopt === "string" && (named === undefined || (named !== replaced && !named.exists))) {
            return fail("WebhookNotFoundError");
        }
        const wanted = inputs.adopt === true ? free[0] : named;
        const adopted = wanted === replaced ? undefined : wanted;
        if (adopted !== undefined && this.#taken.has(adopted)) return fail("AdoptionError");
        if (adopted === undefined && isDuplicate && inputs.allowDuplicateUrl !== true) return fail("DuplicateUrlError");
        const hook = adopted ?? this.#model.register(declared);
        if (adopted === undefined) this.#count("register");
        if (hook.url !== declared.url || hook.events !== declared.events) {
            this.#count("update");
            Object.assign(hook, declared);
            hook.rotations++;
        }
        this.#taken.add(hook);
        hook.isGeneration = generation !== undefined;
        holdings.set(name, {
            hook,
            siblings: older,
            believed: declared,
            keepers,
            declared,
            trigger,
            pendingReplacement: false,
        });
        return true;
    }

    #older(generation: Declaration["generation"]): readonly Hook[] {
        return (generation?.older ?? []).flatMap((name) => this.#model.holdings.get(name)?.hook ?? []);
    }

    #tell({ hook, siblings }: Holding): void {
        for (const told of [hook, ...siblings]) this.#told.add(told);
    }

    #delete(isGone: (name: string) => boolean): void {
        const { holdings, pendingDeletes } = this.#model;
        for (const [name, { hook, pendingReplacement }] of holdings) {
            if (!isGone(name)) continue;
            holdings.delete(name);
            if (!pendingReplacement) this.#remove(hook);
        }
        this.#model.pendingDeletes = [];
        for (const hook of pendingDeletes) this.#remove(hook);
    }

    #remove(hook: Hook): void {
        // What another resource has now is not deleted.
        if (this.#taken.has(hook)) return;
        this.#count("delete");
        if (!hook.exists && this.#options.asksAfterDelete) this.#lookLater();
        hook.exists = false;
    }

    #askForEvents({ events }: Settings, accepted: readonly string[] = []): void {
        const isNew = (event: string) => !knownEvents.includes(event) && !accepted.includes(event);
        if (events.split(" ").some(isNew)) this.#calls.events = [1, 1];
    }

    #list(): void {
        if (!this.#listed) this.#count("list");
        this.#listed = true;
    }

    /** Those that look at the same time share the call. */
    #lookLater(): void {
        const [min, max] = this.#calls.list;
        this.#calls.list = [min + (this.#looksLater === 0 ? 1 : 0), max + 1];
        this.#looksLater++;
    }

    #count(endpoint: keyof Prediction["calls"]): void {
        const [min, max] = this.#calls[endpoint];
        this.#calls[endpoint] = [min + 1, max + 1];
    }

    #prediction(): Prediction {
        return { failures: this.#failures, calls: this.#calls };
    }
}

/**
 * Why a webhook's secret may be rotated: a change in the program, or one made by hand that a run repairs. Each reason
 * is good for one rotation, however many runs fail on the way to it.
 */
export class Reasons {
    readonly #program = new Map<string, number>();
    readonly #drift = new Map<string, number>();
    readonly #spent = new Map<string, number>();

    /** The program now says something else of a resource. */
    changed(name: string): void {
        add(this.#program, name, 1);
    }

    /** Somebody has changed its URL or events. */
    drifted(name: string): void {
        add(this.#drift, name, 1);
    }

    /** It is to take over a webhook that has other events. */
    adopts(name: string): void {
        this.#drift.set(name, Math.max(1, this.#drift.get(name) ?? 0));
    }

    renamed(from: string, to: string): void {
        for (const counts of [this.#program, this.#drift, this.#spent]) {
            counts.set(to, counts.get(from) ?? 0);
            counts.delete(from);
        }
    }

    /** @returns whether there was a reason for each */
    spend(name: string, rotations: number): boolean {
        add(this.#spent, name, rotations);
        return (this.#spent.get(name) ?? 0) <= (this.#program.get(name) ?? 0) + (this.#drift.get(name) ?? 0);
    }

    /** A run has said success: what was a reason until here is none any more. */
    settled(name: string, sawDrift: boolean): void {
        this.#program.delete(name);
        this.#spent.delete(name);
        if (sawDrift) this.#drift.delete(name);
    }
}

function add(counts: Map<string, number>, name: string, by: number): void {
    counts.set(name, (counts.get(name) ?? 0) + by);
}
