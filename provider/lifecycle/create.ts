import type { WebhookSettings } from "../api/client";
import type { RegisteredWebhook } from "../api/responses";
import {
    AdoptionError,
    CallError,
    CaptionsError,
    DuplicateUrlError,
    UnusableWebhookError,
    WebhookNotFoundError,
} from "../errors";
import type { Account } from "./account";
import type { Listing } from "./inventory";
import { persists, shownOtherwise } from "./read";
import { alikeUrl, distinctEvents, sameEvents, sameUrl } from "./same";
import { inputsOf, keepersFingerprint, type WebhookInputs, type WebhookOutputs, withoutUndefined } from "./state";
import { bringAbout, changedSettings, tellOtherForm } from "./update";
import { isRejection, PartialFailure, sendOnce } from "./write";

/** The resource that a webhook is made for. */
export interface NewResource {
    /** An opaque text that is the same in every run, and another one for each resource. */
    readonly owner: string;
    /** For a generation of a rotating webhook: whose webhooks may be registered on its URL beside it. */
    readonly siblings?: Siblings | undefined;
    /** Where this resource had a webhook before, which is being replaced. */
    readonly replaced?: Replaced | undefined;
}

export interface Siblings {
    /** The ids of the generations that are older. */
    readonly ids: readonly string[];
    /** How many generations are newer, whose ids cannot be known yet. */
    readonly newer: number;
}

/** What is known of the webhook that the same resource had before. */
export interface Replaced {
    /** Undefined where the host does not tell which it is; then it is the one on this URL. */
    readonly id?: string | undefined;
    readonly url: string;
    /** Undefined where it is not known: then the new one counts on from the time. */
    readonly secretVersion?: number | undefined;
}

export interface Created {
    readonly id: string;
    readonly isAdopted: boolean;
    readonly outputs: WebhookOutputs;
}

/**
 * Registers a webhook, or adopts the one that `adopt` means. One `/list` before the first of a run; one call each.
 *
 * @throws DuplicateUrlError where the URL has a webhook already
 * @throws AdoptionError, WebhookNotFoundError where `adopt` cannot be done
 * @throws UnknownOutcomeError where it is not known whether `/register` was done; nothing is registered again then
 * @throws PartialFailure where the webhook is there, but not all of it could be done
 */
export async function create(account: Account, resource: NewResource, inputs: WebhookInputs): Promise<Created> {
    // One at a time for a URL, so that whatever appears on it while a response is missing is this one's, or a stranger's.
    return await account.inventory.oneAtATime(inputs.url, async () => {
        const adopted = await findToAdopt(account, resource, inputs);
        return adopted === undefined
            ? await registerNew(account, resource, inputs)
            : await adopt(account, resource, adopted, inputs);
    });
}

/** The webhook that `adopt` means, claimed for this resource. */
async function findToAdopt(
    { inventory, owners }: Account,
    resource: NewResource,
    inputs: WebhookInputs,
): Promise<RegisteredWebhook | undefined> {
    const wanted = inputs.adopt;
    if (wanted === undefined || wanted === false) return undefined;
    const listing = await inventory.list();
    if (typeof wanted === "string") {
        const webhook = listing.get(wanted);
        if (webhook === undefined) throw nothingToAdopt(wanted, listing.has(wanted));
        if (owners.isOthers(wanted, resource.owner)) throw claimedTwice(wanted);
        // A replacement needs a new webhook, also where the old one was adopted once.
        if (isReplaced(resource, webhook, owners.isOwn(wanted, resource.owner))) return undefined;
        owners.declare(wanted, resource.owner);
        return webhook;
    }
    const free = strangersOn(listing, inputs.url, resource, { owners }).filter(
        ({ id }) => !owners.isOthers(id, resource.owner),
    );
    const candidates = withoutReplaced(free, resource);
    if (candidates.length > 1) {
        throw new AdoptionError(
            `\`adopt: true\` fits more than one webhook: ${candidates.map(({ id }) => id).join(", ")}. ` +
                'Name the one to adopt: `adopt: "<id>"`. `pulumi-captions list` shows what is known of each.',
        );
    }
    const [one] = candidates;
    if (one !== undefined) owners.declare(one.id, resource.owner);
    return one;
}

/** The webhooks on a URL that are neither this resource's own (it is being replaced) nor its siblings'. */
function strangersOn(
    listing: Listing,
    url: string,
    { owner, siblings, replaced }: NewResource,
    { owners }: Pick<Account, "owners">,
): readonly RegisteredWebhook[] {
    return listing
        .withUrl(url)
        .filter(({ id }) => id !== replaced?.id && !owners.isOwn(id, owner) && siblings?.ids.includes(id) !== true);
}

/** Leaves out the webhook that is being replaced, where the host does not tell its id and there is only one that it can be. */
function withoutReplaced(
    webhooks: readonly RegisteredWebhook[],
    { replaced }: NewResource,
): readonly RegisteredWebhook[] {
    const [only] = webhooks;
    const isIt = replaced !== undefined && replaced.id === undefined && webhooks.length === 1 && only !== undefined;
    return isIt && sameUrl(only.url, replaced.url) ? [] : webhooks;
}

function isReplaced({ replaced }: NewResource, { id, url }: RegisteredWebhook, isOwn: boolean): boolean {
    if (replaced === undefined) return false;
    return isOwn || (replaced.id === undefined ? sameUrl(url, replaced.url) : id === replaced.id);
}

async function registerNew(account: Account, resource: NewResource, inputs: WebhookInputs): Promise<Created> {
    const { inventory, owners } = account;
    const listing = await inventory.list();
    const existing = strangersOn(listing, inputs.url, resource, account);
    const strangers = withoutReplaced(existing, resource);
    if (inputs.allowDuplicateUrl !== true && strangers.length > (resource.siblings?.newer ?? 0)) {
        throw duplicateUrl(strangers, resource, account);
    }
    const wanted = { url: inputs.url, enabledEvents: distinctEvents(inputs.enabledEvents) };
    const taken = listing.withUrl(inputs.url).map(({ id }) => id);
    const webhook = await registerOnce(account, wanted).catch((error: unknown) => {
        // Whether two webhooks may share a URL is not documented: this is how an API would say that they may not.
        throw taken.length > 0 && isRejection(error) ? rejectedDuplicate(taken, error) : error;
    });
    owners.declare(webhook.id, resource.owner);
    const shownAs = shownOtherwise(wanted, webhook, webhook.secret);
    if (shownAs !== undefined) tellOtherForm(account, webhook.id, shownAs);
    const outputs: WebhookOutputs = withoutUndefined({
        ...inputsOf(inputs),
        secret: webhook.secret,
        secretVersion: firstVersion(resource),
        changedAt: new Date().toISOString(),
        shownAs,
    });
    const whole = webhook.secret === undefined ? await withSecret(account, webhook, outputs) : outputs;
    return { id: webhook.id, isAdopted: false, outputs: whole };
}

/** What the secret of a new webhook is counted from. No two secrets of one resource have the same number. */
function firstVersion({ replaced }: NewResource): number {
    if (replaced === undefined) return 1;
    // Where the old number is not known, the time is larger than any count.
    return replaced.secretVersion === undefined ? Math.floor(Date.now() / 1000) : replaced.secretVersion + 1;
}

/**
 * Registers a webhook, once. When the response is lost, it is the one that `/list` shows and that nothing had shown before
 * this call.
 */
async function registerOnce(account: Account, settings: WebhookSettings): Promise<RegisteredWebhook> {
    const { client, inventory } = account;
    const before = new Set(inventory.knownIds);
    let candidates: readonly RegisteredWebhook[] = [];
    const webhook = await sendOnce<RegisteredWebhook>(account, {
        endpoint: "/register",
        send: () => client.register(settings),
        shows: (listing) => {
            candidates = [...listing.webhooks].filter(({ id, url }) => !before.has(id) && alikeUrl(url, settings.url));
            const [only] = candidates;
            const isIt = candidates.length === 1 && only !== undefined;
            return isIt && sameEvents(only.enabledEvents, settings.enabledEvents) ? only : undefined;
        },
        unseen: () =>
            candidates.length === 0
                ? "`/list` does not show it yet; it may still be registered."
                : `\`/list\` shows ${candidates.map(({ id }) => id).join(", ")} on this URL, which may be it or somebody else's.`,
        next:
            "Run `pulumi up` again. If the webhook exists, the error will name its id; set `adopt` to that id to take it over " +
            "with its secret.",
    });
    if (before.has(webhook.id)) throw merged(webhook.id);
    inventory.note(webhook);
    return webhook;
}

/** A registered webhook whose secret the response did not show: `/list` may. */
async function withSecret(
    { inventory }: Account,
    { id }: RegisteredWebhook,
    outputs: WebhookOutputs,
): Promise<WebhookOutputs> {
    let failure = "";
    const secret = await inventory
        .lookFor((listing) => listing.get(id)?.secret)
        .catch((error: unknown) => {
            if (!(error instanceof CallError)) throw error;
            // It is registered all the same, and must be saved.
            failure = ` ${error.message}`;
            return undefined;
        });
    if (secret !== undefined) return { ...outputs, secret };
    throw new PartialFailure(
        id,
        outputs,
        `${id} was registered, but the API returns no usable secret for it (empty or masked), so none was saved.${failure} ` +
            "Run `pulumi up` again to read it; if this persists, contact Captions support.",
    );
}

async function adopt(
    account: Account,
    resource: NewResource,
    webhook: RegisteredWebhook,
    inputs: WebhookInputs,
): Promise<Created> {
    const { id } = webhook;
    if (webhook.secret === undefined) {
        account.owners.release(id, resource.owner);
        throw new UnusableWebhookError(
            `${id} cannot be adopted: the API returns no usable secret for it (empty or masked). Nothing was changed or ` +
                `saved. ${persists}`,
        );
    }
    const outputs: WebhookOutputs = {
        ...inputsOf(inputs),
        secret: webhook.secret,
        secretVersion: firstVersion(resource),
    };
    const settings = changedSettings(webhook, inputs);
    if (Object.keys(settings).length === 0) return { id, isAdopted: true, outputs };
    const before: WebhookOutputs = { ...outputs, url: webhook.url, enabledEvents: webhook.enabledEvents };
    try {
        return { id, isAdopted: true, outputs: await bringAbout(account, id, before, inputs, settings) };
    } catch (error) {
        if (error instanceof PartialFailure || !(error instanceof CaptionsError)) throw error;
        // It is adopted all the same: saved so that the next run looks, and changes it.
        const unfinished = keepersFingerprint(inputs.rotateWhenChanged, webhook.secret);
        throw new PartialFailure(
            id,
            { ...outputs, unfinished },
            `${id} was adopted, but could not be changed to the url and events of the program. ${error.message}`,
        );
    }
}

function nothingToAdopt(id: string, isRegistered: boolean): WebhookNotFoundError | UnusableWebhookError {
    if (isRegistered) {
        return new UnusableWebhookError(`the API shows ${id} in a form that is not documented. ${persists}`);
    }
    return new WebhookNotFoundError(
        `there is no webhook ${id} in this account. If it has been deleted since it was adopted, remove \`adopt\` from the ` +
            "program to register a new one. Otherwise check the id and the account. Use `adopt: true` to adopt the webhook " +
            "with this URL, or to register a new one if there is none.",
    );
}

/** A webhook that two resources of one program want. */
export function claimedTwice(id: string): AdoptionError {
    return new AdoptionError(
        `${id} is claimed by two resources. A webhook can belong to only one: change \`adopt\` on one of them. If both are ` +
            "already in the state, remove one with `pulumi state delete <urn>` (this does not delete the webhook).",
    );
}

/** What to do about an API that takes only one webhook for a URL. */
const distinctUrlsHint =
    "Give this one a URL of its own (a query is enough); for a RotatingWebhook, `distinctUrls: true` does that.";

function merged(id: string): DuplicateUrlError {
    return new DuplicateUrlError(
        `The API did not register a new webhook but returned ${id}, which exists already: it merges webhooks with one URL. ` +
            `Run \`pulumi refresh\`, because the secret of ${id} may have changed. ${distinctUrlsHint}`,
    );
}

function rejectedDuplicate(ids: readonly string[], error: CallError): DuplicateUrlError {
    const verb = ids.length === 1 ? "is" : "are";
    return new DuplicateUrlError(
        `${error.message} Nothing was registered. ${ids.join(", ")} ${verb} registered for this URL already, so the API may ` +
            `not allow two webhooks on one URL. ${distinctUrlsHint}`,
    );
}

function duplicateUrl(
    strangers: readonly RegisteredWebhook[],
    resource: NewResource,
    { owners }: Account,
): DuplicateUrlError {
    const ids = strangers.map(({ id }) => id);
    const why = "and two webhooks on one URL deliver every event twice.";
    if (ids.every((id) => owners.isOthers(id, resource.owner))) {
        return new DuplicateUrlError(
            `this URL is declared twice in this program (${ids.join(", ")}), ${why} Remove one, or set ` +
                "`allowDuplicateUrl: true` on both.",
        );
    }
    const replacing =
        resource.replaced === undefined
            ? " If you are replacing this resource (`--replace`, `--target-replace`, `pulumi state taint`), add `--refresh`: " +
              "only then does Pulumi tell which webhook it is."
            : "";
    if (ids.length > 1) {
        return new DuplicateUrlError(
            `${ids.join(", ")} are registered for this URL already, ${why} Find out which of them are needed ` +
                "(`pulumi-captions list`), and delete the others; or set `adopt` to the id of the one to manage here, or " +
                `\`allowDuplicateUrl: true\` to register one more.${replacing}`,
        );
    }
    return new DuplicateUrlError(
        `${ids[0]} is registered for this URL already, ${why} You can: set \`adopt: "${ids[0]}"\` to take that webhook over ` +
            "with its secret, without rotating it; set `adopt: true` to do so wherever one with this URL exists, and to " +
            `register a new one otherwise; or set \`allowDuplicateUrl: true\` to register a second one.${replacing}`,
    );
}
