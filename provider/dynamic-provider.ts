/**
 * What Pulumi's dynamic provider host runs. The text in every user's state requires this module by the name
 * `pulumi-captions/provider`, for years: neither that name nor these exports may go away.
 *
 * It only translates between the host and the lifecycle.
 */
import type * as dynamic from "@pulumi/pulumi/dynamic";
import { Accounts } from "./configuration";
import { CaptionsError, messageOf } from "./errors";
import * as lifecycle from "./lifecycle";

type Properties = Record<string, unknown>;

let accounts: Accounts | CaptionsError | undefined;

/** Whether the program has declared a webhook yet. Before, in `up --refresh`, the engine compares only what it has read. */
let declares = false;

/** Takes the stack's configuration. Everything happens before it returns, as the host doesn't wait for it. */
export async function configure(request: dynamic.ConfigureRequest): Promise<void> {
    const get = (name: string): string | undefined => request.config.get(`captions:${name}`);
    try {
        accounts = new Accounts(get, process.env, notify);
    } catch (error) {
        // Told by the steps: the host caches a provider before it is configured, and has no way to show it here.
        accounts = presentable(error);
    }
}

export function check(olds: Properties, news: Properties): Promise<dynamic.CheckResult> {
    declares = true;
    return step(async () => {
        const failures = await lifecycle.check(withoutProvider(olds), withoutProvider(news), {
            accounts: configured().names,
            listEvents: async (account) =>
                configured().hasKey(account) ? await configured().ledger(account).events() : undefined,
            notify,
        });
        // A failure that names a property makes the engine print its value, which may hold a credential.
        return { inputs: news, failures: failures.map((reason) => ({ property: "", reason })) };
    });
}

export function diff(id: string, olds: Properties, news: Properties): Promise<dynamic.DiffResult> {
    return step(async () => {
        const wanted = inputs(news);
        const { changes, replaces } = lifecycle.diff(outputs(olds), wanted);
        // Without a key nothing can have been read, and nothing can be adopted.
        const ledger = configured().hasKey(accountOf(olds)) ? ledgerOf(olds) : undefined;
        if (ledger !== undefined && declares && replaces.length === 0) {
            lifecycle.keep(ledger, id, wanted, notify, outputs(olds));
        }
        // After `read` the engine asks for the difference that it has made, to show as drift. A rotated secret is drift, but
        // nothing that a later `up` has to change.
        const drifted = ledger?.tellDrift(id) === true;
        return { changes: changes || drifted, replaces: [...replaces], deleteBeforeReplace: false };
    });
}

export function create(news: Properties): Promise<dynamic.CreateResult> {
    return step(async () => {
        const created = await lifecycle.create(ledgerOf(news), inputs(news));
        return { id: created.id, outs: saved(created.outputs, news) };
    }, news);
}

export function read(id: string, props: Properties): Promise<dynamic.ReadResult> {
    return step(async () => {
        const ledger = ledgerOf(props);
        // Without outputs it is a resource that somebody else manages (`Webhook.get`).
        if (props.secretVersion === undefined) {
            return { id, props: saved({ ...(await lifecycle.get(ledger, id)), account: accountOf(props) }, props) };
        }
        const before = outputs(props);
        const now = await lifecycle.read(ledger, id, before);
        if (now === undefined) return { id: "", props: {} };
        const drifted = now.url !== before.url || now.enabledEvents !== before.enabledEvents;
        const result: dynamic.ReadResult = { id, props: saved(now, props) };
        return drifted ? { ...result, inputs: saved(lifecycle.inputsOf(now), props) } : result;
    });
}

export function update(id: string, olds: Properties, news: Properties): Promise<dynamic.UpdateResult> {
    return step(async () => {
        const outs = await lifecycle.update(ledgerOf(olds), id, outputs(olds), inputs(news));
        return { outs: saved(outs, news) };
    }, news);
}

async function remove(id: string, props: Properties): Promise<void> {
    await step(() => lifecycle.remove(ledgerOf(props), id, outputs(props), notify));
}

export { remove as delete };

/** Pulumi streams what a provider writes to standard error to the user's screen. */
function notify(line: string): void {
    process.stderr.write(`captions: ${line}\n`);
}

/**
 * Runs a step, and has only errors come out that may stand on a screen.
 *
 * @param properties what a webhook that was made half-way has to be saved with
 */
async function step<T>(run: () => Promise<T>, properties: Properties = {}): Promise<T> {
    try {
        return await run();
    } catch (error) {
        if (error instanceof lifecycle.PartialFailure) {
            // The host saves what `properties` holds, and shows only the `reasons`.
            throw Object.assign(error, { properties: saved(error.outputs, properties), reasons: [error.message] });
        }
        throw presentable(error);
    }
}

function presentable(error: unknown): CaptionsError {
    if (error instanceof CaptionsError) return error;
    return new CaptionsError(
        `pulumi-captions failed in a way that it should not: ${messageOf(error)}. Please report this.`,
    );
}

function configured(): Accounts {
    if (accounts === undefined) throw new CaptionsError("The provider was called before it was configured.");
    if (accounts instanceof CaptionsError) throw accounts;
    return accounts;
}

function ledgerOf(properties: Properties): lifecycle.Ledger {
    return configured().ledger(accountOf(properties));
}

function accountOf(properties: Properties): string | undefined {
    return typeof properties.account === "string" ? properties.account : undefined;
}

function withoutProvider({ __provider, ...properties }: Properties): Properties {
    return properties;
}

function inputs(properties: Properties): lifecycle.WebhookInputs {
    return withoutProvider(properties) as unknown as lifecycle.WebhookInputs;
}

function outputs(properties: Properties): lifecycle.WebhookOutputs {
    return withoutProvider(properties) as unknown as lifecycle.WebhookOutputs;
}

/** What goes into the state, with the provider's text that it needs there. */
function saved(values: object, from: Properties): Properties {
    const present = Object.entries({ ...values, __provider: from.__provider }).filter(
        ([, value]) => value !== undefined,
    );
    return Object.fromEntries(present);
}
