import type { RegisteredWebhook } from "../provider/api/answers";
import { describeUrl } from "../provider/api/redact";
import { Accounts } from "../provider/configuration";
import { sameUrl } from "../provider/lifecycle/same";
import { type Command, exit, type Io } from "./io";
import { parseOptions } from "./options";
import { paint } from "./paint";
import { type StackResource, stackConfiguration, stackOptions, stackOptionsHelp, stackResources } from "./pulumi";
import { isWebhookType, parseUrn } from "./resources";
import { table } from "./table";

const help = `Shows the webhooks that an account has, without their secrets: one call of
/list.

Usage: pulumi-captions list [options]

  --stack, -s <name>    take key and base URL from this stack's configuration,
                        and say which webhooks are in it
${stackOptionsHelp}
  --account <name>      one of captions:accounts, which --stack's configuration
                        has (default: the account of captions:apiKey)
  --base-url <url>      where the API is (default: captions:baseUrl, else
                        CAPTIONS_BASE_URL, else the real one)
  --fail-on-orphans     exit code 1 where a webhook looks orphaned
  --json                the result as JSON

Without a key in the stack's configuration, CAPTIONS_API_KEY is taken.
What is "not in this stack" may well be in another one; what "looks orphaned"
has, besides, the URL of a webhook that is in this stack.

Exit code: 0 it could be told; 1 it could not, or --fail-on-orphans found
           one; 2 wrong usage.`;

/** How a registered webhook stands to a stack. */
export type Standing = "in this stack" | "read by this stack" | "looks orphaned" | "not in this stack";

export interface ListedWebhook {
    readonly id: string;
    /** Without the query, which may hold a token. */
    readonly url: string;
    readonly enabledEvents: readonly string[];
    /** Only with a stack. */
    readonly standing?: Standing;
    /** The resource's name in the stack. */
    readonly resource?: string;
}

export interface Comparison {
    readonly webhooks: readonly ListedWebhook[];
    /** In the stack, but gone at the API. */
    readonly gone: readonly { readonly id: string; readonly resource: string }[];
}

/** Compares what the API has with what a stack has, if there is one. Only resources of the same account count. */
export function compare(
    registered: readonly RegisteredWebhook[],
    resources: readonly StackResource[] | undefined,
    account: string | undefined,
): Comparison {
    const plain = registered.map(({ id, url, enabledEvents }) => ({ id, url: describeUrl(url), enabledEvents }));
    if (resources === undefined) return { webhooks: plain, gone: [] };

    const ours = resources.filter(
        ({ type, id, outputs }) => isWebhookType(type) && id && (outputs?.account ?? undefined) === account,
    );
    const managed = ours.filter(({ external }) => external !== true);
    const ids = new Set(registered.map(({ id }) => id));
    const managedIds = new Set(managed.map(({ id }) => id));
    const urls = [
        ...managed.map(({ outputs }) => outputs?.url).filter((url) => typeof url === "string"),
        ...registered.filter(({ id }) => managedIds.has(id)).map(({ url }) => url),
    ];
    const standingOf = (id: string, url: string): Pick<ListedWebhook, "standing" | "resource"> => {
        const own = managed.find((resource) => resource.id === id) ?? ours.find((resource) => resource.id === id);
        if (own === undefined) {
            return { standing: urls.some((other) => sameUrl(url, other)) ? "looks orphaned" : "not in this stack" };
        }
        return {
            standing: own.external === true ? "read by this stack" : "in this stack",
            resource: parseUrn(own.urn).name,
        };
    };
    return {
        webhooks: plain.map((webhook, index) => ({
            ...webhook,
            ...standingOf(webhook.id, registered[index]?.url ?? ""),
        })),
        gone: ours
            .filter(({ id }) => id !== undefined && !ids.has(id))
            .map(({ id = "", urn }) => ({ id, resource: parseUrn(urn).name })),
    };
}

async function run(argv: readonly string[], io: Io): Promise<number> {
    const { values } = parseOptions(argv, {
        ...stackOptions,
        account: { type: "string" },
        "base-url": { type: "string" },
        "fail-on-orphans": { type: "boolean" },
        json: { type: "boolean" },
    });
    const { stack, cwd, pulumi, account } = values;
    const choice = stack === undefined ? undefined : { stack, cwd, pulumi };
    const configuration = choice === undefined ? undefined : await stackConfiguration(choice, io);
    const get = (name: string): string | undefined =>
        name === "baseUrl" && values["base-url"] ? values["base-url"] : configuration?.get(`captions:${name}`);
    // Asked before the API, so that a mistyped stack costs no call.
    const { client } = new Accounts(get, io.env, (line) => io.err(line)).ledger(account);
    const resources = choice === undefined ? undefined : await stackResources(choice, io);
    const comparison = compare(await client.list(), resources, account);

    io.out(
        values.json
            ? JSON.stringify({ account: account ?? null, stack: stack ?? null, ...comparison }, null, 2)
            : report(comparison, stack, io),
    );
    const orphaned = comparison.webhooks.some(({ standing }) => standing === "looks orphaned");
    return orphaned && values["fail-on-orphans"] === true ? exit.bad : exit.good;
}

function report({ webhooks, gone }: Comparison, stack: string | undefined, io: Io): string {
    const head = ["id", "url", "events", ...(stack === undefined ? [] : ["stack"])];
    const rows = webhooks.map(({ id, url, enabledEvents, standing, resource }) => [
        id,
        url,
        enabledEvents.join(", "),
        ...(standing === undefined ? [] : [resource === undefined ? standing : `${standing}: ${resource}`]),
    ]);
    const style = (cell: string, row: number): string => {
        if (row < 0) return paint(io, "dim", cell);
        return webhooks[row]?.standing === "looks orphaned" ? paint(io, "yellow", cell) : cell;
    };
    const missing = gone.map(({ id, resource }) =>
        paint(
            io,
            "red",
            `${resource} (${id}) is in the stack, but gone at the API: \`pulumi refresh\`, then \`pulumi up\`.`,
        ),
    );
    const none = "There are no webhooks in this account.";
    return [rows.length === 0 ? none : table(head, rows, io.columns, style), ...missing].join("\n");
}

export const list: Command = { summary: "show the account's webhooks, and how they stand to a stack", help, run };
