import { UsageError } from "../errors";
import { type Command, exit, type Io } from "../io";
import { parseOptions } from "../options";
import { Accounts } from "../provider";
import { stackConfiguration, stackOptions, stackOptionsHelp, stackResources } from "../pulumi";
import { compare, type Stack } from "./compare";
import { report } from "./report";

const help = `Lists the webhooks of an account, without their secrets, and whether a stack
manages them. This is one call of /list. With a stack, it also tells when each
RotatingWebhook with a schedule rotates next.

Usage: pulumi-captions list [options]

  --stack, -s <name>    compare with this stack, and take the API key and base
                        URL from its configuration; can be repeated: then the
                        configuration of the first one is used
${stackOptionsHelp}
  --account <name>      an account of captions:accounts in the configuration of
                        --stack (default: the account of captions:apiKey)
  --base-url <url>      the API's address (default: captions:baseUrl, then
                        CAPTIONS_BASE_URL, then the Captions API)
  --fail-on-orphans     exit code ${exit.orphan} if a webhook looks orphaned
  --json                print the result as JSON

If the stack's configuration has no API key, CAPTIONS_API_KEY is used.

"not in this stack": possibly managed by another stack. "looks orphaned": the
same, but another webhook with its URL is in the stack. Before you delete one,
name every stack that uses the account.

Exit code: 0 success; 1 the list could not be read; 2 wrong usage;
           ${exit.orphan} --fail-on-orphans found a webhook.`;

async function run(argv: readonly string[], io: Io): Promise<number> {
    const { values } = parseOptions(argv, {
        ...stackOptions,
        stack: { ...stackOptions.stack, multiple: true },
        account: { type: "string" },
        "base-url": { type: "string" },
        "fail-on-orphans": { type: "boolean" },
        json: { type: "boolean" },
    });
    const { cwd, pulumi, account } = values;
    const names = [...new Set(values.stack)];
    const [first] = names;
    if (first === undefined) {
        requireStack("--account", account, "accounts are in a stack's configuration (captions:accounts)");
        requireStack("--fail-on-orphans", values["fail-on-orphans"], "only a stack tells what is orphaned");
    }
    const configuration = first === undefined ? undefined : await stackConfiguration({ stack: first, cwd, pulumi }, io);
    const setting = (name: string): string | undefined =>
        name === "baseUrl" && values["base-url"] ? values["base-url"] : configuration?.get(`captions:${name}`);
    // Asked before the API, so that a mistyped stack costs no call.
    const { client } = new Accounts(setting, io.env, (line) => io.err(line)).open(account);
    const stacks: Stack[] = [];
    for (const name of names) {
        stacks.push({ name, resources: await stackResources({ stack: name, cwd, pulumi }, io) });
    }
    const comparison = compare((await client.list()).webhooks, stacks, account);

    io.out(
        values.json
            ? JSON.stringify({ account: account ?? null, stack: first ?? null, stacks: names, ...comparison }, null, 2)
            : report(comparison, names, io),
    );
    const isOrphaned = comparison.webhooks.some(({ standing }) => standing === "looks orphaned");
    return isOrphaned && values["fail-on-orphans"] === true ? exit.orphan : exit.good;
}

function requireStack(option: string, value: unknown, reason: string): void {
    if (value !== undefined) {
        throw new UsageError(`${option} needs --stack: ${reason}.`);
    }
}

export const list: Command = { summary: "list the account's webhooks and whether a stack manages them", help, run };
