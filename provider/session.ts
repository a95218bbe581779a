import { hostOf } from "./api/urls";
import type { Accounts } from "./configuration";
import { CaptionsError } from "./errors";
import * as lifecycle from "./lifecycle";
import {
    type Created,
    type Difference,
    Owners,
    type Siblings,
    type WebhookInputs,
    type WebhookOutputs,
} from "./lifecycle";

export type ConfiguredAccounts = Pick<Accounts, "names" | "hasKey" | "open">;

/** What a front knows of the resource that a step is about. */
export interface Resource {
    /** An opaque text: the same in every run, and another one for each resource of a stack. */
    readonly owner: string;
    /** What the user calls it, for messages. */
    readonly name: string;
    readonly siblings?: Siblings | undefined;
    /** For a generation: whether others may be deleted in the run in which it is registered. */
    readonly dropsAtOnce?: boolean | undefined;
}

/** What a state has of a resource, as a front hands it over. */
export interface SavedResource {
    readonly id: string;
    /** What `create`, `read` and `update` have given, in any form that was ever saved. */
    readonly properties: unknown;
    /** What was saved with it. Undefined: it was saved before that was. */
    readonly resource: Resource | undefined;
}

/** What differs, in the host's words: also what a refresh has found. */
export interface Drift extends Difference {
    /**
     * Whether a refresh has found the secret rotated elsewhere. A host asks for the difference that a refresh has made,
     * to show as drift; it is nothing that a later run has to change, so it is told once.
     */
    readonly isRotatedElsewhere: boolean;
}

/**
 * One run of a host (Pulumi's engine, through one of the fronts) over the lifecycle: it knows which resources the
 * program declares, which webhook each of them has, and says what the user should know. The fronts only translate their
 * host's protocol.
 */
export class Session {
    readonly #accounts: ConfiguredAccounts;
    readonly #notify: (line: string) => void;
    readonly #told = new Set<string>();
    /** The owners that the program declares. */
    readonly #declared = new Set<string>();
    readonly #owners = new Owners();
    /** The rotating webhooks whose generations may go without an overlap. */
    readonly #dropsAtOnce = new Set<string>();
    readonly #proofs: lifecycle.Proofs;
    /** The owner that a resource had in the state, where `aliases` has given it another one. */
    readonly #renamed = new Map<string, string>();
    /** The webhooks whose secrets a refresh has found rotated elsewhere, by id, until that is told. */
    readonly #rotatedElsewhere = new Set<string>();
    /** The same, for all of this run: no receiver can know these secrets from the state. */
    readonly #foundSecrets = new Set<string>();
    #found = 0;

    /**
     * @param notify tells the user something at once, in a line without secrets
     * @param proofs the secrets that receivers were seen to accept in this run
     */
    constructor(
        accounts: ConfiguredAccounts,
        notify: (line: string) => void,
        proofs: lifecycle.Proofs = new lifecycle.Proofs(),
    ) {
        this.#accounts = accounts;
        this.#notify = notify;
        this.#proofs = proofs;
    }

    /**
     * Checks the inputs of a resource that the program declares.
     *
     * @param saved the inputs of the last run; `{}` for a new resource, or where the host does not tell
     * @returns what is invalid, a sentence each that begins with the property's name
     */
    async check(
        resource: Resource,
        saved: Readonly<Record<string, unknown>>,
        inputs: Readonly<Record<string, unknown>>,
    ): Promise<readonly string[]> {
        this.#declared.add(resource.owner);
        const { siblings, dropsAtOnce } = resource;
        if (siblings !== undefined && dropsAtOnce === true) this.#dropsAtOnce.add(siblings.family);
        // Where the host replaces without asking for a difference, this is all that it tells.
        if (typeof saved.url === "string" && this.#owners.get(resource.owner) === undefined) {
            this.#owners.set(resource.owner, { url: saved.url, isDeclared: false });
        }
        return await this.#step(resource, { url: inputs.url }, async () => {
            const failures = await lifecycle.check(saved, inputs, {
                accounts: this.#accounts.names,
                listEvents: async (name) =>
                    this.#accounts.hasKey(name) ? await this.#accounts.open(name).inventory.events() : undefined,
                notify: this.#notify,
            });
            if (failures.length === 0) {
                this.#warnOfMissingKey(inputs.account);
                this.#foretellDrop(resource, inputs.url);
            }
            return failures;
        });
    }

    /** Notes that the host replaces resources because they come from another account, without saying which. */
    noteMoves(): void {
        this.#owners.hasMoves = true;
    }

    /**
     * Compares the state with the program.
     *
     * @param resource undefined where the host asks for a difference to a state that was written before it was saved
     * @param fate what the host does with a resource that has these changes, for a reason of its own
     */
    async diff(
        resource: Resource | undefined,
        { id, properties, resource: before }: SavedResource,
        inputs: WebhookInputs,
        fate: (difference: Difference) => "updated" | "replaced" | "refused" = () => "updated",
    ): Promise<Drift> {
        return await this.#step(resource, { id, url: inputs.url }, () => {
            const saved = lifecycle.parseSaved(properties);
            const difference = {
                ...lifecycle.diff(saved, inputs),
                isRotatedElsewhere: this.#rotatedElsewhere.delete(id),
            };
            if (resource === undefined) return difference;
            const { account, secretVersion } = saved;
            // After a refresh the host asks for the difference to what it has read: then the program has not spoken
            // yet.
            const isDeclared = this.#declared.has(resource.owner);
            const becomes = difference.replaces.length > 0 ? "replaced" : fate(difference);
            const isKept = isDeclared && becomes !== "replaced";
            const url = isDeclaredUrl(inputs.url) && becomes !== "refused" ? inputs.url : saved.url;
            if (before !== undefined && before.owner !== resource.owner) {
                this.#renamed.set(`${id} ${before.owner}`, resource.owner);
                // By now another resource may have that name.
                if (this.#owners.get(before.owner)?.id === id) this.#owners.release(before.owner);
            }
            if (before?.siblings !== undefined && resource.siblings !== undefined) {
                this.#owners.renameFamily(before.siblings.family, resource.siblings.family);
            }
            this.#noteFamily(id, before);
            this.#noteFamily(id, resource);
            if (isDeclared && this.#owners.isOthers(id, account, resource.owner)) throw lifecycle.claimedTwice(id);
            // Where a refresh has gone before, it has told of this webhook under the name of the last run.
            if (isDeclared) this.#owners.releaseFormer(id, resource.owner);
            const { secret } = saved;
            const isNew = this.#foundSecrets.has(id) ? ("secret" as const) : undefined;
            this.#owners.set(resource.owner, { id, account, url, secretVersion, secret, isDeclared: isKept, isNew });
            if (isKept && becomes === "updated") this.#foretell(resource, id, saved, inputs, difference);
            return difference;
        });
    }

    /**
     * @throws PartialFailure where the webhook exists, but not all of it could be done: what is known of it is to be
     * saved
     */
    async create(resource: Resource, inputs: WebhookInputs): Promise<Created> {
        return await this.#step(resource, { url: inputs.url }, async () => {
            const account = this.#accounts.open(inputs.account);
            this.#noteFamily(undefined, resource);
            const created = await lifecycle.create(account, this.#owners, resource, inputs);
            this.#noteFamily(created.id, resource);
            if (created.isAdopted) {
                this.#notify(
                    `${labelOf(resource, created)}: took over ${created.id} with its secret; nothing was registered`,
                );
            }
            return created;
        });
    }

    /** @returns undefined where the webhook is gone */
    async read({ id, properties, resource }: SavedResource): Promise<WebhookOutputs | undefined> {
        return await this.#step(resource, { id, url: urlIn(properties) }, async () => {
            const saved = lifecycle.parseSaved(properties);
            const account = this.#accounts.open(saved.account);
            const now = await lifecycle.read(account, id, saved);
            const { url, secretVersion } = now ?? saved;
            // One that is only read (its secrets are not counted) belongs to something else.
            if (resource !== undefined && saved.secretVersion > 0) {
                this.#owners.set(resource.owner, { id, account: saved.account, url, secretVersion, isDeclared: false });
                if (now === undefined) this.#owners.lose(resource.owner);
            }
            this.#noteFamily(id, resource);
            this.#tellOfGone(now === undefined, resource, id);
            if (now !== undefined && now.secretVersion !== saved.secretVersion) {
                this.#rotatedElsewhere.add(id);
                this.#foundSecrets.add(id);
            }
            return now;
        });
    }

    /** A webhook that something else manages. */
    async get(id: string, account: string | undefined): Promise<WebhookOutputs> {
        return await this.#step(undefined, { id }, async () => {
            const outputs = await lifecycle.get(this.#accounts.open(account), id);
            return lifecycle.withoutUndefined({ ...outputs, account });
        });
    }

    /** Whether an update will give the webhook another secret, or may do so. */
    mayRotate({ properties }: Pick<SavedResource, "properties">, inputs: WebhookInputs): boolean {
        const saved = lifecycle.parseSaved(properties);
        const { changes } = lifecycle.diff(saved, inputs);
        return changes.length > 0 || saved.unfinished !== undefined || saved.secret === undefined;
    }

    /** @throws PartialFailure where it is not known whether it was done, or where it was done in part */
    async update(
        resource: Resource,
        { id, properties }: Pick<SavedResource, "id" | "properties">,
        inputs: WebhookInputs,
    ): Promise<WebhookOutputs> {
        return await this.#step(resource, { id, url: inputs.url }, async () => {
            const saved = lifecycle.parseSaved(properties);
            const { url, account, allowDuplicateUrl } = inputs;
            if (allowDuplicateUrl !== true && lifecycle.diff(saved, inputs).changes.includes("url")) {
                const { owner, siblings } = resource;
                const others = this.#owners.declaredFor(url, account, owner, siblings?.family);
                if (others.length > 0) throw lifecycle.declaredTwice(others);
            }
            const has = ({ secret, secretVersion }: WebhookOutputs) => {
                const isOther = secret === undefined || secret !== saved.secret || this.#foundSecrets.has(id);
                const isNew = isOther ? ("secret" as const) : undefined;
                this.#owners.set(resource.owner, { id, account, url, secret, secretVersion, isDeclared: true, isNew });
            };
            try {
                const outputs = await lifecycle.update(this.#accounts.open(saved.account), id, saved, inputs);
                has(outputs);
                return outputs;
            } catch (error) {
                // What it came to is not known, so neither is whether receivers know its secret.
                if (error instanceof lifecycle.PartialFailure) has({ ...error.outputs, secret: undefined });
                throw error;
            }
        });
    }

    async remove({ id, properties, resource }: SavedResource): Promise<void> {
        await this.#step(resource, { id, url: urlIn(properties) }, async () => {
            const saved = lifecycle.parseSaved(properties);
            const { account, url, secretVersion } = saved;
            const before = resource?.owner;
            const owner = before === undefined ? undefined : (this.#renamed.get(`${id} ${before}`) ?? before);
            const family = resource?.siblings?.family;
            // What the program still declares is replaced, as was asked for; else it has been dropped.
            const isReplaced = owner !== undefined && this.#declared.has(owner);
            const isFree = family === undefined || isReplaced || this.#dropsAtOnce.has(this.#owners.familyNow(family));
            const overlap = () =>
                isFree ? undefined : lifecycle.overlapNeeded(this.#owners, id, family, this.#proofs);
            await lifecycle.remove(this.#accounts.open(account), this.#owners, id, { owner, overlap }, saved);
            const holding = owner === undefined ? undefined : this.#owners.get(owner);
            // A replacement may come after the deletion.
            if (owner !== undefined && (holding === undefined || holding.id === undefined || holding.id === id)) {
                this.#owners.set(owner, { id, account, url, secretVersion, isDeclared: false });
                this.#owners.lose(owner);
            }
        });
    }

    #noteFamily(id: string | undefined, resource: Resource | undefined): void {
        if (resource?.siblings === undefined) return;
        const { family, ids } = resource.siblings;
        this.#owners.setFamily(id === undefined ? ids : [...ids, id], family);
    }

    /** Says what an update will do to the secret, in the preview and before the update. */
    #foretell(
        resource: Resource,
        id: string,
        saved: WebhookOutputs,
        inputs: WebhookInputs,
        { changes }: Difference,
    ): void {
        const label = labelOf(resource, { id });
        if (typeof inputs.adopt === "string" && inputs.adopt !== id) {
            this.#tellOnce(
                `${label}: \`adopt: "${inputs.adopt}"\` has no effect: this resource already manages ${id}. To manage ` +
                    `${inputs.adopt}, declare it as another resource`,
            );
        }
        if (saved.unfinished !== undefined) {
            this.#tellOnce(
                `${label}: it is not known whether the last update was done; it is looked for first, and done only if it was not`,
            );
        }
        if (changes.length === 0) return;
        const isOpen = changes.every((name) => lifecycle.hasUnknown(inputs[name]));
        const names = changes.join(" and ");
        this.#tellOnce(
            isOpen
                ? `${label}: its secret will be rotated if ${names} changes, which is not known yet`
                : `${label}: its secret will be rotated by this change of ${names}${this.#wayWithoutLoss(resource, changes)}`,
        );
    }

    /** For a generation there is a way to make a change without losing a delivery. */
    #wayWithoutLoss({ siblings }: Resource, changes: readonly string[]): string {
        const isSetting = changes.includes("url") || changes.includes("enabledEvents");
        return siblings !== undefined && isSetting
            ? "; deliveries are lost until receivers know the new secret. To lose none, add a new name to `generations` in the same change"
            : "";
    }

    /**
     * Says that a new generation has none beside it that receivers can know. Seen only after a refresh of the same run:
     * without one, the host does not tell which generations the state has before it asks to delete them, and in a
     * preview it never does.
     */
    #foretellDrop(resource: Resource, url: unknown): void {
        const { siblings } = resource;
        if (siblings?.isNewest !== true) return;
        const held = this.#owners.heldOf(siblings.family);
        if (held.length === 0 || held.some(({ owner }) => this.#declared.has(owner))) return;
        const ids = held.map(({ id }) => id).join(" and ");
        const label = labelOf(resource, { url });
        this.#tellOnce(
            this.#dropsAtOnce.has(siblings.family)
                ? `${label}: ${ids} will be deleted in the run that registers it, by \`dropAtOnce\`; deliveries are lost until receivers know the new secret`
                : `${label}: no older generation stays beside it. The run that registers it keeps ${ids}, and fails, unless a DeliveryCheck in it ` +
                      "proves that receivers know the new secret. To prevent that, keep the old name in `generations` until they do",
        );
    }

    #warnOfMissingKey(name: unknown): void {
        if (lifecycle.isUnknown(name) || this.#accounts.hasKey(name as string | undefined)) return;
        this.#tellOnce(
            "there is no API key: a preview works without one, `pulumi up` will not. Set captions:apiKey or CAPTIONS_API_KEY",
        );
    }

    /** A refresh with the key of another account finds nothing, and would empty the state. */
    #tellOfGone(isGone: boolean, resource: Resource | undefined, id: string): void {
        if (!isGone) {
            this.#found++;
            return;
        }
        this.#notify(`${labelOf(resource, { id })} no longer exists; the refresh drops it from the state`);
        if (this.#found > 0) return;
        this.#tellOnce(
            "none of the webhooks that were looked up so far exists in this account. If you did not delete them, the API key " +
                "or captions:baseUrl may be those of another account: check them before the next `pulumi up`, which registers them again",
        );
    }

    #tellOnce(line: string): void {
        if (this.#told.has(line)) return;
        this.#told.add(line);
        this.#notify(line);
    }

    /** Runs a step, and has only errors come out that may be shown: each says which webhook it is about. */
    async #step<T>(
        resource: Resource | undefined,
        webhook: { readonly id?: string; readonly url?: unknown },
        run: () => T | Promise<T>,
    ): Promise<T> {
        try {
            return await run();
        } catch (error) {
            throw presentable(error, labelOf(resource, webhook));
        }
    }
}

/** An error whose message says which webhook it is about. It is a new one, as others may wait for the same error. */
class StepError extends CaptionsError {
    override readonly name: string;

    constructor(name: string, message: string) {
        super(message);
        this.name = name;
    }
}

function presentable(error: unknown, label: string): CaptionsError {
    if (error instanceof lifecycle.PartialFailure) {
        return new lifecycle.PartialFailure(error.id, error.outputs, `Webhook ${label}: ${error.message}`);
    }
    if (error instanceof CaptionsError) return new StepError(error.name, `Webhook ${label}: ${error.message}`);
    return unexpected(error);
}

/**
 * A bug of this package. What another library says of it may repeat anything, so only its kind and its place are shown.
 */
export function unexpected(error: unknown): CaptionsError {
    const { name, stack } = error instanceof Error ? error : { name: typeof error, stack: "" };
    const kind = /^\w{1,40}$/.test(name) ? name : "Error";
    // Only in a line that names a place: the message may stand before those.
    const place = /^\s+at .*?([\w-]+\.[jt]s:\d+)/m.exec(stack ?? "")?.[1] ?? "an unknown place";
    return new CaptionsError(
        `Unexpected error in pulumi-captions (this is a bug): ${kind} at ${place}. Please report it as an issue of its repository.`,
    );
}

function labelOf(
    resource: Resource | undefined,
    { id, url }: { readonly id?: string; readonly url?: unknown },
): string {
    const details = [id, typeof url === "string" ? hostOf(url) : undefined].filter((detail) => detail !== undefined);
    if (resource === undefined) {
        const [first = "", second] = details;
        return second === undefined ? first : `${first} (${second})`;
    }
    return details.length === 0 ? `"${resource.name}"` : `"${resource.name}" (${details.join(", ")})`;
}

/** Whether it is a URL, and not one that is still to be known. */
function isDeclaredUrl(url: unknown): url is string {
    return typeof url === "string";
}

function urlIn(properties: unknown): unknown {
    return typeof properties === "object" && properties !== null && "url" in properties ? properties.url : undefined;
}
