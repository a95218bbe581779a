import type { Program } from "./engine";

/**
 * What the users' documentation promises, said a second time and in another way: no network, no identifiers, no secrets,
 * no errors, only who holds which webhook. It foretells a run on which nothing goes wrong; what may happen when something does
 * is said by the invariants in `play.ts`.
 */

/** A webhook at the API. */
export interface Hook {
    url: string;
    events: string;
    rotations: number;
    exists: boolean;
}

/** What the provider has been told or has seen of a webhook. */
interface Holding {
    readonly hook: Hook;
    url: string;
    events: string;
    keepers: string;
    /** The events that were declared or seen last: they are not asked for again. */
    accepted: string;
}

/** From, to. */
export type Range = readonly [number, number];

export interface Prediction {
    /** The name of the error's class, by the resource's name. */
    readonly failures: ReadonlyMap<string, string>;
    readonly calls: Readonly<Record<"events" | "list" | "register" | "update" | "delete", Range>>;
}

/** One spelling for all spellings. */
export const canonicalUrl = (url: string): string => new URL(url).href;
export const canonicalEvents = (events: readonly string[]): string => [...new Set(events)].sort().join(" ");

/** The events that a provider knows by itself; it asks for others. */
const knownEvents = ["creator.failure", "creator.success"];

class Count {
    min = 0;
    max = 0;
    add(min: number, max = min): void {
        this.min += min;
        this.max += max;
    }
    get range(): Range {
        return [this.min, this.max];
    }
}

export class Model {
    /** All that the API has or had. */
    readonly hooks: Hook[] = [];
    /** By the resource's name. */
    readonly holdings = new Map<string, Holding>();
    /** Whether the API tells a delete of an unknown webhook from another, so that the list has to be asked. */
    readonly #asksAfterDelete: boolean;

    constructor(options: { readonly deleteUnknown: "error" | "success" | "false" }) {
        this.#asksAfterDelete = options.deleteUnknown !== "success";
    }

    get living(): readonly Hook[] {
        return this.hooks.filter(({ exists }) => exists);
    }

    /** Somebody registers one by hand. */
    register(url: string, events: string): Hook {
        const hook = { url, events, rotations: 0, exists: true };
        this.hooks.push(hook);
        return hook;
    }

    refresh(): Prediction {
        const list: Range = this.holdings.size === 0 ? [0, 0] : [1, 1];
        this.#look();
        return { failures: new Map(), calls: { ...none, list } };
    }

    /** @param options `hookOf` says which webhook an id in the program means */
    up(
        program: Program,
        options: {
            readonly inOrder: boolean;
            readonly refreshes: boolean;
            readonly hookOf: (id: string) => Hook | undefined;
        },
    ): Prediction {
        const failures = new Map<string, string>();
        const [register, update, remove, later] = [new Count(), new Count(), new Count(), new Count()];
        let listed = options.refreshes && this.holdings.size > 0;
        let asksForEvents = false;
        if (options.refreshes) this.#look();

        const kept = new Set([...this.holdings].filter(([name]) => program.has(name)).map(([, { hook }]) => hook));
        const taken = new Set(kept);
        const names = [...program.keys()];
        const isNew = (name: string): boolean => !this.holdings.has(name);
        const ordered = options.inOrder ? [...names.filter((name) => !isNew(name)), ...names.filter(isNew)] : names;
        for (const name of ordered) {
            if (options.inOrder && failures.size > 0) break;
            const wanted = program.get(name);
            if (wanted === undefined) continue;
            const url = canonicalUrl(wanted.url);
            const events = canonicalEvents(wanted.enabledEvents);
            const keepers = JSON.stringify(wanted.rotateWhenChanged ?? {});
            const holding = this.holdings.get(name);
            const accepted = [...knownEvents, ...(holding?.accepted.split(" ") ?? [])];
            if (wanted.enabledEvents.some((event) => !accepted.includes(event))) asksForEvents = true;

            if (holding !== undefined) {
                if (holding.url === url && holding.events === events && holding.keepers === keepers) {
                    holding.accepted = events;
                    continue;
                }
                update.add(1);
                if (!holding.hook.exists) {
                    // Those that ask at the same time share an answer.
                    later.add(later.min === 0 ? 1 : 0, 1);
                    failures.set(name, "WebhookNotFoundError");
                    continue;
                }
                if (holding.url !== url) holding.hook.url = url;
                if (holding.events !== events) holding.hook.events = events;
                // What others have changed comes to light with the answer, and is repaired by the next run.
                holding.hook.rotations++;
                Object.assign(holding, {
                    url: holding.hook.url,
                    events: holding.hook.events,
                    keepers,
                    accepted: events,
                });
                continue;
            }

            listed = true;
            const there = this.living.filter((hook) => hook.url === url);
            const free = there.filter((hook) => !taken.has(hook));
            if (wanted.adopt === true && free.length > 1) {
                failures.set(name, "AdoptionError");
                continue;
            }
            const named = typeof wanted.adopt === "string" ? options.hookOf(wanted.adopt) : undefined;
            if (typeof wanted.adopt === "string" && named?.exists !== true) {
                failures.set(name, "WebhookNotFoundError");
                continue;
            }
            if (named !== undefined && taken.has(named)) {
                failures.set(name, "AdoptionError");
                continue;
            }
            const adopted = named ?? (wanted.adopt === true ? free[0] : undefined);
            if (adopted === undefined && there.length > 0 && wanted.allowDuplicateUrl !== true) {
                failures.set(name, "DuplicateUrlError");
                continue;
            }
            const hook = adopted ?? this.register(url, events);
            if (adopted === undefined) register.add(1);
            if (hook.url !== url || hook.events !== events) {
                update.add(1);
                Object.assign(hook, { url, events });
                hook.rotations++;
            }
            taken.add(hook);
            this.holdings.set(name, { hook, url, events, keepers, accepted: events });
        }
        if (failures.size === 0) this.#delete(names, taken, remove, later);
        const first = listed ? 1 : 0;
        return {
            failures,
            calls: {
                events: asksForEvents ? [1, 1] : [0, 0],
                list: [first + later.min, first + later.max],
                register: register.range,
                update: update.range,
                delete: remove.range,
            },
        };
    }

    destroy(): Prediction {
        const [remove, later] = [new Count(), new Count()];
        this.#delete([], new Set(), remove, later);
        return { failures: new Map(), calls: { ...none, delete: remove.range, list: later.range } };
    }

    #look(): void {
        for (const [name, holding] of this.holdings) {
            const { url, events, exists } = holding.hook;
            if (!exists) this.holdings.delete(name);
            else if (holding.url !== url || holding.events !== events) {
                Object.assign(holding, { url, events, accepted: events });
            }
        }
    }

    #delete(program: readonly string[], taken: ReadonlySet<Hook>, remove: Count, later: Count): void {
        for (const [name, { hook }] of this.holdings) {
            if (program.includes(name)) continue;
            this.holdings.delete(name);
            // What another resource holds now is not deleted.
            if (taken.has(hook)) continue;
            remove.add(1);
            if (!hook.exists && this.#asksAfterDelete) later.add(later.min === 0 ? 1 : 0, 1);
            hook.exists = false;
        }
    }
}

const none = {
    events: [0, 0],
    list: [0, 0],
    register: [0, 0],
    update: [0, 0],
    delete: [0, 0],
} as const satisfies Prediction["calls"];

/**
 * Why a webhook's secret may be rotated: a change in the program, or one made by hand that a run repairs. Each reason is good for
 * one rotation, however many runs fail on the way to it.
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
