import { accountOptions, accountOptionsHelp, requireSettled, viewAccount } from "../account";
import { UsageError } from "../errors";
import { type Command, exit, type Io, isTerminal } from "../io";
import { parseChoice, parseOptions } from "../options";
import { checkPrivateFile, writePrivateFile } from "../private-file";
import { type Adoptable, choose } from "./choose";
import { toImportFile } from "./import-file";
import { remarks, report, toJson } from "./report";
import { toTypeScript } from "./typescript";
import { toYaml } from "./yaml";

const help = `Writes a program for the webhooks that are registered and in no stack, so that
Pulumi takes them over with their secrets. This is one call of /list; the
\`pulumi up\` that follows changes nothing at the API.

Usage: pulumi-captions adopt [--stack <name> …] [options]

  --stack, -s <name>    leave out what this stack manages, and take the API key
                        and base URL from its configuration; can be repeated:
                        name every stack that uses the account
  --format <format>     typescript (default), yaml, or import: a file for
                        \`pulumi import --file\`
  --native              typescript: for the plugin, pulumi-captions/native
  --resources-only      yaml: only \`resources:\`, for a program that exists
  --out <file>          write to this file, which only you may read (mode 600)
  --force               overwrite that file
  --show-urls           write to the terminal, too
${accountOptionsHelp}
  --json                list the webhooks as JSON, and write no program

Resources are named after the words of their URLs. The program contains the URLs
in full, and many services have a token in theirs: without --out it is written
to a pipe or a redirected output, and to a terminal only with --show-urls. The
list that is shown instead has only the hosts. If a URL looks as if it contained
a token, a comment in the program says how to keep it in the configuration.

Left out, with the reason: webhooks that look orphaned, as they deliver every
event twice, those that a named stack only reads, and those that a program
cannot declare.

Exit code: 0 success, also if there is nothing to adopt; 1 the list could not be
           read, or the file not written; 2 wrong usage.`;

const formats = ["typescript", "yaml", "import"] as const;
type Format = (typeof formats)[number];

interface Choices {
    readonly format: Format;
    readonly isNative: boolean;
    readonly resourcesOnly: boolean;
    readonly account: string | undefined;
}

async function run(argv: readonly string[], io: Io): Promise<number> {
    const { values } = parseOptions(argv, {
        ...accountOptions,
        format: { type: "string" },
        native: { type: "boolean" },
        "resources-only": { type: "boolean" },
        out: { type: "string" },
        force: { type: "boolean" },
        "show-urls": { type: "boolean" },
        json: { type: "boolean" },
    });
    const { account, out: file, force = false, json = false, "show-urls": showsUrls = false } = values;
    const format = parseChoice(values.format ?? "typescript", "--format", formats);
    const choices = {
        format,
        isNative: values.native === true,
        resourcesOnly: values["resources-only"] === true,
        account,
    };
    checkUsage(choices, { file, force, json, showsUrls });
    if (file !== undefined) {
        await checkPrivateFile(file, force);
    }

    const { list, stacks } = await viewAccount(values, io);
    requireSettled(stacks);
    const names = stacks.map(({ name }) => name);
    const choice = await choose(list, stacks, account);
    const { webhooks } = choice;
    if (json) {
        io.out(toJson(choice, { account, stacks: names }));
        return exit.good;
    }
    for (const line of remarks(choice, names)) {
        io.err(line);
    }
    if (webhooks.length === 0) {
        io.err("There is nothing to adopt, so nothing was written.");
        return exit.good;
    }
    const text = render(webhooks, choices);
    if (file !== undefined) {
        writePrivateFile(file, text, force);
        io.out(report(webhooks, io));
        io.err(`Wrote ${file}. ${nextStep(choices, file)}`);
    } else if (format === "import" || showsUrls || !isTerminal(io)) {
        io.out(text.trimEnd());
        io.err(nextStep(choices, "<file>"));
    } else {
        io.out(report(webhooks, io));
        io.err(
            "Nothing was written: the program contains the URLs in full, and a path or a query may contain a token. Write it " +
                "to a file with --out, or show it here with --show-urls.",
        );
    }
    return exit.good;
}

interface Destination {
    readonly file: string | undefined;
    readonly force: boolean;
    readonly json: boolean;
    readonly showsUrls: boolean;
}

function checkUsage({ format, isNative, resourcesOnly, account }: Choices, destination: Destination): void {
    const { file, force, json, showsUrls } = destination;
    if (isNative && format !== "typescript") {
        throw new UsageError(`--native is for --format typescript; --format ${format} is always for the plugin.`);
    }
    if (resourcesOnly && format !== "yaml") {
        throw new UsageError("--resources-only needs --format yaml.");
    }
    if (account !== undefined && (isNative || format !== "typescript")) {
        throw new UsageError(
            "--account is for programs of the dynamic provider. With the plugin an account is a provider: give its key in " +
                "CAPTIONS_API_KEY instead, and name the provider in the resources.",
        );
    }
    if (force && file === undefined) {
        throw new UsageError("--force needs --out.");
    }
    if (json && (file !== undefined || showsUrls)) {
        throw new UsageError("--json writes no program: leave out --out and --show-urls.");
    }
}

function render(webhooks: readonly Adoptable[], { format, isNative, resourcesOnly, account }: Choices): string {
    switch (format) {
        case "typescript":
            return toTypeScript(webhooks, { isNative, account });
        case "yaml":
            return toYaml(webhooks, { resourcesOnly });
        case "import":
            return toImportFile(webhooks);
    }
}

function nextStep({ format, isNative }: Choices, file: string): string {
    if (format === "import") {
        return (
            `Next: \`pulumi import --file ${file} --protect=false --generate-code=false\`, then declare the webhooks under ` +
            "the same names, as --format yaml and --native do."
        );
    }
    const outcome = format === "yaml" || isNative ? "is rejected" : "is changed back, which rotates its secret";
    const include = format === "typescript" ? "import it in your program, unless it is the main file; then " : "";
    return (
        "The program contains the URLs in full, including any tokens: review it before you commit it. Next: " +
        `${include}\`pulumi preview\`, then \`pulumi up\`. A webhook that somebody changes at the API before that ${outcome}.`
    );
}

export const adopt: Command = { summary: "write a program that takes over webhooks in no stack", help, run };
