import type { RegisteredWebhook } from "../../emulator";
import type { WebhookInputs } from "../../provider/lifecycle";
import { type Edit, type Group, groups, type Settings } from "./history";
import { canonicalEvents, canonicalUrl, inputsFor, type SecretParts } from "./inputs";
import type { Reasons } from "./model";
import type { Declaration, Failures, Program, SimulatedEngine } from "./simulated-engine";

interface Declared {
    readonly settings: Settings;
    /** Of the generations the newest first. */
    readonly names: readonly string[];
    /** What each of the names was before. */
    readonly aliases: ReadonlyMap<string, readonly string[]>;
    readonly trigger: number;
    readonly deletesBefore: boolean;
    /** What a rotating webhook is called. */
    readonly family: string;
}

const counts = { alone: 1, other: 1, twins: 3, rotating: 2 } as const satisfies Record<Group, number>;
const mostGenerations = 3;

/** Whoever writes the program and reads the errors: edits it as a history says, and does what the errors advise. */
export class User {
    readonly #engine: SimulatedEngine;
    readonly #reasons: Reasons;
    readonly #secrets: SecretParts;
    readonly #declared = new Map<Group, Declared>();
    /** What was taken out of the program: it may be put back. */
    readonly #former = new Map<Group, Declared>();
    /** `adopt` by the resource's name: declared so, or because an error has said so. */
    readonly adopt = new Map<string, string | true>();
    readonly #givenUp = new Set<string>();
    #names = 0;
    needsRefresh = false;

    constructor(engine: SimulatedEngine, reasons: Reasons, secrets: SecretParts) {
        this.#engine = engine;
        this.#reasons = reasons;
        this.#secrets = secrets;
    }

    namesOf(group: Group): readonly string[] {
        return this.#declared.get(group)?.names ?? [];
    }

    /** The names whose webhook is still to be registered: a new one, or one in place of another. */
    waiting(group: Group): readonly string[] {
        const declared = this.#declared.get(group);
        return (declared?.names ?? []).filter((name) => {
            const known = [name, ...(declared?.aliases.get(name) ?? [])].find((one) => this.#engine.state.has(one));
            const saved = this.#engine.state.get(known ?? "");
            return saved === undefined || saved.trigger !== declared?.trigger || saved.pendingReplacement;
        });
    }

    program(): Program {
        const program = new Map<string, Declaration>();
        for (const [group, declared] of this.#declared) {
            // The oldest generation comes first.
            const names = group === "rotating" ? declared.names.toReversed() : declared.names;
            for (const [index, name] of names.entries()) {
                const adopt = this.adopt.get(name);
                const inputs = this.#inputs(group, name, declared);
                const isUnclear = adopt === true && inputs.allowDuplicateUrl === true;
                program.set(name, {
                    inputs: { ...inputs, ...(adopt === undefined || isUnclear ? {} : { adopt }) },
                    trigger: declared.trigger,
                    deleteBeforeReplace: declared.deletesBefore,
                    aliases: declared.aliases.get(name) ?? [],
                    generation:
                        group === "rotating"
                            ? { family: declared.family, older: names.slice(0, index), newer: names.length - 1 - index }
                            : undefined,
                });
            }
        }
        return program;
    }

    edit(edit: Edit): void {
        const group = edit.kind === "generation" ? "rotating" : edit.group;
        const declared = this.#declared.get(group);
        // What may have been registered under a URL or a name must stay findable: the user goes on with it first.
        const waits = declared !== undefined && this.waiting(group).length > 0;
        if (edit.kind === "declare") {
            if (declared === undefined) this.#declare(group, edit.settings, edit.adopt);
            else if (!waits) this.#become(group, { ...declared, settings: edit.settings });
            return;
        }
        if (declared === undefined) return;
        const { settings, names, aliases, trigger } = declared;
        if (edit.kind === "change") {
            if (waits && edit.what === "url") return;
            const values = { url: 2, spelling: 3, events: 4, keepers: 3 }[edit.what];
            const value = (settings[edit.what] + edit.by) % values;
            this.#become(group, { ...declared, settings: { ...settings, [edit.what]: value } });
            return;
        }
        if (waits) return;
        switch (edit.kind) {
            case "remove":
                for (const name of names) this.adopt.delete(name);
                this.#former.set(group, declared);
                this.#declared.delete(group);
                return;
            case "rename": {
                // Which of several equal ones a new name is to get, `adopt: true` cannot say.
                const [from] = names;
                if (from === undefined || counts[group] > 1) return;
                const to = this.#newName(group);
                this.adopt.delete(from);
                this.adopt.set(to, edit.byId ? (this.#engine.state.get(from)?.id ?? true) : true);
                this.#reasons.renamed(from, to);
                this.#declared.set(group, { ...declared, names: [to], aliases: new Map() });
                return;
            }
            case "alias": {
                const renamed = new Map(names.map((name) => [this.#newName(group, edit.reuses), name]));
                for (const [to, from] of renamed) {
                    this.#reasons.renamed(from, to);
                    if (group !== "rotating") this.#givenUp.add(from);
                }
                const before = (name: string) =>
                    [name, ...(aliases.get(name) ?? [])].filter((one) => !renamed.has(one));
                const all = new Map([...renamed].map(([to, from]) => [to, before(from)]));
                const [family = group] = renamed.keys();
                this.#declared.set(group, { ...declared, names: [...renamed.keys()], aliases: all, family });
                return;
            }
            case "replace":
                this.#declared.set(group, { ...declared, trigger: trigger + 1, deletesBefore: edit.deletesBefore });
                return;
            case "generation":
                if (edit.adds && names.length < mostGenerations) {
                    this.#declared.set(group, { ...declared, names: [this.#newName(group), ...names] });
                } else if (!edit.adds && names.length > 1) {
                    this.#declared.set(group, { ...declared, names: names.slice(0, -1) });
                }
        }
    }

    /**
     * Which of several equal webhooks is meant `adopt: true` cannot say: the user looks at what there is, and names one
     * that no resource has; rather none that others have registered.
     */
    chooseAmongEqual(webhooks: readonly RegisteredWebhook[], isForeign: (id: string) => boolean): void {
        const chosen = new Set<string | true>(this.adopt.values());
        for (const [name, { inputs }] of this.program()) {
            if (this.adopt.get(name) !== true || inputs.allowDuplicateUrl !== true) continue;
            const free = webhooks.filter(
                ({ id, url }) => canonicalUrl(url) === canonicalUrl(inputs.url) && !this.#has(id) && !chosen.has(id),
            );
            const one = free.find(({ id }) => !isForeign(id)) ?? free[0];
            if (one === undefined) continue;
            this.adopt.set(name, one.id);
            chosen.add(one.id);
        }
    }

    /** What a user does who reads the errors. */
    takeAdvice(
        failures: Failures,
        refreshed: boolean,
        isForeign: (id: string) => boolean,
        ids: readonly string[],
    ): void {
        if (refreshed && failures.size === 0) this.needsRefresh = false;
        const waiting = new Set(groups.flatMap((group) => this.waiting(group)));
        for (const name of this.adopt.keys()) if (!waiting.has(name)) this.adopt.delete(name);
        const chosen = new Set<string>();
        for (const [name, { message, name: kind }] of failures) {
            if (message.includes("`pulumi refresh`")) this.needsRefresh = true;
            if (!waiting.has(name) || !message.includes("adopt")) continue;
            if (kind !== "AdoptionError") {
                this.adopt.set(name, true);
                continue;
            }
            // "Say which": one of those that it names, and rather none that others have registered.
            const named = ids.filter((id) => message.includes(id));
            named.sort((one, other) => Number(isForeign(one)) - Number(isForeign(other)));
            const isTaken = (id: string) => chosen.has(id) || this.#has(id);
            const id = named.find((candidate) => !isTaken(candidate));
            // Where all belong to other resources, there is nothing to adopt.
            if (id === undefined) {
                this.adopt.delete(name);
            } else {
                this.adopt.set(name, id);
                chosen.add(id);
            }
        }
    }

    /** Whether a resource of the program has a webhook, or it is to be deleted. */
    #has(id: string): boolean {
        const names = [...this.program()].flatMap(([name, { aliases }]) => [name, ...aliases]);
        const { state, pendingDeletes } = this.#engine;
        return names.some((name) => state.get(name)?.id === id) || [...pendingDeletes].some((saved) => saved.id === id);
    }

    #declare(group: Group, settings: Settings, adopts: boolean): void {
        const names = Array.from({ length: counts[group] }, () => this.#newName(group));
        const [family = group] = names;
        const former = this.#former.get(group);
        const declared = former ?? { settings, names, aliases: new Map(), trigger: 0, deletesBefore: false, family };
        this.#declared.set(group, { ...declared, settings });
        for (const name of this.namesOf(group)) {
            if (adopts) this.adopt.set(name, true);
            // It was taken out and put back before any run.
            this.#reasons.changed(name);
        }
    }

    #become(group: Group, after: Declared): void {
        const before = this.#declared.get(group) ?? after;
        this.#declared.set(group, after);
        // Of the generations only the newest follows.
        for (const name of group === "rotating" ? after.names.slice(0, 1) : after.names) {
            const [one, other] = [this.#inputs(group, name, before), this.#inputs(group, name, after)];
            const isSame =
                canonicalUrl(one.url) === canonicalUrl(other.url) &&
                canonicalEvents(one.enabledEvents) === canonicalEvents(other.enabledEvents) &&
                JSON.stringify(one.rotateWhenChanged ?? {}) === JSON.stringify(other.rotateWhenChanged ?? {});
            if (!isSame) this.#reasons.changed(name);
        }
    }

    #inputs(group: Group, name: string, { settings, aliases }: Declared): WebhookInputs {
        // A generation is called what it was called first, whatever the resource is called.
        return inputsFor(group, aliases.get(name)?.at(-1) ?? name, settings, this.#secrets);
    }

    #newName(group: Group, reuses = false): string {
        const free = [...this.#givenUp].find((name) => !this.#engine.state.has(name));
        if (!reuses || free === undefined) return `${group}-${this.#names++}`;
        this.#givenUp.delete(free);
        // No other resource is to be taken for the one that had it.
        for (const declarations of [this.#declared, this.#former]) {
            for (const [of, declared] of declarations) {
                const aliases = [...declared.aliases].map(
                    ([to, before]) => [to, before.filter((name) => name !== free)] as const,
                );
                declarations.set(of, { ...declared, aliases: new Map(aliases) });
            }
        }
        return free;
    }
}
