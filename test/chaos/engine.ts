import { CaptionsError } from "../../provider/errors";
import {
    check,
    create,
    diff,
    inputsOf,
    keep,
    type Ledger,
    PartialFailure,
    read,
    remove,
    update,
    type WebhookInputs,
    type WebhookOutputs,
} from "../../provider/lifecycle";

/** What a state holds of a resource. */
export interface Saved {
    readonly id: string;
    readonly inputs: WebhookInputs;
    readonly outputs: WebhookOutputs;
    /** The last step of it failed half-way (the engine's `initErrors`), so that the next run has to update it. */
    readonly failedHalfWay: boolean;
}

export type Program = ReadonlyMap<string, WebhookInputs>;

/** The steps that failed, by the resource's name. Empty: the run succeeded. */
export type Failures = ReadonlyMap<string, Error>;

/**
 * What Pulumi's engine does around the lifecycle of webhooks, and what its dynamic provider host does in between
 * (`provider/dynamic-provider.ts`), without either: a provider that lives for one run, steps in parallel or in an order, a
 * state that goes through JSON, deletes after everything else and only if that went well.
 */
export class SimulatedEngine {
    /** By the resource's name. */
    readonly state = new Map<string, Saved>();
    /** What the user was told, apart from errors. */
    readonly notes: string[] = [];
    readonly #startProvider: (notify: (line: string) => void) => Ledger;

    constructor(startProvider: (notify: (line: string) => void) => Ledger) {
        this.#startProvider = startProvider;
    }

    readonly #notify = (line: string): void => {
        this.notes.push(line);
    };

    async refresh(): Promise<Failures> {
        const failures = new Map<string, Error>();
        await this.#refresh(this.#startProvider(this.#notify), failures);
        return failures;
    }

    /** `pulumi up`, with `--refresh` if `refreshes`. The same provider does both. */
    async up(program: Program, options: { readonly inOrder: boolean; readonly refreshes: boolean }): Promise<Failures> {
        const ledger = this.#startProvider(this.#notify);
        const failures = new Map<string, Error>();
        if (options.refreshes) await this.#refresh(ledger, failures);
        if (failures.size > 0) return failures;
        // Resources of the state come first where there is an order, as RotatingWebhook has it.
        const names = [...program.keys()];
        const ordered = options.inOrder
            ? [...names.filter((name) => this.state.has(name)), ...names.filter((name) => !this.state.has(name))]
            : names;
        const steps: Promise<void>[] = [];
        for (const name of ordered) {
            const step = this.#tell(name, failures, () =>
                this.#bring(ledger, name, program.get(name) as WebhookInputs),
            );
            steps.push(step);
            if (options.inOrder) await step;
            if (options.inOrder && failures.size > 0) break;
        }
        await Promise.all(steps);
        if (failures.size > 0) return failures;
        await this.#delete(
            ledger,
            failures,
            [...this.state.keys()].filter((name) => !program.has(name)),
        );
        return failures;
    }

    async destroy(): Promise<Failures> {
        const failures = new Map<string, Error>();
        await this.#delete(this.#startProvider(this.#notify), failures, [...this.state.keys()]);
        return failures;
    }

    async #refresh(ledger: Ledger, failures: Map<string, Error>): Promise<void> {
        const steps = [...this.state].map(([name, saved]) =>
            this.#tell(name, failures, async () => {
                const now = await read(ledger, saved.id, saved.outputs);
                if (now === undefined) {
                    this.state.delete(name);
                    return;
                }
                const before = saved.outputs;
                const drifted = now.url !== before.url || now.enabledEvents !== before.enabledEvents;
                const inputs = drifted ? inputsOf(now) : saved.inputs;
                this.#save(name, { id: saved.id, inputs, outputs: now, failedHalfWay: false });
                ledger.tellDrift(saved.id);
            }),
        );
        await Promise.all(steps);
    }

    /** Creates or updates a resource, or leaves it as it is. */
    async #bring(ledger: Ledger, name: string, wanted: WebhookInputs): Promise<void> {
        const saved = this.state.get(name);
        const wrong = await check(
            saved === undefined ? {} : { ...saved.inputs },
            { ...wanted },
            {
                accounts: [],
                listEvents: () => ledger.events(),
                notify: this.#notify,
            },
        );
        if (wrong.length > 0) throw new Error(`check refused right inputs: ${wrong.join("; ")}`);
        try {
            if (saved === undefined) {
                const { id, outputs } = await create(ledger, wanted);
                this.#save(name, { id, inputs: wanted, outputs, failedHalfWay: false });
            } else if (this.#compare(ledger, saved.id, saved.outputs, wanted) || saved.failedHalfWay) {
                const outputs = await update(ledger, saved.id, saved.outputs, wanted);
                this.#save(name, { id: saved.id, inputs: wanted, outputs, failedHalfWay: false });
            } else {
                this.#save(name, { ...saved, inputs: wanted });
            }
        } catch (error) {
            if (error instanceof PartialFailure) {
                this.#save(name, { id: error.id, inputs: wanted, outputs: error.outputs, failedHalfWay: true });
            }
            throw error;
        }
    }

    /** @returns whether the resource has to be updated */
    #compare(ledger: Ledger, id: string, outputs: WebhookOutputs, wanted: WebhookInputs): boolean {
        const { changes } = diff(outputs, wanted);
        keep(ledger, id, wanted, this.#notify, outputs);
        return ledger.tellDrift(id) || changes;
    }

    async #delete(ledger: Ledger, failures: Map<string, Error>, names: readonly string[]): Promise<void> {
        const steps = names.map((name) =>
            this.#tell(name, failures, async () => {
                const { id, outputs } = this.state.get(name) as Saved;
                await remove(ledger, id, outputs, this.#notify);
                this.state.delete(name);
            }),
        );
        await Promise.all(steps);
    }

    async #tell(name: string, failures: Map<string, Error>, step: () => Promise<void>): Promise<void> {
        try {
            await step();
        } catch (error) {
            // Anything else is a bug of the provider, or of this simulation.
            if (!(error instanceof CaptionsError)) throw error;
            failures.set(name, error);
        }
    }

    #save(name: string, saved: Saved): void {
        this.state.set(name, stored(saved));
    }
}

/** As it comes out of the state's JSON. */
function stored<T>(value: T): T {
    return JSON.parse(JSON.stringify(value)) as T;
}
