import { accountOptions, accountOptionsHelp, requireStack, viewAccount } from "../account";
import { type Command, exit, type Io } from "../io";
import { parseOptions } from "../options";
import { compare } from "./compare";
import { report } from "./report";

const help = `Lists the webhooks of an account, without their secrets, and whether a stack
manages them. This is one call of /list. With a stack, it also tells when each
RotatingWebhook with a schedule rotates next.

Usage: pulumi-captions list [options]

  --stack, -s <name>    compare with this stack, and take the API key and base
                        URL from its configuration; can be repeated: then the
                        configuration of the first one is used
${accountOptionsHelp}
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
        ...accountOptions,
        "fail-on-orphans": { type: "boolean" },
        json: { type: "boolean" },
    });
    const { account } = values;
    if (values.stack === undefined) {
        requireStack("--fail-on-orphans", values["fail-on-orphans"], "only a stack tells what is orphaned");
    }
    const { list, stacks } = await viewAccount(values, io);
    const names = stacks.map(({ name }) => name);
    const comparison = compare(list.webhooks, stacks, account);

    io.out(
        values.json
            ? JSON.stringify(
                  { account: account ?? null, stack: names[0] ?? null, stacks: names, ...comparison },
                  null,
                  2,
              )
            : report(comparison, names, io),
    );
    const isOrphaned = comparison.webhooks.some(({ standing }) => standing === "looks orphaned");
    return isOrphaned && values["fail-on-orphans"] === true ? exit.orphan : exit.good;
}

export const list: Command = { summary: "list the account's webhooks and whether a stack manages them", help, run };
