import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Emulator, startEmulator } from "../../emulator";
import { type Engine, ensureEngine } from "../engine";
import { type PulumiResult, runPulumi } from "../pulumi";
import { Flow } from "./flow";
import { writeProject } from "./projects";
import { CountingReceiver } from "./receiver";
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
    /** Of those whose webhooks are rotated in place. */
    readonly inPlace: Tally;
    /** Of that whose secrets are in a resource of the same program. */
    readonly inProgram?: Tally;
    readonly seconds: number;
}

/** One service that receives. */
interface Service {
    readonly name: string;
    readonly way: "rotating" | "in-place";
    /** How it gets its secrets: from the output of the same stack, from that of another one, or in the program itself. */
    readonly wiring: "output" | "reference" | "resource";
    readonly receiver: CountingReceiver;
    /** When the deployment ended that gave it a webhook's secret, by the webhook's id. */
    readonly knownSince: Map<string, number>;
}

/** The name of a generation, as a user might give it. */
const nameOf = (index: number): string => `generation-${index + 1}`;

/**
 * Rotates the secrets of webhooks on the real Pulumi engine while events flow at a steady rate, and counts what became of every
 * single delivery. Two services have a RotatingWebhook each, and beside them two others get the same events from webhooks that
 * are rotated in place, at the same moments. Of each two, one gets its secrets from the output of the stack that declares the
 * webhooks, the other in another stack, by `StackReference`.
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
        const inProgram = this.#services.filter(({ wiring }) => wiring === "resource");
        return {
            rotating: this.#tally(
                this.#services.filter(({ way }) => way === "rotating").filter((s) => !inProgram.includes(s)),
            ),
            inPlace: this.#tally(this.#services.filter(({ way }) => way === "in-place")),
            ...(inProgram.length === 0 ? {} : { inProgram: this.#tally(inProgram) }),
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
        const services: Pick<Service, "name" | "way" | "wiring">[] = [
            { name: "renders", way: "rotating", wiring: "output" },
            { name: "billing", way: "rotating", wiring: "reference" },
            { name: "renders-in-place", way: "in-place", wiring: "output" },
            { name: "billing-in-place", way: "in-place", wiring: "reference" },
        ];
        if (this.#options.withServiceInProgram === true) {
            services.push({ name: "in-program", way: "rotating", wiring: "resource" });
        }
        for (const service of services) {
            const receiver = await CountingReceiver.start(join(this.#folder, `${service.name}.json`));
            this.#services.push({ ...service, receiver, knownSince: new Map() });
        }
    }

    async #rotate(before: string, after: string): Promise<void> {
        this.#say(`pulumi up: RotatingWebhook gets "${after}" in front, a second webhook beside the first;`);
        this.#say("           in place the secrets are changed, and the old ones are invalid at once");
        await this.#up(after, before);
        await this.#deploy();
        this.#say(`pulumi up: RotatingWebhook drops "${before}", as every service has the new secret`);
        await this.#up(after);
        // The old secret may be forgotten once nothing that carries it is on its way any more.
        await this.#flow?.settles();
        await this.#deploy();
    }

    async #up(...generations: readonly string[]): Promise<void> {
        const services = this.#services.map(({ name, way, wiring, receiver }) => ({
            name,
            way,
            url: receiver.url,
            ...(wiring === "resource" ? { file: receiver.secretsFile } : {}),
        }));
        await this.#pulumi("infrastructure", "up", ...configured({ generations, services }));
        for (const { id } of this.#api.webhooks) if (!this.#webhookIds.includes(id)) this.#webhookIds.push(id);
        this.#noteSecrets("resource");
    }

    /** Lets every service take the secrets that the stack exports, as deployments do it. */
    async #deploy(): Promise<void> {
        this.#say("the services of this stack take its output `secrets`");
        const { stdout } = await this.#pulumi("infrastructure", "stack", "output", "--json", "--show-secrets");
        for (const { name, receiver } of this.#wiredBy("output")) receiver.deploy(JSON.parse(stdout)[name]);
        this.#noteSecrets("output");
        this.#say("pulumi up in another stack, whose services take them by StackReference");
        const services = this.#wiredBy("reference").map(({ name, receiver }) => ({ name, file: receiver.secretsFile }));
        await this.#pulumi("consumer", "up", ...configured({ services }));
        this.#noteSecrets("reference");
    }

    /** Checks that services have just the secrets of their webhooks, newest first, and notes since when. */
    #noteSecrets(wiring: Service["wiring"]): void {
        for (const { name, receiver, knownSince } of this.#wiredBy(wiring)) {
            const webhooks = this.#api.webhooks.filter(({ url }) => url === receiver.url).reverse();
            const secrets = webhooks.map(({ secret }) => secret);
            if (!isDeepStrictEqual(receiver.secrets, secrets)) {
                throw new Error(`The service ${name} was deployed with other secrets than its webhooks have.`);
            }
            for (const { id } of webhooks) knownSince.set(id, knownSince.get(id) ?? Date.now());
        }
    }

    #wiredBy(wiring: Service["wiring"]): readonly Service[] {
        return this.#services.filter((service) => service.wiring === wiring);
    }

    #tally(services: readonly Service[]): Tally {
        const received = services.map(({ receiver, knownSince }) => ({
            url: receiver.url,
            handedOn: receiver.handedOn,
            knownSince,
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
        const withStack = args[0] === "init" ? [] : ["--stack", "demo"];
        const withConsent = command === "up" ? ["--yes", "--skip-preview"] : [];
        const result = await runPulumi(this.#engine, [command, ...args, ...withStack, ...withConsent], {
            project: join(this.#folder, project),
            temporaryFolder: this.#folder,
            env: { CAPTIONS_API_KEY: this.#api.apiKey, CAPTIONS_BASE_URL: this.#api.baseUrl },
            signal: this.#signal,
        });
        this.#signal.throwIfAborted();
        if (result.code !== 0) {
            throw new Error(`\`pulumi ${command}\` in ${project} ended with code ${result.code}:\n${result.text}`);
        }
        return result;
    }
}

function configured(values: Readonly<Record<string, unknown>>): string[] {
    return Object.entries(values).flatMap(([name, value]) => ["--config", `${name}=${JSON.stringify(value)}`]);
}
