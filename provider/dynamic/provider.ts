/**
 * What Pulumi's dynamic provider host runs. The text in every user's state requires this module by the name
 * `pulumi-captions/provider`, for years: neither that name nor these exports may go away.
 *
 * It only translates between the host and a {@link Session}.
 */
import "./keep-compiled";

import type * as dynamic from "@pulumi/pulumi/dynamic";
import { Cancellation, watchEngine } from "../cancellation";
import { Accounts } from "../configuration";
import { CaptionsError } from "../errors";
import { inputNames, isUnknown, PartialFailure, Proofs, type WebhookInputs, withoutUndefined } from "../lifecycle";
import { withoutMarkers } from "../markers";
import { type Resource, type SavedResource, Session, unexpected } from "../session";
import { deliveryCheckProvider } from "./delivery-check-provider";
import { HostError } from "./host-error";
import { asksForReplacement, isHostInput, isHostOutput, resourceIn } from "./host-inputs";

type Properties = Readonly<Record<string, unknown>>;

let session: Session | CaptionsError | undefined;

/** The host outlives an engine that was killed, and has no way to tell of it: nothing more is sent then. */
const cancellation = new Cancellation();
let isWatching = false;

/** One process serves all dynamic resources of a run: so a delivery check can let an older generation go. */
const proofs = new Proofs();

/** The provider of `DeliveryCheck`s. The text in every user's state gets it from this module, so it stays, too. */
export const deliveryCheck = deliveryCheckProvider(proofs, notify, cancellation.signal);

/** Takes the stack's configuration. Everything happens before it returns, as the host doesn't wait for it. */
export async function configure(request: dynamic.ConfigureRequest): Promise<void> {
    try {
        const get = (name: string): string | undefined => request.config.get(`captions:${name}`);
        session = new Session(new Accounts(get, process.env, notify, cancellation.signal), notify, proofs);
        // The host's only argument is the engine's address.
        if (!isWatching) watchEngine(process.argv[2], () => cancellation.cancel());
        isWatching = true;
    } catch (error) {
        // Told by the steps: the host caches a provider before it is configured, and has no way to show it here.
        session = error instanceof CaptionsError ? error : unexpected(error);
    }
}

/**
 * The inputs of the last run, by owner. `diff` gets the outputs of the last run that changed something, in which what
 * the program has given the host since is missing.
 */
const lastInputs = new Map<string, Properties>();

export function check(olds: Properties, news: Properties): Promise<dynamic.CheckResult> {
    return step("checking", async () => {
        const { owner } = resource(news);
        if (Object.keys(olds).length > 0) lastInputs.set(owner, olds);
        const failures = await running().check(resource(news), declared(olds), declared(news));
        // A failure that names a property makes the engine print its value, which may contain a credential.
        return { inputs: news, failures: failures.map((reason) => ({ property: "", reason })) };
    });
}

export function diff(id: string, olds: Properties, news: Properties): Promise<dynamic.DiffResult> {
    return step("comparing", async () => {
        // A state that was written before owners were saved has none in what a refresh compares.
        const resource = resourceIn(news) ?? resourceIn(olds);
        const last = lastInputs.get(resource?.owner ?? "") ?? olds;
        const asked = (changes: readonly string[]) => asksForReplacement(last, news, changes);
        const { changes, replaces, isRotatedElsewhere } = await running().diff(
            resource,
            { id, properties: olds, resource: asSaved(resourceIn(olds), resourceIn(last)) },
            inputs(news),
            (difference) => (asked(difference.changes).length > 0 ? "replaced" : "updated"),
        );
        const all = [...new Set([...replaces, ...asked(changes)])];
        const hasChanges = changes.length > 0 || all.length > 0 || isRotatedElsewhere;
        return { changes: hasChanges, replaces: all, deleteBeforeReplace: false };
    });
}

export function create(news: Properties): Promise<dynamic.CreateResult> {
    return step(
        "registering",
        async () => {
            const { id, outputs } = await running().create(resource(news), inputs(news));
            return { id, outs: kept(outputs, news) };
        },
        news,
    );
}

export function read(id: string, props: Properties): Promise<dynamic.ReadResult> {
    return step("reading", async () => {
        // Without a URL it is a resource that somebody else manages, read for the first time (`Webhook.get`).
        if (props.url == null) {
            const { account } = declared(props);
            if (isUnknown(account)) return { id, props };
            return { id, props: kept(await running().get(id, account as string | undefined), props) };
        }
        const now = await running().read(saved(id, props));
        return now === undefined ? { id: "", props: {} } : { id, props: kept(now, props) };
    });
}

export function update(id: string, olds: Properties, news: Properties): Promise<dynamic.UpdateResult> {
    return step(
        "updating",
        async () => ({ outs: kept(await running().update(resource(news), saved(id, olds), inputs(news)), news) }),
        news,
    );
}

async function remove(id: string, props: Properties): Promise<void> {
    await step("deleting", () => running().remove(saved(id, props)));
}

export { remove as delete };

/** Pulumi streams what a provider writes to standard error to the user's screen. */
function notify(line: string): void {
    process.stderr.write(`captions: ${line}\n`);
}

function running(): Session {
    if (session === undefined) throw new CaptionsError("The provider was called before it was configured.");
    if (session instanceof CaptionsError) throw session;
    return session;
}

/** Every resource of the program has an owner, as its constructor gives it one. */
function resource(properties: Properties): Resource {
    const known = resourceIn(properties);
    if (known !== undefined) return known;
    throw new CaptionsError(
        "The program uses another version of pulumi-captions than the one that is installed with it.",
    );
}

function saved(id: string, properties: Properties): SavedResource {
    return { id, properties, resource: resourceIn(properties) };
}

/**
 * The outputs have who it is, in the words of the run that wrote them; the inputs have its siblings of the last run.
 */
function asSaved(output: Resource | undefined, input: Resource | undefined): Resource | undefined {
    if (output?.siblings === undefined || input?.siblings === undefined) return output ?? input;
    return { ...output, siblings: { ...input.siblings, family: output.siblings.family } };
}

/**
 * What users set: without what is the host's, without nulls, and with the lifecycle's own sign for what is not known
 * yet.
 */
function declared(properties: Properties): Properties {
    const own = Object.entries(properties).filter(([name]) => !isHostInput(name));
    return withoutUndefined(withoutMarkers(Object.fromEntries(own)) as Properties);
}

function inputs(properties: Properties): WebhookInputs {
    const all = declared(properties);
    return Object.fromEntries(
        inputNames.filter((name) => name in all).map((name) => [name, all[name]]),
    ) as unknown as WebhookInputs;
}

/** What goes into the state, with what the host and this front need there. */
function kept(values: object, from: Properties): Record<string, unknown> {
    const own = Object.entries(from).filter(([name]) => isHostOutput(name));
    return withoutUndefined({ ...values, ...Object.fromEntries(own) });
}

/**
 * Runs a step, and has only errors come out that may be shown.
 *
 * @param properties what a webhook that was made half-way has to be saved with
 */
async function step<T>(name: string, run: () => Promise<T>, properties: Properties = {}): Promise<T> {
    try {
        return await run();
    } catch (error) {
        if (error instanceof PartialFailure) throw new SavedFailure(error, properties);
        const { name: kind, message } = error instanceof CaptionsError ? error : unexpected(error);
        throw new HostError(kind, message, `${name} a webhook`);
    }
}

/** The host saves `properties` under `id`, and shows only the `reasons`. */
class SavedFailure extends CaptionsError {
    override readonly name = "PartialFailure";
    readonly id: string;
    readonly properties: Record<string, unknown>;
    readonly reasons: readonly string[];

    constructor({ id, outputs, message }: PartialFailure, properties: Properties) {
        super(message);
        this.id = id;
        this.properties = kept(outputs, properties);
        this.reasons = [message];
    }
}
