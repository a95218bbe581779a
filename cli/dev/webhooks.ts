import { CommandError } from "../errors";
import {
    type Account,
    CallError,
    CaptionsError,
    Owners,
    type RegisteredWebhook,
    remove,
    sameEvents,
    sendOnce,
} from "../provider";
import { printable } from "../text";
import type { AccountKey, Ledger, LedgerEntry } from "./ledger";

/** A webhook that this run has registered. */
interface DevWebhook {
    readonly id: string;
    readonly secret: string;
}

export interface Registrar {
    /** An account that makes no more calls once the signal is aborted. */
    readonly open: (signal?: AbortSignal) => Account;
    readonly signal: AbortSignal;
    readonly ledger: Ledger;
    readonly key: AccountKey;
}

interface DevSettings {
    readonly url: string;
    readonly enabledEvents: readonly string[];
}

/** A call whose response was lost may be done later, but not after this. */
const latestMs = 24 * 60 * 60 * 1000;

const nextRun = "The next run of `pulumi-captions dev` with this API key deletes it, if it exists.";

/**
 * Registers a webhook, and deletes it when `use` has ended.
 *
 * @throws CaptionsError, CommandError where it cannot be registered, and whatever `use` throws
 */
export async function withWebhook<T>(
    { open, signal, ledger, key }: Registrar,
    settings: DevSettings,
    use: (webhook: DevWebhook) => Promise<T>,
): Promise<T> {
    const entry = ledger.add(key);
    const registeredAt = Date.now();
    let webhook: DevWebhook | undefined;
    try {
        webhook = await register(open(signal), ledger, entry, settings);
        return await use(webhook);
    } finally {
        // Whatever has ended it must not keep the webhook from being deleted.
        const account = open();
        if (webhook === undefined) {
            await removeLeftovers(account, ledger, ledger.has(entry) ? [entry] : []).catch((error: unknown) => {
                account.notify(`it is not certain that nothing is left over.${reasonOf(error)} ${nextRun}`);
            });
        } else if (await removeOne(account, webhook.id, registeredAt)) {
            ledger.remove(entry);
        }
    }
}

/** The URL to register: its query says whose webhook it is, and receivers ignore it. */
function markedUrl(url: string, { nonce }: LedgerEntry): string {
    return `${url}${url.includes("?") ? "&" : "?"}captions-dev=${nonce}`;
}

function isOf({ nonce }: LedgerEntry): (webhook: RegisteredWebhook) => boolean {
    // In whatever spelling the API shows the URL.
    return ({ url }) => url.toLowerCase().includes(nonce);
}

/**
 * Registers the webhook of an entry, once. When its response is lost, it is the one that `/list` shows with the entry's
 * nonce.
 *
 * @throws CaptionsError, CommandError
 */
async function register(
    account: Account,
    ledger: Ledger,
    entry: LedgerEntry,
    { url, enabledEvents }: DevSettings,
): Promise<DevWebhook> {
    const { client, inventory } = account;
    const settings = { url: markedUrl(url, entry), enabledEvents };
    const webhook = await sendOnce<RegisteredWebhook>(account, {
        endpoint: "/register",
        send: () => client.register(settings),
        shows: (listing) => [...listing.webhooks].find(isOf(entry)),
        unseen: () => "`/list` does not show the webhook (yet).",
        next: nextRun,
    }).catch((error: unknown) => {
        // Certain to have done nothing.
        if (error instanceof CallError) {
            ledger.remove(entry);
        }
        throw error;
    });
    const id = printable(webhook.id);
    if (!isOf(entry)(webhook)) {
        throw new CommandError(
            `The API returned ${id} without the query \`captions-dev=…\`, by which \`dev\` knows its own webhooks, so it was left ` +
                "alone. Look with `pulumi-captions list` whether it is a new one, and delete it if so.",
        );
    }
    if (!sameEvents(webhook.enabledEvents, enabledEvents)) {
        account.notify(`the API has enabled other events for ${id}: ${printable(webhook.enabledEvents.join(", "))}`);
    }
    const secret = webhook.secret ?? (await inventory.lookFor((listing) => listing.get(webhook.id)?.secret));
    if (secret === undefined) {
        throw new CommandError(`The API returns no usable secret for ${id} (empty or masked).`);
    }
    return { id: webhook.id, secret };
}

/**
 * Deletes the webhooks of entries, as `/list` shows them: no other has an entry's nonce in its URL. An entry stays
 * until its webhook is deleted, or can no longer appear.
 */
export async function removeLeftovers(
    account: Account,
    ledger: Ledger,
    entries: readonly LedgerEntry[],
): Promise<void> {
    if (entries.length === 0) {
        return;
    }
    const { webhooks } = await account.inventory.list();
    const all = [...webhooks];
    for (const entry of entries) {
        const own = all.filter(isOf(entry));
        let left = own.length;
        for (const { id } of own) {
            if (await removeOne(account, id)) {
                left--;
                account.notify(`deleted ${printable(id)}, a webhook of \`dev\` that was left over`);
            }
        }
        const isOver = own.length > 0 || Date.now() - entry.createdAt > latestMs;
        if (left === 0 && isOver) {
            ledger.remove(entry);
        }
    }
}

/** Deletes a webhook that is known to be our own; a failure is told. @returns whether it is gone */
async function removeOne(account: Account, id: string, registeredAt?: number): Promise<boolean> {
    // A webhook that was registered a moment ago may only not be shown yet.
    const changedAt = registeredAt === undefined ? {} : { changedAt: new Date(registeredAt).toISOString() };
    const saved = { url: "", enabledEvents: [], secretVersion: 1, ...changedAt };
    try {
        await remove(account, new Owners(), id, { owner: undefined, overlap: () => undefined }, saved);
        return true;
    } catch (error) {
        if (!(error instanceof CaptionsError)) {
            throw error;
        }
        account.notify(`it is not certain that ${printable(id)} is deleted.${reasonOf(error)} ${nextRun}`);
        return false;
    }
}

/** Others advise what to do in a Pulumi program. */
function reasonOf(error: unknown): string {
    return error instanceof CallError ? ` ${error.message}` : "";
}
