import { CommandError, UsageError } from "./errors";
import type { Io } from "./io";
import type { Stack } from "./list/compare";
import { type Account, Accounts, CaptionsError, checkBaseUrl, type WebhookList } from "./provider";
import { stackConfiguration, stackOptions, stackOptionsHelp, stackState } from "./pulumi";

/** The options that say which account, and which stacks to compare it with. */
export const accountOptions = {
    ...stackOptions,
    stack: { ...stackOptions.stack, multiple: true },
    account: { type: "string" },
    "base-url": { type: "string" },
} as const;

export const accountOptionsHelp = `${stackOptionsHelp}
  --account <name>      an account of captions:accounts in the configuration of
                        --stack (default: the account of captions:apiKey)
  --base-url <url>      the API's address (default: captions:baseUrl, then
                        CAPTIONS_BASE_URL, then the Captions API)`;

export interface AccountChoice {
    readonly stack?: readonly string[] | undefined;
    readonly cwd?: string | undefined;
    readonly pulumi?: string | undefined;
    readonly account?: string | undefined;
    readonly "base-url"?: string | undefined;
}

/** What is registered, in one call of `/list`, and what the named stacks have. */
export interface AccountView {
    readonly account: Account;
    readonly list: WebhookList;
    readonly stacks: readonly Stack[];
}

/**
 * Looks at an account and at the stacks that are named. The API key and the base URL are those of the first one's
 * configuration.
 */
export async function viewAccount(choice: AccountChoice, io: Io): Promise<AccountView> {
    const { cwd, pulumi } = choice;
    const baseUrl = choice["base-url"] ? baseUrlFrom(choice["base-url"]) : undefined;
    const names = [...new Set(choice.stack)];
    const [first] = names;
    if (first === undefined) {
        requireStack("--account", choice.account, "accounts are in a stack's configuration (captions:accounts)");
    }
    const configuration = first === undefined ? undefined : await stackConfiguration({ stack: first, cwd, pulumi }, io);
    const setting = (name: string): string | undefined =>
        name === "baseUrl" && baseUrl !== undefined ? baseUrl : configuration?.get(`captions:${name}`);
    // Asked before the API, so that a mistyped stack costs no call.
    const account = new Accounts(setting, io.env, (line) => io.err(line), io.signal).open(choice.account);
    const stacks: Stack[] = [];
    for (const name of names) {
        stacks.push({ name, ...(await stackState({ stack: name, cwd, pulumi }, io)) });
    }
    return { account, list: await account.client.list(), stacks };
}

function baseUrlFrom(option: string): string {
    try {
        return checkBaseUrl(option, "--base-url");
    } catch (error) {
        throw error instanceof CaptionsError ? new UsageError(error.message) : error;
    }
}

/** @throws UsageError where an option is set that has no meaning without --stack */
export function requireStack(option: string, value: unknown, reason: string): void {
    if (value !== undefined) {
        throw new UsageError(`${option} needs --stack: ${reason}.`);
    }
}

/** @throws CommandError where a run of a stack may have registered a webhook that is not in its state yet */
export function requireSettled(stacks: readonly Stack[]): void {
    const pending = stacks.find(({ isPending }) => isPending)?.name;
    if (pending !== undefined) {
        throw new CommandError(
            `A run of the stack ${pending} is under way, or was interrupted, so a webhook may exist that is not in its state ` +
                "yet. Nothing was done. Wait until it has ended, or run `pulumi up` again.",
        );
    }
}
