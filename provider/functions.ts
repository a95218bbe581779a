import * as pulumi from "@pulumi/pulumi";
import { Accounts } from "./configuration";
import { CaptionsError, messageOf } from "./errors";
import type { Ledger } from "./lifecycle";

/** The argument of the functions that ask the API. */
export interface AccountArgs {
    /** Which of `captions:accounts` to ask. Default: the account of `captions:apiKey`. */
    account?: pulumi.Input<string> | undefined;
}

/** A webhook as the API lists it. */
export interface WebhookInfo {
    readonly id: string;
    readonly url: string;
    readonly enabledEvents: readonly string[];
    /** Empty where the API shows none that can be used. */
    readonly secret: string;
}

/**
 * The names of the events that a webhook can be notified of. One call, at every preview and update.
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions";
 *
 * export const events = captions.getEvents();
 * ```
 */
export function getEvents(args: AccountArgs = {}): pulumi.Output<string[]> {
    return ask(args, async (ledger) => [...(await ledger.client.events())]);
}

/**
 * All webhooks of an account, with their secrets: so the whole of it is a Pulumi secret. One call, at every preview and
 * update.
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions";
 *
 * export const ids = captions.getWebhooks().apply((webhooks) => webhooks.map(({ id }) => id));
 * ```
 */
export function getWebhooks(args: AccountArgs = {}): pulumi.Output<WebhookInfo[]> {
    return pulumi.secret(
        ask(args, async (ledger) =>
            [...(await ledger.list()).values()].map(({ secret, ...webhook }) => ({ ...webhook, secret: secret ?? "" })),
        ),
    );
}

function ask<T>(args: AccountArgs, question: (ledger: Ledger) => Promise<T>): pulumi.Output<T> {
    return pulumi.output(args.account).apply(async (account) => {
        try {
            const accounts = new Accounts((name) => new pulumi.Config("captions").get(name), process.env, notify);
            return await question(accounts.ledger(account));
        } catch (error) {
            // Pulumi prints the stack of any other error.
            throw new pulumi.RunError(
                error instanceof CaptionsError ? `${error.name}: ${error.message}` : messageOf(error),
            );
        }
    }) as pulumi.Output<T>;
}

function notify(line: string): void {
    void pulumi.log.info(`captions: ${line}`);
}
