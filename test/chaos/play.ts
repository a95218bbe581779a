import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Emulator, type FaultKind, type RegisteredWebhook, startEmulator } from "../../emulator";
import { CaptionsClient } from "../../provider/api/client";
import { defaultLimits, type Limits } from "../../provider/api/transport";
import { Ledger, type WebhookInputs } from "../../provider/lifecycle";
import { findLeaks } from "../support/leaks";
import { type Failures, SimulatedEngine } from "./engine";
import {
    type Edit,
    type Faults,
    faultyEndpoints,
    type Group,
    groupSizes,
    type History,
    type Meddling,
    noFaults,
    type Round,
    type Settings,
    slowKinds,
} from "./history";
import { canonicalEvents, canonicalUrl, type Hook, Model, type Prediction, Reasons } from "./model";

/** What was seen while histories were played. */
export class Figures {
    histories = 0;
    runs = 0;
    failedRuns = 0;
    calls = 0;
    rotations = 0;
    registered = 0;
    /** The texts that were searched for secrets. */
    texts = 0;
    readonly faults = new Map<FaultKind, number>();
}

/** More than a list of the API's lag, and than the time between a call's work and the look for it. */
const listLag = { calm: 4, stormy: 30, lagging: 100 };
/** For a call to time out that is never answered. Where none is, a slow machine must not make one. */
const callLimit = { withSlowFaults: 300, without: 30_000 };

/**
 * A call beyond those that are needed anyway: for each fault, the looks for what became of it (five at growing pauses, and
 * one more for a change), the same call again, and one to spare.
 */
const callsPerFault = 8;

/** What others changed is believed when it stays so for as long as the list may lag: that many looks at growing pauses. */
const looksForDrift = 6;

/** The program that a history's edits make, what the user learns from errors, and what is allowed because of it. */
interface Declared {
    settings: Settings;
    /** Grows with each new name. */
    generation: number;
    previous: number;
}

export async function play(history: History, figures: Figures): Promise<void> {
    const player = await Player.start(history, figures);
    try {
        await player.play();
    } finally {
        await player.stop();
    }
}

class Player {
    readonly #engine: SimulatedEngine;
    readonly #model: Model;
    readonly #reasons = new Reasons();
    readonly #declared = new Map<Group, Declared>();
    /** `adopt` by the resource's name: declared so, or because an error has said so. */
    readonly #adopt = new Map<string, string | true>();
    /** Webhooks that others have registered, as they left them. */
    readonly #foreign = new Map<string, RegisteredWebhook>();
    readonly #hooksOfForeign = new Map<string, Hook>();
    /** What others did to a webhook and no run can have seen yet. */
    readonly #unseen = new Map<string, Set<"settings" | "secret" | "gone">>();
    readonly #secretsById = new Map<string, Set<string>>();
    readonly #rotatedByHand = new Map<string, number>();
    readonly #rotationsSpent = new Map<string, number>();
    readonly #texts = new Map<string, string>();
    readonly #lag: number;
    #limits: Limits;
    #needsRefresh = false;
    #runs = 0;

    static async start(history: History, figures: Figures): Promise<Player> {
        const emulator = await startEmulator({
            apiKey: `key-${randomBytes(18).toString("base64url")}`,
            behaviour: { ...history.behaviour, events: ["creator.success", "creator.failure", "creator.started"] },
        });
        return new Player(history, figures, emulator);
    }

    private constructor(
        private readonly history: History,
        private readonly figures: Figures,
        private readonly emulator: Emulator,
    ) {
        this.#lag = emulator.behaviour.listLagMs;
        const lag = this.#lag > 0 ? listLag.lagging : history.calm ? listLag.calm : listLag.stormy;
        this.#limits = { ...defaultLimits, listLag: lag, call: callLimit.without, patience: 20_000, backoff: 2 };
        this.#model = new Model({ deleteUnknown: emulator.behaviour.deleteUnknown });
        this.#engine = new SimulatedEngine((notify) => {
            const { apiKey, baseUrl } = emulator;
            const limits = this.#limits;
            return new Ledger(new CaptionsClient({ apiKey, baseUrl, limits, notify }), limits);
        });
        emulator.onChange(() => this.#noteSecrets());
    }

    stop(): Promise<void> {
        return this.emulator.stop();
    }

    async play(): Promise<void> {
        this.figures.histories++;
        for (const round of this.history.rounds) {
            for (const edit of round.edits) this.#edit(edit);
            for (const meddling of round.meddling) this.#meddle(meddling);
            await this.#letListsCatchUp();
            await this.#run(round);
        }
        await this.#converge();
        this.#searchForSecrets();
    }

    /** Runs without faults, in which the user does what the errors of the last run have said. */
    async #converge(): Promise<void> {
        const last: Round = { edits: [], meddling: [], run: "refresh and up", inOrder: false, faults: noFaults };
        let failures: Failures = new Map();
        for (let attempt = 1; attempt <= 3; attempt++) {
            await this.#letListsCatchUp();
            failures = await this.#run(last);
            if (failures.size === 0) break;
            // A choice between several, or an `adopt` that names what is gone by now: those need a further run.
            for (const [name, error] of failures) {
                const isAdvice = ["AdoptionError", "WebhookNotFoundError", "DuplicateUrlError"].includes(error.name);
                this.#expect(isAdvice && attempt < 3, `a run without faults ends well for ${name}: ${error.message}`);
            }
        }
        await this.#letListsCatchUp();
        await this.#run({ ...last, run: "up" });
        const endpoints = this.emulator.calls.map(({ endpoint }) => endpoint);
        this.#expect(endpoints.length === 0, `a second run calls nothing, not ${endpoints.join(", ")}`);
        await this.#run({ ...last, run: "destroy" });
    }

    #edit(edit: Edit): void {
        const { group } = edit;
        const declared = this.#declared.get(group);
        // What may have been registered under a URL or a name must stay findable: the user goes on with it first.
        const waits = declared !== undefined && this.#namesOf(group).some((name) => !this.#engine.state.has(name));
        switch (edit.kind) {
            case "declare":
                if (waits) return;
                if (declared !== undefined) {
                    this.#become(group, edit.settings);
                    return;
                }
                this.#declared.set(group, { settings: edit.settings, generation: 0, previous: 0 });
                for (const name of this.#namesOf(group)) {
                    if (edit.adopt) this.#adopt.set(name, true);
                    // It was taken out and put back before any run.
                    if (this.#engine.state.has(name)) this.#reasons.changed(name);
                }
                return;
            case "change": {
                if (declared === undefined || (waits && edit.what === "url")) return;
                const values = { url: 2, spelling: 3, events: 4, keepers: 3 }[edit.what];
                const value = (declared.settings[edit.what] + edit.by) % values;
                this.#become(group, { ...declared.settings, [edit.what]: value });
                return;
            }
            case "remove":
                if (waits) return;
                for (const name of this.#namesOf(group)) this.#adopt.delete(name);
                this.#declared.delete(group);
                return;
            case "rename": {
                // Which of several equal ones a new name is to get, `adopt: true` cannot say.
                if (declared === undefined || waits || groupSizes[group] > 1) return;
                const [from] = this.#namesOf(group);
                declared.generation++;
                const [to] = this.#namesOf(group);
                if (from === undefined || to === undefined) return;
                this.#adopt.delete(from);
                this.#adopt.set(to, true);
                this.#reasons.renamed(from, to);
                return;
            }
        }
    }

    #become(group: Group, settings: Settings): void {
        const before = this.#inputs(group);
        const declared = this.#declared.get(group);
        if (declared === undefined) return;
        declared.settings = settings;
        const after = this.#inputs(group);
        const isSame =
            canonicalUrl(before.url) === canonicalUrl(after.url) &&
            canonicalEvents(before.enabledEvents) === canonicalEvents(after.enabledEvents) &&
            JSON.stringify(before.rotateWhenChanged ?? {}) === JSON.stringify(after.rotateWhenChanged ?? {});
        if (isSame) return;
        for (const name of this.#namesOf(group)) this.#reasons.changed(name);
    }

    #meddle(meddling: Meddling): void {
        const { group } = meddling;
        if (meddling.kind === "register") {
            const settings = { url: meddling.url, events: meddling.events, spelling: 0, keepers: 0 };
            const { url, enabledEvents } = inputsFor(group, settings);
            const webhook = this.emulator.register({ url, enabledEvents });
            this.#foreign.set(webhook.id, webhook);
            const hook = this.#model.register(canonicalUrl(url), canonicalEvents(enabledEvents));
            this.#hooksOfForeign.set(webhook.id, hook);
            return;
        }
        const names = this.#namesOf(group);
        const name = names[meddling.index % Math.max(1, names.length)];
        const saved = name === undefined ? undefined : this.#engine.state.get(name);
        if (name === undefined || saved === undefined) return;
        const { id } = saved;
        if (!this.emulator.webhooks.some((webhook) => webhook.id === id)) return;
        const hook = this.#model.holdings.get(name)?.hook;
        const unseen = this.#unseen.get(id) ?? new Set();
        this.#unseen.set(id, unseen);
        if (meddling.kind === "remove") {
            this.emulator.remove(id);
            unseen.add("gone");
            if (hook !== undefined) hook.exists = false;
            return;
        }
        const change = {
            move: { url: `https://elsewhere.example.com/${this.#runs}/${name}` },
            mute: { enabledEvents: ["creator.muted"] },
            rotate: {},
        }[meddling.kind];
        this.emulator.update(id, change);
        this.#rotatedByHand.set(id, (this.#rotatedByHand.get(id) ?? 0) + 1);
        unseen.add("secret");
        if (meddling.kind === "rotate") return;
        unseen.add("settings");
        this.#reasons.drifted(name);
        if (hook === undefined) return;
        if (meddling.kind === "move") hook.url = canonicalUrl(`https://elsewhere.example.com/${this.#runs}/${name}`);
        else hook.events = "creator.muted";
    }

    async #run({ run, inOrder, faults }: Round): Promise<Failures> {
        this.#runs++;
        const refreshes = run === "refresh and up" || (run === "up" && this.#needsRefresh);
        const program = this.#program();
        const before = new Map(this.#engine.state);
        if (run === "up" || run === "refresh and up") this.#expectAdoptions(program);
        this.emulator.clearCalls();
        this.#inject(faults);
        const failures = await (run === "refresh"
            ? this.#engine.refresh()
            : run === "destroy"
              ? this.#engine.destroy()
              : this.#engine.up(program, { inOrder, refreshes }));
        this.emulator.clearFaults();
        const prediction = this.history.calm ? this.#predict(run, inOrder, refreshes, program, before) : undefined;

        for (const [name, { message, stack }] of failures) this.#note(`error of ${name}`, `${message}\n${stack}`);
        for (const [name, { outputs, inputs }] of this.#engine.state) {
            this.#note(`outputs of ${name}`, JSON.stringify({ ...outputs, secret: undefined, inputs }));
        }
        this.#checkWhatIsThere(before, program);
        this.#checkRotations(before);
        this.#checkCalls(before, program, refreshes || run === "refresh", prediction);
        if (prediction !== undefined) this.#checkPrediction(prediction, failures);
        if (failures.size === 0) {
            if (run === "refresh") this.#checkRefreshed();
            else this.#checkSuccess(run, program, refreshes);
        }
        this.#takeAdvice(failures, run === "refresh" || refreshes);
        this.figures.runs++;
        if (failures.size > 0) this.figures.failedRuns++;
        return failures;
    }

    #expectAdoptions(program: ReadonlyMap<string, WebhookInputs>): void {
        for (const [name, { url, enabledEvents, adopt }] of program) {
            if (adopt === undefined || this.#engine.state.has(name)) continue;
            const differs = this.emulator.webhooks.some(
                (webhook) =>
                    canonicalUrl(webhook.url) === canonicalUrl(url) &&
                    canonicalEvents(webhook.enabledEvents) !== canonicalEvents(enabledEvents),
            );
            if (differs) this.#reasons.adopts(name);
        }
    }

    #predict(
        run: Round["run"],
        inOrder: boolean,
        refreshes: boolean,
        program: ReadonlyMap<string, WebhookInputs>,
        before: SimulatedEngine["state"],
    ): Prediction {
        if (run === "refresh") return this.#model.refresh();
        if (run === "destroy") return this.#model.destroy();
        const hookOf = (id: string): Hook | undefined => {
            const holder = [...before].find(([, saved]) => saved.id === id)?.[0];
            return this.#hooksOfForeign.get(id) ?? this.#model.holdings.get(holder ?? "")?.hook;
        };
        return this.#model.up(program, { inOrder, refreshes, hookOf });
    }

    #inject(faults: Faults): void {
        const drawn = faultyEndpoints.flatMap((endpoint) => faults[endpoint].filter((fault) => fault !== null));
        const isSlow = drawn.some(({ kind }) => slowKinds.has(kind));
        this.#limits = { ...this.#limits, call: isSlow ? callLimit.withSlowFaults : callLimit.without };
        for (const endpoint of faultyEndpoints) {
            let earlier = 0;
            for (const [index, fault] of faults[endpoint].entries()) {
                if (fault === null) continue;
                // A fault that happens does not count down those behind it.
                this.emulator.inject({ ...fault, endpoint, after: index - earlier });
                earlier++;
            }
        }
    }

    /** Holds after each run, whatever it came to. */
    #checkWhatIsThere(before: SimulatedEngine["state"], program: ReadonlyMap<string, WebhookInputs>): void {
        const { state } = this.#engine;
        const api = new Map(this.emulator.webhooks.map((webhook) => [webhook.id, webhook]));
        const ids = new Set([...state.values()].map(({ id }) => id));
        for (const [name, { id }] of before) {
            const isLost = api.has(id) && !ids.has(id);
            this.#expect(!isLost, `${id} does not leave the state while it is registered (${name})`);
        }
        for (const id of ids) this.#foreign.delete(id);
        for (const [id, left] of this.#foreign) {
            const now = JSON.stringify(api.get(id));
            this.#expect(now === JSON.stringify(left), `${id}, which others have registered, is left as it was`);
        }
        // Registered, but its answer was lost, and it could not be found: at most one for each that waits for its webhook.
        for (const group of Object.keys(groupSizes) as Group[]) {
            const urls = [0, 1].map((url) => canonicalUrl(inputsFor(group, { ...plain, url }).url));
            const lost = [...api.values()].filter(
                ({ id, url }) => urls.includes(canonicalUrl(url)) && !ids.has(id) && !this.#foreign.has(id),
            );
            const waiting = this.#namesOf(group).filter((name) => program.has(name) && !state.has(name));
            this.#expect(
                lost.length <= waiting.length,
                `nothing is registered twice: ${lost.length} in no state, ${waiting.length} wait (${group})`,
            );
        }
        for (const [name, { id, outputs }] of state) {
            const { secret } = outputs;
            const known = this.#secretsById.get(id);
            this.#expect(
                secret === undefined || known?.has(secret) === true,
                `the state's secret of ${name} is one that ${id} has had`,
            );
        }
    }

    #checkRotations(before: SimulatedEngine["state"]): void {
        const program = this.#program();
        for (const [id, secrets] of this.#secretsById) {
            const all = secrets.size - 1 - (this.#rotatedByHand.get(id) ?? 0);
            const rotations = all - (this.#rotationsSpent.get(id) ?? 0);
            this.#rotationsSpent.set(id, all);
            if (rotations === 0) continue;
            this.figures.rotations += rotations;
            const holders = [...this.#engine.state, ...before]
                .filter(([, saved]) => saved.id === id)
                .map(([name]) => name);
            const name = holders.find((holder) => program.has(holder)) ?? holders[0];
            this.#expect(name !== undefined, `${id}, which no state knows, is not rotated`);
            if (name === undefined) continue;
            this.#expect(this.#reasons.spend(name, rotations), `${name} (${id}) is rotated only for a reason`);
        }
    }

    #checkCalls(
        before: SimulatedEngine["state"],
        program: ReadonlyMap<string, WebhookInputs>,
        refreshes: boolean,
        prediction: Prediction | undefined,
    ): void {
        const { calls } = this.emulator;
        this.figures.calls += calls.length;
        this.figures.registered += calls.filter(
            ({ endpoint, webhookId }) => endpoint === "register" && webhookId,
        ).length;
        const faults = calls.flatMap(({ fault }) => (fault === undefined ? [] : [fault as FaultKind]));
        for (const kind of faults) this.figures.faults.set(kind, (this.figures.faults.get(kind) ?? 0) + 1);
        if (prediction !== undefined) return;
        // `/events` and `/list`, a call for each resource, and a look at each that failed half-way or may be gone.
        const needed = 2 + (refreshes ? 1 : 0) + 2 * new Set([...program.keys(), ...before.keys()]).size;
        // With a short time limit a slow machine makes calls time out that nobody drew.
        const spare = this.#limits.call === callLimit.without ? 1 : 1 + callsPerFault;
        const budget = needed * spare + callsPerFault * faults.length + looksForDrift * this.#unseen.size;
        this.#expect(calls.length <= budget, `${calls.length} calls are within the budget of ${budget}`);
    }

    #checkPrediction(prediction: Prediction, failures: Failures): void {
        const names = (entries: Iterable<[string, string]>) => JSON.stringify([...entries].sort());
        const seen = names([...failures].map(([name, error]): [string, string] => [name, error.name]));
        this.#expect(seen === names(prediction.failures), `failures ${seen}, foretold ${names(prediction.failures)}`);
        for (const endpoint of faultyEndpoints) {
            const count = this.emulator.countCalls(endpoint);
            const [min, max] = prediction.calls[endpoint];
            const waits = endpoint === "list" && this.#lag > 0 ? looksForDrift * this.#unseen.size : 0;
            const isRight = count >= min && count <= max + waits;
            this.#expect(isRight, `${count} calls of /${endpoint}, foretold ${min} to ${max + waits}`);
        }
        const shape = (webhooks: readonly { url: string; events: string }[]) =>
            JSON.stringify(webhooks.map(({ url, events }) => `${url} ${events}`).sort());
        const api = shape(
            this.emulator.webhooks.map(({ url, enabledEvents }) => ({
                url: canonicalUrl(url),
                events: canonicalEvents(enabledEvents),
            })),
        );
        this.#expect(api === shape(this.#model.living), `at the API ${api}, foretold ${shape(this.#model.living)}`);
        const rotations = this.#model.hooks.reduce((sum, hook) => sum + hook.rotations, 0);
        const carriedOut = [...this.#rotationsSpent.values()].reduce((sum, count) => sum + count, 0);
        this.#expect(rotations === carriedOut, `${carriedOut} rotations, foretold ${rotations}`);
    }

    #checkRefreshed(): void {
        const api = new Map(this.emulator.webhooks.map((webhook) => [webhook.id, webhook]));
        for (const [name, { id, outputs }] of this.#engine.state) {
            const live = api.get(id);
            this.#expect(live !== undefined, `${name} is at the API after a refresh`);
            if (live === undefined) continue;
            this.#expectSame(name, outputs, live);
            this.#expect(live.secret === outputs.secret, `a refresh brings the secret of ${name}`);
        }
        this.#unseen.clear();
    }

    #checkSuccess(run: Round["run"], program: ReadonlyMap<string, WebhookInputs>, refreshed: boolean): void {
        if (refreshed) this.#unseen.clear();
        const { state } = this.#engine;
        const api = new Map(this.emulator.webhooks.map((webhook) => [webhook.id, webhook]));
        const wanted = run === "destroy" ? [] : [...program.keys()];
        const names = [...state.keys()].sort().join();
        this.#expect(names === wanted.sort().join(), `the state holds ${wanted.join()}, not ${names}`);
        const ids = [...state.values()].map(({ id }) => id);
        this.#expect(new Set(ids).size === ids.length, `each webhook belongs to one resource: ${ids.join()}`);
        for (const [name, { id, outputs, failedHalfWay }] of state) {
            const inputs = program.get(name);
            const live = api.get(id);
            const unseen = this.#unseen.get(id);
            this.#expect(!failedHalfWay, `${name} is whole`);
            this.#expect((live === undefined) === (unseen?.has("gone") ?? false), `${name} is at the API`);
            if (live === undefined || inputs === undefined) continue;
            const isRight = live.secret === outputs.secret;
            this.#expect(isRight || unseen?.has("secret") === true, `the state's secret of ${name} is the API's`);
            // An update that sends something else brings such a change to light; the next run repairs it.
            if (unseen?.has("settings") === true) continue;
            this.#expectSame(name, inputs, live);
            this.#expectSame(name, inputs, outputs);
        }
        // What waited for its webhook after a destroy is still to be found.
        const mayBeLost = run === "destroy" ? this.#adopt.size : 0;
        const strangers = [...api.keys()].filter((id) => !ids.includes(id) && !this.#foreign.has(id));
        this.#expect(
            strangers.length <= mayBeLost,
            `the API has nothing but what the state and others have: ${strangers.join()}`,
        );
        if (run === "destroy") return;
        for (const name of program.keys()) {
            this.#reasons.settled(name, refreshed);
            this.#adopt.delete(name);
        }
    }

    /** What a user does who reads the errors. */
    #takeAdvice(failures: Failures, refreshed: boolean): void {
        if (refreshed && failures.size === 0) this.#needsRefresh = false;
        const chosen = new Set<string>();
        for (const [name, error] of failures) {
            if (this.#engine.state.has(name)) {
                if (error.message.includes("`pulumi refresh`")) this.#needsRefresh = true;
                continue;
            }
            if (error.name !== "AdoptionError") {
                this.#adopt.set(name, true);
                continue;
            }
            // "Say which": one of those that it names.
            const named = this.emulator.webhooks.map(({ id }) => id).filter((id) => error.message.includes(id));
            // A user knows which of them others have registered, and would rather not have those.
            named.sort((one, other) => Number(this.#foreign.has(one)) - Number(this.#foreign.has(other)));
            const isTaken = (id: string) =>
                chosen.has(id) || [...this.#engine.state.values()].some((saved) => saved.id === id);
            const id = named.find((candidate) => !isTaken(candidate));
            this.#adopt.set(name, id ?? true);
            if (id !== undefined) chosen.add(id);
        }
    }

    #expectSame(
        name: string,
        one: { readonly url: string; readonly enabledEvents: readonly string[] },
        other: { readonly url: string; readonly enabledEvents: readonly string[] },
    ): void {
        const [url, events] = [canonicalUrl(one.url), canonicalEvents(one.enabledEvents)];
        const [otherUrl, otherEvents] = [canonicalUrl(other.url), canonicalEvents(other.enabledEvents)];
        this.#expect(
            url === otherUrl && events === otherEvents,
            `${name}: ${url} ${events}, not ${otherUrl} ${otherEvents}`,
        );
    }

    #expect(isSo: boolean, what: string): void {
        if (isSo) return;
        const calls = this.emulator.calls.map(
            ({ endpoint, fault, status, webhookId }) =>
                `${endpoint}${fault ? ` [${fault}]` : ""} ${status ?? "-"}${webhookId ? ` ${webhookId}` : ""}`,
        );
        throw new Error(`Not so in run ${this.#runs}: ${what}\nThe calls of that run: ${calls.join(", ")}`);
    }

    #searchForSecrets(): void {
        this.#note("notes", this.#engine.notes.join("\n"));
        this.figures.texts += this.#texts.size;
        const secrets = [...this.#secretsById.values()].flatMap((all) => [...all]);
        const leaks = findLeaks(this.#texts, [this.emulator.apiKey, ...secrets]);
        this.#expect(leaks.length === 0, `no secret and no key is in any text: ${leaks.join("; ")}`);
    }

    #note(what: string, text: string): void {
        this.#texts.set(`${what} in run ${this.#runs}`, text);
    }

    #noteSecrets(): void {
        for (const { id, secret } of this.emulator.webhooks) {
            const secrets = this.#secretsById.get(id);
            if (secrets === undefined) this.#secretsById.set(id, new Set([secret]));
            else secrets.add(secret);
        }
    }

    /** Two runs are further apart than a list may lag: nobody can know of a webhook that no list shows. */
    async #letListsCatchUp(): Promise<void> {
        await delay(this.history.calm ? Math.max(this.#lag, listLag.calm) + 4 : this.#lag + 2);
    }

    #namesOf(group: Group): readonly string[] {
        const declared = this.#declared.get(group);
        if (declared === undefined) return [];
        return Array.from({ length: groupSizes[group] }, (_, index) => `${group}-${index}-${declared.generation}`);
    }

    #inputs(group: Group): WebhookInputs {
        return inputsFor(group, this.#declared.get(group)?.settings ?? plain);
    }

    #program(): Map<string, WebhookInputs> {
        const program = new Map<string, WebhookInputs>();
        for (const group of this.#declared.keys()) {
            for (const name of this.#namesOf(group)) {
                const adopt = this.#adopt.get(name);
                program.set(name, { ...this.#inputs(group), ...(adopt === undefined ? {} : { adopt }) });
            }
        }
        return program;
    }
}

const plain: Settings = { url: 0, spelling: 0, events: 0, keepers: 0 };

const eventChoices = [
    ["creator.success"],
    ["creator.success", "creator.failure"],
    ["creator.failure"],
    ["creator.started", "creator.success"],
] as const;

/** The inputs that numbers stand for. */
export function inputsFor(group: Group, { url, spelling, events, keepers }: Settings): WebhookInputs {
    const host = ["https://api.example.com", "HTTPS://API.example.com:443", "https://api.example.com/./x/.."][spelling];
    const names = [...(eventChoices[events] ?? eventChoices[0])];
    const spelled = [names, names.toReversed(), [...names, ...names]][spelling] ?? names;
    return {
        url: `${host}/${group}/${url}`,
        enabledEvents: spelled,
        ...(keepers === 0 ? {} : { rotateWhenChanged: { round: String(keepers) } }),
        ...(groupSizes[group] > 1 ? { allowDuplicateUrl: true } : {}),
    };
}
