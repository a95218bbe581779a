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
import type { Holding, Owners } from "./owners";
import { persists, shownOtherwise } from "./read";
import { alikeUrl, distinctEvents, sameEvents } from "./same";
import { inputsOf, type WebhookInputs, type WebhookOutputs, withoutUndefined } from "./state";
import { leftUnknown } from "./unfinished";
import { bringAbout, changedSettings, missingEvents, tellOtherForm } from "./update";
import { isRejection, PartialFailure, sendOnce } from "./write";

/** The resource that a webhook is made for. What it has already is being replaced. */
export interface NewResource {
    readonly owner: string;
    /** For a generation of a rotating webhook: whose webhooks may be registered on its URL beside it. */
    readonly siblings?: Siblings | undefined;
}

export interface Siblings {
    /** An opaque text that is the same for all generations of one rotating webhook, and in every run. */
    readonly family: string;
    /** The ids of the generations that are older. */
    readonly ids: readonly string[];
    /** How many generations are newer, whose ids cannot be known yet. */
    readonly newer: number;
    /** Whether all others of the program come before it. */
    readonly isNewest?: boolean | undefined;
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
export function create(
    account: Account,
    owners: Owners,
    resource: NewResource,
    inputs: WebhookInputs,
): Promise<Created> {
    // One at a time for a URL, so that whatever appears on it while a response is missing is this one's, or a
    // stranger's.
    return account.inventory.oneAtATime(inputs.url, async () => {
        const listing = await account.inventory.list();
        const found = findOnUrl(listing, owners, resource, inputs);
        const adopted = toAdopt(listing, found, inputs);
        const { url, account: name } = inputs;
        if (adopted !== undefined && owners.isOthers(adopted.id, name, resource.owner)) throw claimedTwice(adopted.id);
        const previous = owners.get(resource.owner);
        const has = (id: string, outputs?: WebhookOutputs) => {
            const { secretVersion, secret } = outputs ?? {};
            owners.set(resource.owner, {
                id,
                account: name,
                url,
                secretVersion,
                secret,
                isDeclared: true,
                isNew: "webhook",
            });
        };
        // Before anything is awaited, so that no other resource adopts it as well.
        if (adopted !== undefined) has(adopted.id);
        try {
            const first = firstVersion(previous);
            const created =
                adopted === undefined
                    ? await registerNew(account, owners, resource, { found, inputs, secretVersion: first })
                    : await adopt(account, adopted, inputs, first);
            has(created.id, created.outputs);
            return created;
        } catch (error) {
            if (error instanceof PartialFailure) {
                has(error.id, error.outputs);
            } else if (previous === undefined) {
                owners.release(resource.owner);
            } else {
                owners.set(resource.owner, previous);
            }
            throw error;
        }
    });
}

/** What is registered on a URL already, and for whom. */
interface FoundOnUrl {
    /** The ids of what other resources of the program declare for it, whether it is there already or not. */
    readonly others: readonly string[];
    /** Of nobody that this run knows of. */
    readonly strangers: readonly RegisteredWebhook[];
    readonly isGeneration: boolean;
    /** How many of the strangers may be siblings whose ids are not known yet. */
    readonly unknownSiblings: number;
    readonly isReplacement: boolean;
    readonly replacedId: string | undefined;
    readonly all: readonly RegisteredWebhook[];
}

function findOnUrl(
    listing: Listing,
    owners: Owners,
    { owner, siblings }: NewResource,
    { url, account }: WebhookInputs,
): FoundOnUrl {
    const all = listing.withUrl(url);
    const isOthers = ({ id }: RegisteredWebhook) => owners.isOthers(id, account, owner);
    const notSiblings = all.filter(({ id }) => siblings === undefined || !owners.isOfFamily(id, siblings.family));
    const holding = owners.get(owner);
    // One that is being moved to another URL in this run leaves this one.
    const declared = owners.declaredFor(url, account, owner, siblings?.family);
    const free = notSiblings.filter((webhook) => !isOthers(webhook));
    // Where the host has told only that there is one to be replaced, it is the only one that there is.
    const isHere = holding !== undefined && !owners.hasMoves;
    const only = isHere && free.length === 1 && alikeUrl(holding.url, url) ? free[0]?.id : undefined;
    const replacedId = holding?.id ?? only;
    return {
        all,
        others: declared,
        strangers: free.filter(({ id }) => id !== replacedId),
        isGeneration: siblings !== undefined,
        unknownSiblings: siblings?.newer ?? 0,
        isReplacement: holding !== undefined,
        replacedId,
    };
}

/** The webhook that `adopt` means; undefined where a new one is to be registered. */
function toAdopt(
    listing: Listing,
    { strangers, unknownSiblings, replacedId }: FoundOnUrl,
    { adopt }: WebhookInputs,
): RegisteredWebhook | undefined {
    if (typeof adopt === "string") {
        // A replacement needs a new webhook, also where the old one was adopted once.
        if (adopt === replacedId) return undefined;
        return listing.get(adopt) ?? nothingToAdopt(adopt, listing.has(adopt));
    }
    if (adopt !== true) return undefined;
    // One that a newer generation has must not be taken from it.
    if (strangers.length > 1 || (strangers.length > 0 && unknownSiblings > 0)) {
        throw new AdoptionError(
            `\`adopt: true\` does not say which webhook is meant: there is ${idsOf(strangers)}. Name the one to adopt by its id; ` +
                "`pulumi-captions list` shows what is known of each.",
        );
    }
    return strangers[0];
}

async function registerNew(
    account: Account,
    owners: Owners,
    { owner }: NewResource,
    {
        found,
        inputs,
        secretVersion,
    }: { readonly found: FoundOnUrl; readonly inputs: WebhookInputs; readonly secretVersion: number },
): Promise<Created> {
    const isDuplicate = found.others.length > 0 || found.strangers.length > found.unknownSiblings;
    if (inputs.allowDuplicateUrl !== true && isDuplicate) throw duplicateUrl(found);
    const wanted = { url: inputs.url, enabledEvents: distinctEvents(inputs.enabledEvents) };
    const webhook = await registerOnce(account, wanted, {
        allowsDuplicate: inputs.allowDuplicateUrl === true,
        isHeld: (id) => owners.isHeld(id, owner),
    }).catch((error: unknown) => {
        // Whether two webhooks may share a URL is not documented: this is how an API would say that they may not.
        throw found.all.length > 0 && isRejection(error) ? rejectedDuplicate(found.all, error) : error;
    });
    const outputs = { ...inputsOf(inputs), secretVersion, changedAt: new Date().toISOString() };
    const secret = webhook.secret ?? (await secretOf(account, webhook, outputs));
    const missing = missingEvents(wanted, webhook);
    if (missing.length > 0) {
        const there = { ...outputs, secret, url: inputs.url, enabledEvents: webhook.enabledEvents };
        const unfinished = leftUnknown(there, inputs, { enabledEvents: wanted.enabledEvents });
        throw new PartialFailure(
            webhook.id,
            { ...outputs, secret, unfinished },
            `${webhook.id} was registered, but the API has left out events: ${missing.join(", ")}. Run \`pulumi up\` again to ` +
                "enable them, which rotates the secret; if this persists, contact Captions support.",
        );
    }
    const shownAs = shownOtherwise(wanted, webhook, secret);
    if (shownAs !== undefined) tellOtherForm(account, webhook.id, Object.keys(shownAs));
    return { id: webhook.id, isAdopted: false, outputs: withoutUndefined({ ...outputs, secret, shownAs }) };
}

/**
 * The number of a new webhook's first secret: it goes on from what the resource had, so that no two of its secrets have
 * the same. Where that is not known, the time in seconds is larger than any count.
 */
function firstVersion(previous: Holding | undefined): number {
    return previous === undefined ? 1 : (previous.secretVersion ?? Math.floor(Date.now() / 1000)) + 1;
}

/**
 * Registers a webhook, once. When the response is lost, it is the one that `/list` shows and that nothing had shown
 * before this call.
 */
async function registerOnce(
    account: Account,
    settings: WebhookSettings,
    { allowsDuplicate, isHeld }: { readonly allowsDuplicate: boolean; readonly isHeld: (id: string) => boolean },
): Promise<RegisteredWebhook> {
    const { client, inventory } = account;
    let before: ReadonlySet<string> = new Set();
    let knowsBefore = false;
    let candidates: readonly RegisteredWebhook[] = [];
    const webhook = await sendOnce<RegisteredWebhook>(account, {
        endpoint: "/register",
        send: () =>
            client.register(settings, () => {
                before = new Set(inventory.knownIds);
                // An older look does not tell enough of what was there before this call to take a webhook over unasked.
                knowsBefore = inventory.isFresh;
            }),
        shows: (listing) => {
            candidates = [...listing.webhooks].filter(
                // One that another resource has may not be shown yet by a `/list` that lags.
                ({ id, url }) => !before.has(id) && !isHeld(id) && alikeUrl(url, settings.url),
            );
            const [only] = candidates;
            const isIt = knowsBefore && candidates.length === 1 && only !== undefined;
            return isIt && sameEvents(only.enabledEvents, settings.enabledEvents) ? only : undefined;
        },
        unseen: () =>
            candidates.length === 0
                ? "`/list` does not show it yet; it may still be registered."
                : `\`/list\` shows ${idsOf(candidates)} on this URL, which may be it or somebody else's.`,
        next: allowsDuplicate
            ? "Look with `pulumi-captions list` whether it is registered before you run `pulumi up` again: with " +
              "`allowDuplicateUrl` that registers another one, unless `adopt` names the one that is there."
            : "Run `pulumi up` again. If the webhook exists, the error will name its id; set `adopt` to that id to take it " +
              "over with its secret.",
    });
    if (before.has(webhook.id) || isHeld(webhook.id)) throw merged(webhook.id);
    inventory.note(webhook);
    return webhook;
}

/** A registered webhook whose secret the response did not show: `/list` may. */
async function secretOf({ inventory }: Account, { id }: RegisteredWebhook, outputs: WebhookOutputs): Promise<string> {
    let failure = "";
    const secret = await inventory
        .lookFor((listing) => listing.get(id)?.secret)
        .catch((error: unknown) => {
            if (!(error instanceof CallError)) throw error;
            // It is registered all the same, and must be saved.
            failure = ` ${error.message}`;
            return undefined;
        });
    if (secret !== undefined) return secret;
    throw new PartialFailure(
        id,
        outputs,
        `${id} was registered, but the API returns no usable secret for it (empty or masked), so none was saved.${failure} ` +
            "Run `pulumi up` again to read it; if this persists, contact Captions support.",
    );
}

async function adopt(
    account: Account,
    webhook: RegisteredWebhook,
    inputs: WebhookInputs,
    secretVersion: number,
): Promise<Created> {
    const { id, secret } = webhook;
    if (secret === undefined) {
        throw new UnusableWebhookError(
            `${id} cannot be adopted: the API returns no usable secret for it (empty or masked). Nothing was changed or ` +
                `saved. ${persists}`,
        );
    }
    const outputs: WebhookOutputs = { ...inputsOf(inputs), secret, secretVersion };
    // Another spelling than the program's is the API's, and no reason to rotate.
    const shown = { ...webhook, url: alikeUrl(webhook.url, inputs.url) ? inputs.url : webhook.url };
    const settings = changedSettings(shown, inputs);
    if (Object.keys(settings).length === 0) return { id, isAdopted: true, outputs };
    const before = { ...outputs, url: shown.url, enabledEvents: webhook.enabledEvents };
    try {
        return { id, isAdopted: true, outputs: await bringAbout(account, id, before, inputs, settings) };
    } catch (error) {
        if (error instanceof PartialFailure || !(error instanceof CaptionsError)) throw error;
        // It is adopted all the same: saved so that the next run looks, and changes it.
        const unfinished = leftUnknown(before, inputs, settings);
        throw new PartialFailure(
            id,
            { ...outputs, unfinished },
            `${id} was adopted, but could not be changed to the url and events of the program. ${error.message}`,
        );
    }
}

function nothingToAdopt(id: string, isRegistered: boolean): never {
    if (isRegistered) {
        throw new UnusableWebhookError(`the API shows ${id} in a form that is not documented. ${persists}`);
    }
    throw new WebhookNotFoundError(
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

function rejectedDuplicate(there: readonly RegisteredWebhook[], error: CallError): DuplicateUrlError {
    return new DuplicateUrlError(
        `${error.message} Nothing was registered. For this URL there is ${idsOf(there)} already, so the API may not allow two ` +
            `webhooks on one URL. ${distinctUrlsHint}`,
    );
}

function duplicateUrl({ others, strangers, isReplacement, replacedId, isGeneration }: FoundOnUrl): DuplicateUrlError {
    if (others.length > 0) {
        return declaredTwice(others);
    }
    const [one] = strangers;
    const adopt = (what: string): string => (isGeneration ? `adopt: { "<generation>": ${what} }` : `adopt: ${what}`);
    const ways = [
        ...(isReplacement && replacedId === undefined
            ? [
                  "This run replaces the resource, and Pulumi has not told which of them it has: run `pulumi up --refresh`, which does.",
              ]
            : []),
        strangers.length > 1
            ? "Find out which of them are needed (`pulumi-captions list`) and delete the others. Then set `adopt` to the id of " +
              "the one to manage here, or `allowDuplicateUrl: true` to register one more."
            : `You can: set \`${adopt(`"${one?.id}"`)}\` to take that webhook over with its secret, without rotating it; set ` +
              `\`${adopt("true")}\` to do so wherever one with this URL exists, and to register a new one otherwise; or set ` +
              "`allowDuplicateUrl: true` to register a second one.",
        ...(isGeneration
            ? [
                  "If it is a generation that this run drops, keep its name in `generations` until every receiver knows the new " +
                      "secret (or run `pulumi up --refresh`, which knows it).",
              ]
            : []),
        ...(isReplacement
            ? []
            : [
                  "If this run replaces the resource (`--replace`, `--target-replace`, `pulumi state taint`), add `--refresh`: only " +
                      "then does Pulumi tell which webhook it has.",
              ]),
    ];
    return new DuplicateUrlError(`for this URL there is ${idsOf(strangers)} already. ${twice} ${ways.join(" ")}`);
}

/** A URL that two resources of one program declare. */
export function declaredTwice(ids: readonly string[]): DuplicateUrlError {
    return new DuplicateUrlError(
        `this URL is declared twice in this program: ${ids.join(" and ")} is declared for it, too. ${twice} Remove one, or set ` +
            "`allowDuplicateUrl: true` on both.",
    );
}

const twice = "Two webhooks on one URL deliver every event twice.";

/** How many webhooks one message names. */
const maxNamed = 5;

function idsOf(webhooks: readonly RegisteredWebhook[]): string {
    const named = webhooks.slice(0, maxNamed).map(({ id }) => id);
    const more = webhooks.length - named.length;
    return [...named, ...(more > 0 ? [`${more} more`] : [])].join(" and ");
}
