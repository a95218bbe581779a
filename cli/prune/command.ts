import { shellWord } from "../../emulator/cli/shell-word";
import { type AccountChoice, accountOptions, accountOptionsHelp, requireSettled, viewAccount } from "../account";
import { UsageError } from "../errors";
import { type Command, exit, type Io } from "../io";
import { compare, type ListedWebhook } from "../list/compare";
import { parseOptions } from "../options";
import { type Account, CaptionsError, Owners, remove } from "../provider";
import { table } from "../table";
import { printable } from "../text";
import { orphansIn, select } from "./select";

/** More than one account can have. */
const mostIds = 10_000;

const help = `Deletes webhooks that look orphaned, as \`list\` calls them: no named stack
manages them, but one of them manages another webhook with the same URL, so that
each event is delivered there twice. Without --yes it only shows them.

Usage: pulumi-captions prune --stack <name> … [options]
       pulumi-captions prune --stack <name> … [options] --yes <id> …

  --stack, -s <name>    a stack that uses the account; can be repeated: name all
                        of them, as what another stack manages may look
                        orphaned. API key and base URL are the first one's
${accountOptionsHelp}
  --yes                 delete the webhooks whose ids follow, and no others
  --json                print the result as JSON

An id that a named stack manages or reads, or that does not look orphaned, is
refused; then nothing is deleted. One that is no longer registered counts as
deleted.
This is one call of /list, and one of /delete for each webhook.

Exit code: 0 success; 1 ids were refused, or a webhook could not be deleted;
           2 wrong usage.`;

const notRegistered = "not registered: already gone, or mistyped";

interface Outcome {
    readonly id: string;
    readonly outcome: "deleted" | "not registered" | "failed";
    readonly reason?: string;
}

async function run(argv: readonly string[], io: Io): Promise<number> {
    const options = { ...accountOptions, yes: { type: "boolean" }, json: { type: "boolean" } } as const;
    const { values, positionals: ids } = parseOptions(argv, options, mostIds);
    const { yes: deletes = false, json = false, ...choice } = values;
    if (choice.stack === undefined) {
        throw new UsageError("--stack is required: only the stacks that use the account tell what is orphaned.");
    }
    if (deletes && ids.length === 0) {
        throw new UsageError("--yes needs the ids of the webhooks to delete. Without it, prune shows them.");
    }
    const { account, list, stacks } = await viewAccount(choice, io);
    if (deletes) {
        requireSettled(stacks);
    }
    const comparison = compare(list.webhooks, stacks, choice.account);
    const { orphans, gone, refusals } =
        ids.length === 0 ? { orphans: orphansIn(comparison), gone: [], refusals: [] } : select(ids, comparison, list);
    const isRefused = refusals.length > 0;
    const outcomes: Outcome[] = [];
    const note = (outcome: Outcome): void => {
        outcomes.push(outcome);
        // At once: what is done stays done, whatever ends this run.
        if (!json) {
            io.out(describe(outcome));
        }
    };
    if (deletes && !isRefused) {
        for (const id of gone) {
            note({ id, outcome: "not registered" });
        }
        for (const { id } of orphans) {
            note(await deleteOne(account, id, io));
        }
    }
    if (json) {
        const { account: name = null, stack: names } = choice;
        io.out(JSON.stringify({ account: name, stacks: names, orphans, gone, refusals, outcomes }, null, 2));
    } else {
        for (const refused of refusals) {
            io.err(`Refused: ${refused}`);
        }
        if (isRefused) {
            io.err("Nothing was deleted.");
        } else if (!deletes) {
            io.out(show(orphans, gone, choice, io));
        }
    }
    return isRefused || outcomes.some(({ outcome }) => outcome === "failed") ? exit.bad : exit.good;
}

/** One webhook; what becomes of it hides nothing of the others. */
async function deleteOne(account: Account, id: string, { err, signal }: Io): Promise<Outcome> {
    signal.throwIfAborted();
    const saved = { url: "", enabledEvents: [], secretVersion: 1 };
    const tell = (): void => err(`${printable(id)}: it is not known whether it was deleted. Run the command again.`);
    signal.addEventListener("abort", tell);
    try {
        await remove(account, new Owners(), id, { owner: undefined, overlap: () => undefined }, saved);
        return { id, outcome: "deleted" };
    } catch (error) {
        if (!(error instanceof CaptionsError)) {
            throw error;
        }
        return { id, outcome: "failed", reason: error.message };
    } finally {
        signal.removeEventListener("abort", tell);
    }
}

function describe({ id, outcome, reason }: Outcome): string {
    const name = printable(id);
    switch (outcome) {
        case "deleted":
            return `${name}: deleted`;
        case "not registered":
            return `${name}: ${notRegistered}`;
        case "failed":
            return `${name}: not deleted. ${reason}`;
    }
}

function show(orphans: readonly ListedWebhook[], gone: readonly string[], choice: AccountChoice, io: Io): string {
    const missing = gone.map((id) => `${printable(id)}: ${notRegistered}`);
    if (orphans.length === 0) {
        return [...missing, "No webhook looks orphaned, so there is nothing to delete."].join("\n");
    }
    const rows = orphans.map(({ id, url, enabledEvents }) => [printable(id), url, printable(enabledEvents.join(", "))]);
    return [
        table(["id", "url", "events"], rows, io.columns),
        ...missing,
        "Nothing was deleted. If every stack that uses the account is named, this deletes them:",
        `  ${commandFor(orphans, choice)}`,
    ].join("\n");
}

/** The command that deletes what is shown. */
function commandFor(orphans: readonly ListedWebhook[], choice: AccountChoice): string {
    const named = (["cwd", "pulumi", "account", "base-url"] as const).flatMap((name) =>
        choice[name] === undefined ? [] : [`--${name}`, choice[name]],
    );
    const stacks = (choice.stack ?? []).flatMap((name) => ["--stack", name]);
    const ids = orphans.map(({ id }) => printable(id));
    const end = ids.some((id) => id.startsWith("-")) ? ["--"] : [];
    return ["npx", "pulumi-captions", "prune", ...stacks, ...named, "--yes", ...end, ...ids].map(shellWord).join(" ");
}

export const prune: Command = { summary: "delete webhooks that look orphaned, one by one", help, run };
