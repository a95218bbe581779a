import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Emulator, startEmulator } from "../../emulator";
import { type Engine, ensureEngine } from "../../engine";
import { type PulumiResult, runPulumi } from "../../engine/pulumi";
import { Flow } from "./flow";
import { writeProject } from "./projects";
import type { CountingReceiver } from "./receiver";
import { CountingService } from "./service";
import { type Tally, tally } from "./tally";

export interface ProofOptions {
    /** How many events there are at least; they go on until the last rotation is done. */
    readonly events: number;
    /** Events a second. */
    readonly rate: number;
    readonly rotations: number;
    /** A `node_modules` with this package and the Pulumi SDK. */
    readonly nodeModules: string;
    /** Adds a service with a RotatingWebhook whose secrets are in a resource of the same program. Default: `false`. */
    readonly withServiceInProgram?: boolean;
    /** Told of each step, in words for somebody who sees this for the first time. */
    readonly say?: (text: string) => void;
    readonly signal?: AbortSignal;
}

export interface Proof {
    /** Of the services whose webhooks are a RotatingWebhook. */
    readonly rotating: Tally;
    /**
     * Of one whose RotatingWebhook drops the old generation in the `up` that registers the new one, which is refused.
     */
    readonly droppedEarly: Tally;
    /** Of those whose webhooks are rotated in place. */
    readonly inPlace: Tally;
    /** Of one whose webhook is replaced, and which gets the secret from a resource of the same program. */
    readonly replacedAtOnce: Tally;
    /**
     * Of one whose webhook is replaced, and whose instances get the secret from the same program, one after another.
     */
    readonly replacedInTurn: Tally;
    /** Of one whose webhook is replaced, and which takes the stack's output afterwards. */
    readonly replacedAfterwards: Tally;
    /** Of one with a RotatingWebhook whose secrets are in a resource of the same program. */
    readonly rotatingInProgram?: Tally;
    /** What each `pulumi up` said that refused to delete a generation. */
    readonly refusals: readonly string[];
    readonly seconds: number;
}

/** Which of the figures a service counts for. */
type Group = Exclude<keyof Proof, "refusals" | "seconds">;

interface Declaration {
    readonly name: string;
    readonly group: Group;
    readonly way: "rotating" | "dropped-early" | "replaced" | "in-place";
    /**
     * How it gets its secrets: from the output of the same stack, from that of another one, or in the program itself.
     */
    readonly wiring: "output" | "reference" | "resource";
    readonly instances: number;
}

const declarations: readonly Declaration[] = [
    { name: "renders", group: "rotating", way: "rotating", wiring: "output", instances: 1 },
    { name: "billing", group: "rotating", way: "rotating", wiring: "reference", instances: 1 },
    { name: "dropped-early", group: "droppedEarly", way: "dropped-early", wiring: "output", instances: 1 },
    { name: "renders-in-place", group: "inPlace", way: "in-place", wiring: "output", instances: 1 },
    { name: "billing-in-place", group: "inPlace", way: "in-place", wiring: "reference", instances: 1 },
    { name: "replaced-at-once", group: "replacedAtOnce", way: "replaced", wiring: "resource", instances: 1 },
    { name: "replaced-in-turn", group: "replacedInTurn", way: "replaced", wiring: "resource", instances: 3 },
    { name: "replaced-afterwards", group: "replacedAfterwards", way: "replaced", wiring: "output", instances: 1 },
];

const inProgram: Declaration = {
    name: "in-program",
    group: "rotatingInProgram",
    way: "rotating",
    wiring: "resource",
    instances: 1,
};

/** One service that receives. */
interface Service extends Declaration {
    readonly receiver: CountingService;
    /** When the deployment ended that gave it a webhook's secret, by the webhook's id. */
    readonly knownSince: Map<string, number>;
}

/** The name of a generation, as a user might give it. */
const nameOf = (index: number): string => `generation-${index + 1}`;

/**
 * Rotates the secrets of webhooks on the real Pulumi engine while events flow at a steady rate, and counts what became
 * of every single delivery. Two services have a RotatingWebhook each, and beside them two others get the same events
 * from webhooks that are rotated in place, at the same moments. Of each two, one gets its secrets from the output of
 * the stack that declares the webhooks, the other in another stack, by `StackReference`. Three more have a webhook that
 * is replaced at these moments, and know one secret at a time. Of one more the old generation is dropped in the `up`
 * that registers the new one: that is refused, and done by the next `up`.
 */
export async function prove(options: ProofOptions): Promise<Proof> {
    const run = new Run(options, await ensureEngine({ log: options.say ?? (() => undefined) }));
    try {
        return await run.prove();
    } finally {
        await run.cleanUp();
    }
}

class Run {
    readonly #options: ProofOptions;
    readonly #engine: Engine;
    readonly #folder = mkdtempSync(join(tmpdir(), "pulumi-captions-rotation-"));
    readonly #stopped = new AbortController();
    readonly #signal: AbortSignal;
    readonly #services: Service[] = [];
    /** The ids of the webhooks in the order in which they were registered. */
    readonly #webhookIds: string[] = [];
    readonly #refusals: string[] = [];
    #emulator: Emulator | undefined;
    #flow: Flow | undefined;

    constructor(options: ProofOptions, engine: Engine) {
        this.#options = options;
        this.#engine = engine;
        const { signal } = options;
        this.#signal = signal ? AbortSignal.any([signal, this.#stopped.signal]) : this.#stopped.signal;
    }

    async prove(): Promise<Proof> {
        const { events, rate, rotations } = this.#options;
        const started = Date.now();
        // On a machine that is busy with other things a receiver may take its time: that must not count as lost.
        this.#emulator = await startEmulator({ behaviour: { deliveryTimeoutMs: 120_000 } });
        await this.#startServices();
        for (const name of ["infrastructure", "consumer"] as const) {
            writeProject(name, this.#folder, this.#options.nodeModules);
            await this.#pulumi(name, "stack", "init", "demo");
        }
        this.#say("pulumi up: a webhook for each service");
        await this.#up(nameOf(0));
        await this.#deploy();
        const flow = new Flow(this.#emulator, rate);
        this.#flow = flow;
        this.#say(`From now on there are ${rate} events a second, and each goes to every service.`);
        for (let rotation = 1; rotation <= rotations; rotation++) {
            // Spread over the events, so that they also flow before, between and after the rotations.
            await flow.reaches((events / rotations) * (rotation - 0.9), this.#signal);
            this.#options.say?.(`Rotation ${rotation} of ${rotations}`);
            await this.#rotate(nameOf(rotation - 1), nameOf(rotation));
        }
        await flow.reaches(events, this.#signal);
        await flow.end();
        this.#say("That was the last one: now every delivery is looked at.");
        return {
            rotating: this.#tally("rotating"),
            droppedEarly: this.#tally("droppedEarly"),
            inPlace: this.#tally("inPlace"),
            replacedAtOnce: this.#tally("replacedAtOnce"),
            replacedInTurn: this.#tally("replacedInTurn"),
            replacedAfterwards: this.#tally("replacedAfterwards"),
            ...(this.#options.withServiceInProgram === true && { rotatingInProgram: this.#tally("rotatingInProgram") }),
            refusals: this.#refusals,
            seconds: Math.round((Date.now() - started) / 1000),
        };
    }

    async cleanUp(): Promise<void> {
        this.#stopped.abort(new Error("Stopped."));
        const ended = this.#flow?.end();
        await this.#emulator?.stop();
        await ended;
        for (const { receiver } of this.#services) await receiver.stop();
        rmSync(this.#folder, { recursive: true, force: true });
    }

    async #startServices(): Promise<void> {
        const all = this.#options.withServiceInProgram === true ? [...declarations, inProgram] : declarations;
        for (const declaration of all) {
            const receiver = await CountingService.start(this.#folder, declaration.name, declaration.instances);
            this.#services.push({ ...declaration, receiver, knownSince: new Map() });
        }
    }

    async #rotate(before: string, after: string): Promise<void> {
        this.#say(`pulumi up: RotatingWebhook gets "${after}" in front, a second webhook beside the first;`);
        this.#say(
            "           a plain Webhook is replaced: a new one first, then its receivers, then the old one goes;",
        );
        this.#say("           in place the secrets are changed, and the old ones are invalid at once");
        await this.#upThatRefuses(after, before);
        await this.#deploy();
        this.#say(`pulumi up: RotatingWebhook drops "${before}", as every service has the new secret;`);
        this.#say("           what the last one refused to delete goes now, too");
        await this.#up(after);
        this.#checkWebhooks(this.#services.length);
        // The old secret may be forgotten once nothing that carries it is on its way any more.
        await this.#flow?.settles();
        await this.#deploy();
    }

    /** An `up` that is to delete the generation of one service before that knows the next secret. It does all else. */
    async #upThatRefuses(...generations: readonly string[]): Promise<void> {
        const { code, text } = await this.#runUp(generations);
        const refusal = /Webhook "dropped-early-[^"]+" \([^)]+\): it was kept: [^\n]+/.exec(text)?.[0];
        if (code === 0 || refusal === undefined) throw new Error(`It was not refused to delete a webhook:\n${text}`);
        this.#refusals.push(refusal);
        const overlapping = this.#services.filter(({ way }) => way === "rotating" || way === "dropped-early");
        this.#checkWebhooks(this.#services.length + overlapping.length);
        this.#noteSecrets("resource");
        const [which = "", why = ""] = refusal.split(": it was kept: ");
        const [reason = "", , next = ""] = why.split(/(?<=\.) /);
        this.#say(
            `it refused to delete one webhook, ${which.replace(/^Webhook ("[^"]+").*$/, "$1")}, did all else, and ended with`,
        );
        this.#say(`           code ${code}: "${reason}`);
        this.#say(`           ${next}"`);
    }

    #checkWebhooks(expected: number): void {
        const { length } = this.#api.webhooks;
        if (length !== expected) throw new Error(`There are ${length} webhooks after this, not ${expected}.`);
    }

    async #up(...generations: readonly string[]): Promise<void> {
        const { code, text } = await this.#runUp(generations);
        if (code !== 0) throw failed("infrastructure", "up", code, text);
        this.#noteSecrets("resource");
    }

    async #runUp(generations: readonly string[]): Promise<PulumiResult> {
        const services = this.#services.map(({ name, way, wiring, receiver }) => ({
            name,
            way,
            url: receiver.url,
            instances: wiring === "resource" ? receiver.instances.map(configurationOf) : [],
        }));
        const result = await this.#run("infrastructure", "up", ...configured({ generations, services }));
        for (const { id } of this.#api.webhooks) if (!this.#webhookIds.includes(id)) this.#webhookIds.push(id);
        return result;
    }

    /** Lets every service take the secrets that the stack exports, as deployments do it. */
    async #deploy(): Promise<void> {
        this.#say("the services of this stack take its output `secrets`");
        const { stdout } = await this.#pulumi("infrastructure", "stack", "output", "--json", "--show-secrets");
        for (const { name, receiver } of this.#wiredBy("output")) {
            for (const instance of receiver.instances) instance.deploy(JSON.parse(stdout)[name]);
        }
        this.#noteSecrets("output");
        this.#say("pulumi up in another stack, whose services take them by StackReference");
        const services = this.#wiredBy("reference").flatMap(({ name, receiver }) =>
            receiver.instances.map(({ secretsFile }) => ({ name, file: secretsFile })),
        );
        await this.#pulumi("consumer", "up", ...configured({ services }));
        this.#noteSecrets("reference");
    }

    /** Checks that services have just the secrets of their webhooks, newest first, and notes since when. */
    #noteSecrets(wiring: Service["wiring"]): void {
        for (const { name, way, receiver, knownSince } of this.#wiredBy(wiring)) {
            const all = this.#api.webhooks.filter(({ url }) => url === receiver.url).reverse();
            const webhooks = way === "dropped-early" ? all.slice(0, 1) : all;
            const secrets = webhooks.map(({ secret }) => secret);
            if (receiver.instances.some((instance) => !isDeepStrictEqual(instance.secrets, secrets))) {
                throw new Error(`The service ${name} was deployed with other secrets than its webhooks have.`);
            }
            for (const { id } of webhooks) knownSince.set(id, knownSince.get(id) ?? Date.now());
        }
    }

    #wiredBy(wiring: Service["wiring"]): readonly Service[] {
        return this.#services.filter((service) => service.wiring === wiring);
    }

    #tally(group: Group): Tally {
        const services = this.#services.filter((service) => service.group === group);
        const received = services.map(({ receiver, knownSince }) => ({
            url: receiver.url,
            handedOn: receiver.handedOn,
            knownSince,
            switches: receiver.switches,
        }));
        return tally(this.#flow?.events ?? [], received, this.#webhookIds);
    }

    get #api(): Emulator {
        if (this.#emulator === undefined) throw new Error("The emulator is not there.");
        return this.#emulator;
    }

    #say(text: string): void {
        const sent = (this.#flow?.sent ?? 0).toLocaleString("en-US");
        this.#options.say?.(`${sent.padStart(7)} events │ ${text}`);
    }

    async #pulumi(project: string, command: string, ...args: readonly string[]): Promise<PulumiResult> {
        const result = await this.#run(project, command, ...args);
        if (result.code !== 0) throw failed(project, command, result.code, result.text);
        return result;
    }

    /** Runs a command of the engine, whatever its outcome. */
    async #run(project: string, command: string, ...args: readonly string[]): Promise<PulumiResult> {
        const withStack = args[0] === "init" ? [] : ["--stack", "demo"];
        const withConsent = command === "up" ? ["--yes", "--skip-preview"] : [];
        const result = await runPulumi(this.#engine, [command, ...args, ...withStack, ...withConsent], {
            project: join(this.#folder, project),
            temporaryFolder: this.#folder,
            env: { CAPTIONS_API_KEY: this.#api.apiKey, CAPTIONS_BASE_URL: this.#api.baseUrl },
            signal: this.#signal,
        });
        this.#signal.throwIfAborted();
        return result;
    }
}

function failed(project: string, command: string, code: number, text: string): Error {
    return new Error(`\`pulumi ${command}\` in ${project} ended with code ${code}:\n${text}`);
}

/**
 * What the program needs to know of an instance. One alone goes over at once; of several, each has to be ready before
 * the next.
 */
function configurationOf(
    { secretsFile, readyUrl }: CountingReceiver,
    _index: number,
    all: readonly CountingReceiver[],
) {
    return { file: secretsFile, ...(all.length > 1 && { readyUrl }) };
}

function configured(values: Readonly<Record<string, unknown>>): string[] {
    return Object.entries(values).flatMap(([name, value]) => ["--config", `${name}=${JSON.stringify(value)}`]);
}
