import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Emulator, type FaultKind, type RegisteredWebhook, startEmulator } from "../../emulator";
import { CaptionsClient } from "../../provider/api/client";
import { defaultLimits, type Limits } from "../../provider/api/limits";
import { openAccount } from "../../provider/lifecycle";
import { Session } from "../../provider/session";
import { findLeaks } from "../support/leaks";
import {
    type Edit,
    type FaultDraw,
    fairWeather,
    faultyEndpoints,
    groups,
    type History,
    type Meddling,
    noFaults,
    type Round,
    slowKinds,
} from "./history";
import { canonicalEvents, canonicalUrl, inputsFor, isOfGroup, plain, type SecretParts } from "./inputs";
import { type Hook, Model, type Prediction, Reasons } from "./model";
import { type Failures, type Program, type Saved, SimulatedEngine } from "./simulated-engine";
import { User } from "./user";

/** What was seen while histories were played. */
export class Figures {
    histories = 0;
    runs = 0;
    failedRuns = 0;
    calls = 0;
    rotations = 0;
    registered = 0;
    /** Webhooks of others that were taken over. */
    adopted = 0;
    /** The texts that were searched for secrets. */
    texts = 0;
    readonly faults = new Map<FaultKind, number>();
}

/** More than a list of the API's lag, and than the time between a call's work and the look for it. */
const listLag = { calm: 4, stormy: 30, lagging: 100 };
/** For a call to time out that is never answered. Where none is, a slow machine must not make one. */
const callTimeout = { withSlowFaults: 300, without: 30_000 };

/**
 * Calls beyond those that are needed anyway: for each fault, the looks for what became of it (five at growing pauses,
 * and one more for a change), the same call again, and one to spare.
 */
const callsPerFault = 8;

/** An event that nobody declares alone, and that the API knows: an older generation keeps it, and may be replaced. */
const mutedTo = "creator.started";

/**
 * What others changed is believed when it stays so for as long as the list may lag: that many looks at growing pauses.
 */
const looksForDrift = 6;

/** Runs without faults in which a user who does what the errors say must come to the end. */
const mostRunsToTheEnd = 4;

const settingNames = {
    account: "",
    apiKey: "captions:apiKey",
    baseUrl: "captions:baseUrl",
    maxWait: "captions:waitAtMostSeconds",
    keyAdvice: "",
};

export async function play(history: History, figures: Figures): Promise<void> {
    const player = await Player.start(history, figures);
    try {
        await player.play();
    } finally {
        await player.stop();
    }
}

class Player {
    readonly #secrets: SecretParts = {
        ofUrl: `url${randomBytes(12).toString("hex")}`,
        ofKeepers: `keep${randomBytes(12).toString("hex")}`,
    };
    readonly #engine: SimulatedEngine;
    readonly #model: Model;
    readonly #reasons = new Reasons();
    readonly #user: User;
    /** Webhooks that others have registered, as they left them. */
    readonly #foreign = new Map<string, RegisteredWebhook>();
    readonly #hooksOfForeign = new Map<string, Hook>();
    /** What others did to a webhook and no run can have seen yet. */
    readonly #unseen = new Map<string, Set<"settings" | "secret" | "gone">>();
    readonly #secretsById = new Map<string, Set<string>>();
    readonly #rotatedByHand = new Map<string, number>();
    readonly #rotationsSpent = new Map<string, number>();
    /** Which secret of a resource had which version. */
    readonly #versions = new Map<string, Map<number, string>>();
    readonly #texts = new Map<string, string>();
    readonly #lag: number;
    #limits: Limits;
    #runs = 0;
    /** What each run came to, for whoever reads a failure. */
    readonly #story: string[] = [];
    /** In this or an earlier run work was put off that may not be done yet, so that nobody can tell. */
    #isOpen = false;
    /** Webhooks that were registered after a later run had looked for them. */
    #lateOrphans = 0;
    #hasIgnored = false;
    #endOutage: (() => Promise<void>) | undefined;

    static async start(history: History, figures: Figures): Promise<Player> {
        const emulator = await startEmulator({
            host: ownAddress(),
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
        const { listLagMs, deleteUnknown, urlForm } = emulator.behaviour;
        this.#lag = listLagMs;
        const lag = listLagMs > 0 ? listLag.lagging : history.calm ? listLag.calm : listLag.stormy;
        this.#limits = {
            ...defaultLimits,
            listLagMs: lag,
            callTimeoutMs: callTimeout.without,
            maxWaitMs: 20_000,
            firstBackoffMs: 2,
        };
        this.#model = new Model({
            asksAfterDelete: deleteUnknown !== "success",
            isFindable: urlForm !== "tracking-query",
        });
        this.#engine = new SimulatedEngine((notify) => {
            const { apiKey, baseUrl } = emulator;
            const limits = this.#limits;
            const client = new CaptionsClient({ apiKey, baseUrl, limits, names: settingNames, notify });
            const account = openAccount(client, limits, notify);
            return new Session({ names: [], hasKey: () => true, open: () => account }, notify);
        });
        this.#user = new User(this.#engine, this.#reasons, this.#secrets);
        emulator.onChange(() => this.#noteSecrets());
    }

    stop(): Promise<void> {
        return this.emulator.stop();
    }

    async play(): Promise<void> {
        this.figures.histories++;
        for (const round of this.history.rounds) {
            for (const edit of round.edits) this.#user.edit(this.#possible(edit));
            for (const meddling of round.meddling) this.#meddle(meddling);
            await this.#letListsCatchUp();
            await this.#run(round);
            if (!this.history.hasty) await this.#settle();
        }
        await this.#settle();
        await this.#converge();
        this.#searchForSecrets();
    }

    /** Runs without faults, in which the user does what the errors of the last run have said. */
    async #converge(): Promise<void> {
        const last: Round = {
            edits: [],
            meddling: [],
            run: "refresh and up",
            inOrder: false,
            faults: noFaults,
            weather: fairWeather,
        };
        let failures: Failures = new Map();
        for (let attempt = 1; attempt <= mostRunsToTheEnd; attempt++) {
            await this.#letListsCatchUp();
            failures = await this.#run(last);
            if (failures.size === 0) break;
            // A choice between several, or an `adopt` that names what is gone by now: those need a further run.
            for (const [name, error] of failures) {
                const isAdvice = ["AdoptionError", "WebhookNotFoundError", "DuplicateUrlError"].includes(error.name);
                this.#expect(
                    isAdvice && attempt < mostRunsToTheEnd,
                    `a run without faults ends well for ${name}: ${error.message}`,
                );
            }
        }
        await this.#letListsCatchUp();
        await this.#run({ ...last, run: "up" });
        const endpoints = this.emulator.calls.map(({ endpoint }) => endpoint);
        this.#expect(endpoints.length === 0, `a second run calls nothing, not ${endpoints.join(", ")}`);
        await this.#run({ ...last, run: "destroy" });
    }

    /** An API that shows another URL than it was given cannot be told that from one that has ignored the URL. */
    #possible(edit: Edit): Edit {
        const isTracked = this.emulator.behaviour.urlForm === "tracking-query";
        return edit.kind === "rename" && isTracked ? { ...edit, byId: false } : edit;
    }

    /** All work is done that was put off. */
    async #settle(): Promise<void> {
        await this.emulator.settled();
        this.#isOpen = false;
    }

    #meddle(meddling: Meddling): void {
        const { group } = meddling;
        if (meddling.kind === "register") {
            const settings = { ...plain, url: meddling.url, events: meddling.events };
            const { url, enabledEvents } = inputsFor(group, `${group}-0`, settings, this.#secrets);
            const webhook = this.emulator.register({ url, enabledEvents });
            this.#foreign.set(webhook.id, webhook);
            const hook = this.#model.register({ url: canonicalUrl(url), events: canonicalEvents(enabledEvents) });
            this.#hooksOfForeign.set(webhook.id, hook);
            return;
        }
        const [name, saved] = this.#savedAt(group, meddling.index);
        if (name === undefined || saved === undefined) return;
        const { id } = saved;
        if (!this.emulator.webhooks.some((webhook) => webhook.id === id)) return;
        const hook = this.#model.holdings.get(name)?.hook;
        const unseen = this.#unseenOf(id);
        if (meddling.kind === "remove") {
            this.emulator.remove(id);
            unseen.add("gone");
            if (hook !== undefined) hook.exists = false;
            return;
        }
        const url = `https://elsewhere.example.com/${this.#runs}/${name}`;
        this.emulator.update(id, { move: { url }, mute: { enabledEvents: [mutedTo] }, rotate: {} }[meddling.kind]);
        add(this.#rotatedByHand, id, 1);
        unseen.add("secret");
        if (meddling.kind === "rotate") return;
        unseen.add("settings");
        this.#reasons.drifted(name);
        if (hook === undefined) return;
        if (meddling.kind === "move") hook.url = canonicalUrl(url);
        else hook.events = mutedTo;
    }

    #savedAt(group: (typeof groups)[number], index: number): [string, Saved] | [undefined, undefined] {
        const names = this.#user.namesOf(group);
        const name = names[index % Math.max(1, names.length)];
        const saved = name === undefined ? undefined : this.#engine.state.get(name);
        return name === undefined || saved === undefined ? [undefined, undefined] : [name, saved];
    }

    #unseenOf(id: string): Set<"settings" | "secret" | "gone"> {
        const unseen = this.#unseen.get(id) ?? new Set();
        this.#unseen.set(id, unseen);
        return unseen;
    }

    async #run(round: Round): Promise<Failures> {
        const { run, inOrder, faults, weather } = round;
        this.#runs++;
        const refreshes = run === "refresh and up" || (run === "up" && this.#user.needsRefresh);
        this.#user.chooseAmongEqual(this.emulator.webhooks, (id) => this.#foreign.has(id));
        const program = this.#user.program();
        const before = [...this.#engine.state];
        const savedBefore = this.#engine.saved;
        if (run === "up" || run === "refresh and up") this.#expectAdoptions(program);
        this.emulator.clearCalls();
        this.#inject(round, program);
        const failures = await (run === "refresh"
            ? this.#engine.refresh()
            : run === "destroy"
              ? this.#engine.destroy()
              : this.#engine.up(program, { inOrder, refreshes }));
        this.emulator.clearFaults();
        await this.#endOutage?.();
        this.emulator.behave({ ignoredFields: [], oddWebhooks: {} });
        const prediction = this.history.calm ? this.#predict(run, inOrder, refreshes, program, before) : undefined;

        this.#tell(round.run, failures);
        for (const [name, { message, stack }] of failures) this.#note(`error of ${name}`, `${message}\n${stack}`);
        this.#noteState();
        this.#checkWhatIsThere(savedBefore, program);
        this.#checkVersions();
        this.#checkRotations(before);
        const hasFaults = faults !== noFaults || weather !== fairWeather;
        this.#checkCalls(before, program, refreshes || run === "refresh", prediction, weather.outage !== undefined);
        if (prediction !== undefined) this.#checkPrediction(prediction, failures);
        if (failures.size === 0 && !this.#isOpen) {
            if (run === "refresh") this.#checkRefreshed();
            else this.#checkSuccess(run, program, refreshes);
        }
        if (hasFaults) this.#noteLateDeletes();
        this.#user.takeAdvice(
            failures,
            run === "refresh" || refreshes,
            (id) => this.#foreign.has(id),
            this.emulator.webhooks.map(({ id }) => id),
        );
        this.figures.runs++;
        if (failures.size > 0) this.figures.failedRuns++;
        return failures;
    }

    #expectAdoptions(program: Program): void {
        for (const [name, { inputs }] of program) {
            const { url, enabledEvents, adopt } = inputs;
            if (adopt === undefined) continue;
            const differs = this.emulator.webhooks.some(
                (webhook) =>
                    (webhook.id === adopt && canonicalUrl(webhook.url) !== canonicalUrl(url)) ||
                    ((webhook.id === adopt || canonicalUrl(webhook.url) === canonicalUrl(url)) &&
                        canonicalEvents(webhook.enabledEvents) !== canonicalEvents(enabledEvents)),
            );
            if (differs) this.#reasons.adopts(name);
        }
    }

    #predict(
        run: Round["run"],
        inOrder: boolean,
        refreshes: boolean,
        program: Program,
        before: readonly [string, Saved][],
    ): Prediction {
        if (run === "refresh") return this.#model.refresh();
        if (run === "destroy") return this.#model.destroy();
        const hooks = new Map(before.map(([name, { id }]) => [id, this.#model.holdings.get(name)?.hook]));
        const hookOf = (id: string): Hook | undefined => this.#hooksOfForeign.get(id) ?? hooks.get(id);
        return this.#model.up(program, { inOrder, refreshes, hookOf });
    }

    /** Lets go wrong what the round says. */
    #inject({ faults, weather }: Round, program: Program): void {
        const drawn = faultyEndpoints.flatMap((endpoint) =>
            faults[endpoint].flatMap((fault) => (fault === null ? [] : [{ endpoint, fault }])),
        );
        const all = [...drawn, ...weather.bound];
        const isSlow = all.some(({ fault }) => slowKinds.has(fault.kind));
        this.#limits = { ...this.#limits, callTimeoutMs: isSlow ? callTimeout.withSlowFaults : callTimeout.without };
        const putOff = all.filter(
            ({ endpoint, fault }) => fault.doneAfterMs !== undefined && endpoint !== "list" && endpoint !== "events",
        );
        if (this.history.hasty && putOff.length > 0) {
            this.#isOpen = true;
            this.#lateOrphans += putOff.filter(({ endpoint }) => endpoint === "register").length;
            // What was put off may be done when a later run has done the same, or something else.
            for (const { endpoint } of putOff) {
                if (endpoint === "update") for (const name of program.keys()) this.#reasons.drifted(name);
            }
        }
        for (const { group, index, endpoint, fault } of weather.bound) {
            const names = this.#user.namesOf(group);
            const name = names[index % Math.max(1, names.length)] ?? "";
            const [url, id] = [program.get(name)?.inputs.url, this.#engine.state.get(name)?.id];
            const target = endpoint === "register" ? url && { url } : id && { webhookId: id };
            if (target) this.emulator.inject({ ...fault, ...target, endpoint });
        }
        for (const endpoint of faultyEndpoints) {
            let earlier = 0;
            for (const [index, fault] of faults[endpoint].entries()) {
                if (fault === null) continue;
                // A fault that happens does not count down those behind it.
                this.emulator.inject({ ...possible(endpoint, fault), endpoint, after: index - earlier });
                earlier++;
            }
        }
        this.#ignoreFields(weather.ignoredFields, program);
        const [, odd] = weather.odd === undefined ? [] : this.#savedAt(weather.odd.group, weather.odd.index);
        if (odd !== undefined && weather.odd !== undefined) {
            this.emulator.behave({ oddWebhooks: { [odd.id]: weather.odd.form } });
        }
        if (weather.outage !== undefined) this.#begin(weather.outage);
    }

    #ignoreFields(fields: Round["weather"]["ignoredFields"], program: Program): void {
        // What somebody has changed, and what is registered, would be taken for the API's habit.
        // What is ignored twice in a row is taken for its habit by right, so it happens once in a history.
        if (this.#unseen.size > 0 || this.#hasIgnored) return;
        const isNew = groups.some((group) => this.#user.waiting(group).length > 0);
        const ignoredFields = fields.filter((field) => field === "url" || !isNew);
        if (ignoredFields.length === 0) return;
        this.#hasIgnored = true;
        this.emulator.behave({ ignoredFields });
        // Each run asks again for what was ignored, and each time rotates.
        for (const name of program.keys()) this.#reasons.drifted(name);
    }

    #begin({ kind, afterCalls, forMs }: NonNullable<Round["weather"]["outage"]>): void {
        const { emulator } = this;
        let isOver = false;
        const accept = async (): Promise<void> => {
            isOver = true;
            await emulator.acceptConnections();
        };
        const begin = async (): Promise<void> => {
            if (afterCalls > 0) await emulator.whenCalled(() => emulator.countCalls() >= afterCalls);
            if (isOver) return;
            const canRefuse = process.platform === "linux";
            await (kind === "refused" && canRefuse ? emulator.refuseConnections() : emulator.dropConnections());
            emulator.closeIdleConnections();
            await delay(forMs);
            await accept();
        };
        const outage = begin();
        this.#endOutage = async () => {
            this.#endOutage = undefined;
            const hasBegun = !isOver && emulator.countCalls() >= afterCalls;
            if (hasBegun) await outage;
            isOver = true;
        };
    }

    /** Holds after each run, whatever it came to. */
    #checkWhatIsThere(before: readonly Saved[], program: Program): void {
        const { saved } = this.#engine;
        const api = new Map(this.emulator.webhooks.map((webhook) => [webhook.id, webhook]));
        const ids = new Set(saved.map(({ id }) => id));
        for (const { id, resource } of before) {
            const isLost = api.has(id) && !ids.has(id);
            this.#expect(!isLost, `${id} does not leave the state while it is registered (${resource.name})`);
        }
        const declared = [...this.#engine.state].filter(([name]) => program.has(name)).map(([, { id }]) => id);
        this.#expect(new Set(declared).size === declared.length, `each webhook belongs to one resource: ${declared}`);
        for (const id of ids) {
            if (this.#foreign.delete(id)) this.figures.adopted++;
        }
        for (const [id, left] of this.#foreign) {
            const now = JSON.stringify(api.get(id));
            this.#expect(now === JSON.stringify(left), `${id}, which others have registered, is left as it was`);
        }
        // Registered, but its response was lost, and it could not be found: at most one for each that waits for its
        // webhook.
        let allowed = this.#lateOrphans;
        for (const group of groups) {
            const lost = [...api.values()].filter(
                ({ id, url }) => isOfGroup(group, url) && !ids.has(id) && !this.#foreign.has(id),
            );
            const waiting = this.#user.waiting(group);
            allowed -= Math.max(0, lost.length - waiting.length);
            this.#expect(
                allowed >= 0,
                `nothing is registered twice: ${lost.length} in no state, ${waiting.length} wait (${group})`,
            );
        }
        for (const { id, resource, outputs } of saved) {
            const { secret } = outputs;
            const known = this.#secretsById.get(id);
            this.#expect(
                secret === undefined || known?.has(secret) === true,
                `the state's secret of ${resource.name} is one that ${id} has had`,
            );
        }
    }

    /** Whoever follows a version must never miss a new secret. */
    #checkVersions(): void {
        const { state, dropped } = this.#engine;
        for (const name of this.#versions.keys()) {
            if (!state.has(name) || dropped.has(name)) this.#versions.delete(name);
        }
        for (const [name, { outputs }] of state) {
            const { secret, secretVersion } = outputs;
            if (secret === undefined) continue;
            const versions = this.#versions.get(name) ?? new Map();
            this.#versions.set(name, versions);
            const same = versions.get(secretVersion) ?? secret;
            this.#expect(same === secret, `version ${secretVersion} of ${name} stands for one secret`);
            versions.set(secretVersion, secret);
        }
    }

    #checkRotations(before: readonly [string, Saved][]): void {
        const program = this.#user.program();
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
            if (this.#isOpen) continue;
            this.#expect(name !== undefined, `${id}, which no state knows, is not rotated`);
            if (name === undefined) continue;
            this.#expect(this.#reasons.spend(name, rotations), `${name} (${id}) is rotated only for a reason`);
        }
    }

    #checkCalls(
        before: readonly [string, Saved][],
        program: Program,
        refreshes: boolean,
        prediction: Prediction | undefined,
        hasOutage: boolean,
    ): void {
        const { calls } = this.emulator;
        this.figures.calls += calls.length;
        const registered = calls.filter(({ endpoint, webhookId }) => endpoint === "register" && webhookId);
        this.figures.registered += registered.length;
        const faults = calls.flatMap(({ fault }) => (fault === undefined ? [] : [fault as FaultKind]));
        for (const kind of faults) add(this.figures.faults, kind, 1);
        if (prediction !== undefined) return;
        // `/events` and `/list`, two calls for each resource (also for one that is deleted first), and a look at each
        // that failed half-way or may be gone.
        const resources = new Set([...program.keys(), ...before.map(([name]) => name)]).size;
        const needed = 2 + (refreshes ? 1 : 0) + 3 * (resources + this.#engine.pendingDeletes.size);
        // With a short time limit a slow machine makes calls time out that nobody drew.
        const spare = this.#limits.callTimeoutMs === callTimeout.without ? 1 : 1 + callsPerFault;
        // What an earlier run left in doubt is looked for until it would have shown.
        const inDoubt = before.filter(([, { failedHalfWay }]) => failedHalfWay).length;
        const troubles = faults.length + inDoubt + (hasOutage ? resources : 0);
        const budget = needed * spare + callsPerFault * troubles + looksForDrift * this.#unseen.size;
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
        for (const { id, resource, outputs, pendingReplacement } of this.#engine.saved) {
            const live = api.get(id);
            this.#expect(live !== undefined && !pendingReplacement, `${resource.name} is at the API after a refresh`);
            if (live === undefined) continue;
            this.#expectSame(resource.name, outputs, live);
            this.#expect(live.secret === outputs.secret, `a refresh brings the secret of ${resource.name}`);
        }
        this.#unseen.clear();
    }

    #checkSuccess(run: Round["run"], program: Program, refreshed: boolean): void {
        if (refreshed) this.#unseen.clear();
        const { state, pendingDeletes } = this.#engine;
        const api = new Map(this.emulator.webhooks.map((webhook) => [webhook.id, webhook]));
        const wanted = run === "destroy" ? [] : [...program.keys()];
        const names = [...state.keys()].sort().join();
        this.#expect(names === wanted.sort().join(), `the state has ${wanted.join()}, not ${names}`);
        this.#expect(pendingDeletes.size === 0, "what was replaced is deleted");
        const ids = [...state.values()].map(({ id }) => id);
        for (const [name, { id, inputs, outputs, trigger, failedHalfWay, pendingReplacement }] of state) {
            const declaration = program.get(name);
            const live = api.get(id);
            const unseen = this.#unseen.get(id);
            this.#expect(!failedHalfWay && !pendingReplacement, `${name} is whole`);
            this.#expect(trigger === declaration?.trigger, `${name} is the replacement that was asked for`);
            this.#expect(live !== undefined || unseen?.has("gone") === true, `${name} (${id}) is at the API`);
            if (live === undefined || declaration === undefined) continue;
            const isRight = live.secret === outputs.secret;
            this.#expect(isRight || unseen?.has("secret") === true, `the state's secret of ${name} is the API's`);
            // An update that sends something else brings such a change to light; the next run repairs it.
            if (unseen?.has("settings") === true) continue;
            // An older generation keeps what it was declared with.
            const isOlder = (declaration.generation?.newer ?? 0) > 0;
            this.#expectSame(name, isOlder ? inputs : declaration.inputs, live);
            this.#expectSame(name, isOlder ? inputs : declaration.inputs, outputs);
        }
        // What waited for its webhook after a destroy is still to be found.
        const mayBeLost = this.#lateOrphans + (run === "destroy" ? this.#user.adopt.size : 0);
        const strangers = [...api.keys()].filter((id) => !ids.includes(id) && !this.#foreign.has(id));
        this.#expect(
            strangers.length <= mayBeLost,
            `the API has nothing but what the state and others have: ${strangers.join()}`,
        );
        if (run === "destroy") return;
        for (const name of program.keys()) {
            this.#reasons.settled(name, refreshed);
            this.#user.adopt.delete(name);
        }
    }

    /** What a delete has done whose outcome was not known is as if others had done it, until a run sees it. */
    #noteLateDeletes(): void {
        const deleted = this.emulator.calls.filter(
            ({ endpoint, fault }) => endpoint === "delete" && fault !== undefined,
        );
        for (const { webhookId } of deleted) {
            if (webhookId === undefined || !this.#engine.saved.some(({ id }) => id === webhookId)) continue;
            this.#unseenOf(webhookId).add("gone");
        }
    }

    #expectSame(
        name: string,
        one: { readonly url: string; readonly enabledEvents: readonly string[] },
        other: { readonly url: string; readonly enabledEvents: readonly string[] },
    ): void {
        const isTracked = this.emulator.behaviour.urlForm === "tracking-query";
        const url = (shown: string) =>
            isTracked ? canonicalUrl(shown).replace(/[?&]utm_.*/, "") : canonicalUrl(shown);
        const text = (it: typeof one) => `${url(it.url)} ${canonicalEvents(it.enabledEvents)}`;
        this.#expect(text(one) === text(other), `${name}: ${text(one)}, not ${text(other)}`);
    }

    #expect(isSo: boolean, what: string): void {
        if (!isSo) throw new Error(`Not so in run ${this.#runs}: ${what}\n${this.#story.join("\n")}`);
    }

    #tell(run: Round["run"], failures: Failures): void {
        const calls = this.emulator.calls.map(
            ({ endpoint, fault, status, webhookId }) =>
                `${endpoint}${fault ? ` [${fault}]` : ""} ${status ?? "-"}${webhookId ? ` ${webhookId}` : ""}`,
        );
        const state = [...this.#engine.state].map(([name, { id }]) => `${name} ${id}`);
        const pending = [...this.#engine.pendingDeletes].map(({ id }) => id);
        const errors = [...failures].map(([name, { message }]) => `\n    ${name}: ${message}`);
        this.#story.push(
            `  run ${this.#runs}, ${run}: ${calls.join(", ")}; the state has ${state.join(", ")}` +
                `${pending.length === 0 ? "" : `; to be deleted: ${pending.join(", ")}`}${errors.join("")}`,
        );
    }

    #searchForSecrets(): void {
        this.#note("notes", this.#engine.notes.join("\n"));
        this.figures.texts += this.#texts.size;
        const secrets = [...this.#secretsById.values()].flatMap((all) => [...all]);
        const { ofUrl, ofKeepers } = this.#secrets;
        const leaks = findLeaks(this.#texts, [this.emulator.apiKey, ofUrl, ofKeepers, ...secrets]);
        this.#expect(leaks.length === 0, `no secret and no key is in any text: ${leaks.join("; ")}`);
    }

    /** All of the state but what is a secret there under its own name. */
    #noteState(): void {
        for (const { id, inputs, outputs } of this.#engine.saved) {
            const clear = [inputs, outputs].map((values) => ({
                ...values,
                ...{ url: undefined, rotateWhenChanged: undefined, secret: undefined },
            }));
            this.#note(`state of ${id}`, JSON.stringify(clear));
        }
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
}

let addresses = 0;

/**
 * A loopback address of its own, where there is one: nobody else takes the port while connections to it are refused.
 */
function ownAddress(): string {
    if (process.platform !== "linux") return "127.0.0.1";
    const number = addresses++ % 60_000;
    return `127.1.${Math.floor(number / 250)}.${1 + (number % 250)}`;
}

/** Only a call that changes something has work to put off. */
function possible(endpoint: (typeof faultyEndpoints)[number], fault: FaultDraw): FaultDraw {
    if (endpoint !== "list" && endpoint !== "events") return fault;
    const { doneAfterMs: _, ...rest } = fault;
    return rest;
}

function add<K>(counts: Map<K, number>, key: K, by: number): void {
    counts.set(key, (counts.get(key) ?? 0) + by);
}
