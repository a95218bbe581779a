import * as pulumi from "@pulumi/pulumi";
import { Accounts } from "../configuration";
import { CaptionsError } from "../errors";
import type { Account } from "../lifecycle";
import { unexpected } from "../session";

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
 * The names of the events that a webhook can be notified of. One call, at every preview and update. Under
 * `pulumi.runtime.setMocks` the mocks' `call` answers `captions:index:getEvents` with `{ events }`.
 *
 * @example
 * ```ts
 * import * as captions from "pulumi-captions";
 *
 * export const events = captions.getEvents();
 * ```
 */
export function getEvents(args: AccountArgs = {}): pulumi.Output<string[]> {
    return ask("captions:index:getEvents", "events", args, async ({ inventory }) => [...(await inventory.events())]);
}

/**
 * All webhooks of an account, with their secrets: so the whole of it is a Pulumi secret. One call, at every preview and
 * update. Under `pulumi.runtime.setMocks` the mocks' `call` answers `captions:index:getWebhooks` with `{ webhooks }`.
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
        ask("captions:index:getWebhooks", "webhooks", args, async ({ inventory }) =>
            [...(await inventory.list()).webhooks].map(({ secret, ...webhook }) => ({
                ...webhook,
                secret: secret ?? "",
            })),
        ),
    );
}

function ask<T>(
    token: string,
    field: string,
    args: AccountArgs,
    question: (account: Account) => Promise<T>,
): pulumi.Output<T> {
    const { account } = args ?? {};
    const answer = async (name: string | undefined): Promise<T> => {
        if (!pulumi.runtime.hasMonitor()) {
            throw new pulumi.RunError(`${token} can be called only in a program that Pulumi runs, or under mocks.`);
        }
        // In a user's unit test the mocks answer, whatever key the environment has.
        if (isMocked()) return (await pulumi.runtime.invoke(token, { account: name }))[field];
        try {
            const accounts = new Accounts((key) => new pulumi.Config("captions").get(key), process.env, notify);
            return await question(accounts.open(name));
        } catch (error) {
            const { name: kind, message } = error instanceof CaptionsError ? error : unexpected(error);
            // Pulumi prints the stack of any other error.
            throw new pulumi.RunError(`${kind}: ${message}`);
        }
    };
    // An error that is thrown within `apply` keeps Pulumi's Node.js SDK (3.270) busy for half a minute.
    const known = pulumi.Output.isInstance(account) ? undefined : Promise.resolve(account).then(answer);
    return (known === undefined ? pulumi.output(account).apply(answer) : pulumi.output(known)) as pulumi.Output<T>;
}

function isMocked(): boolean {
    const monitor: object | undefined = pulumi.runtime.getMonitor();
    return monitor !== undefined && "mocks" in monitor;
}

function notify(line: string): void {
    void pulumi.log.info(`captions: ${line}`);
}
