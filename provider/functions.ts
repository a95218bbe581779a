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

function ask<T>({ account }: AccountArgs, question: (ledger: Ledger) => Promise<T>): pulumi.Output<T> {
    const answer = async (name: string | undefined): Promise<T> => {
        try {
            const accounts = new Accounts((key) => new pulumi.Config("captions").get(key), process.env, notify);
            return await question(accounts.ledger(name));
        } catch (error) {
            // Pulumi prints the stack of any other error.
            throw new pulumi.RunError(
                error instanceof CaptionsError ? `${error.name}: ${error.message}` : messageOf(error),
            );
        }
    };
    // An error that is thrown within `apply` keeps Pulumi's Node.js SDK (3.270) busy for half a minute.
    const known = pulumi.Output.isInstance(account) ? undefined : Promise.resolve(account).then(answer);
    return (known === undefined ? pulumi.output(account).apply(answer) : pulumi.output(known)) as pulumi.Output<T>;
}

function notify(line: string): void {
    void pulumi.log.info(`captions: ${line}`);
}
