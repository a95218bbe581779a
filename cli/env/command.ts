import { readFile } from "node:fs/promises";
import { CommandError, UsageError } from "../errors";
import { type Command, exit, type Io, isTerminal } from "../io";
import { parseChoice, parseOptions, required } from "../options";
import { checkPrivateFile, writePrivateFile } from "../private-file";
import { stackOptions, stackOptionsHelp, stackOutputs } from "../pulumi";
import { secretsIn } from "../stack-outputs";
import { withVariable } from "./dotenv";
import { format, formats, secretsValue } from "./formats";

const defaultName = "CAPTIONS_WEBHOOK_SECRETS";

const help = `Writes the secrets that a stack exports as an environment variable for a
receiver, which reads it with secretsFromText of pulumi-captions/receiver.

Usage: pulumi-captions env --stack <name> [options]

  --stack, -s <name>    the stack that exports the secrets
${stackOptionsHelp}
  --output <name>       the output with the secret, or with the list of secrets
                        (default: secrets, else secret)
  --name <name>         the variable (default: ${defaultName})
  --format <format>     dotenv (default), json, or shell: lines to be sourced
  --out <file>          write to this file, which only you may read (mode 600).
                        A dotenv file that exists keeps its other lines
  --force               json, shell: overwrite that file
  --show-secrets        write to the terminal, too

Without --out it writes to a pipe or a redirected output. The API is not called.

Exit code: 0 success; 1 there is no secret, or the file could not be written;
           2 wrong usage.`;

async function run(argv: readonly string[], io: Io): Promise<number> {
    const { values } = parseOptions(argv, {
        ...stackOptions,
        output: { type: "string" },
        name: { type: "string" },
        format: { type: "string" },
        out: { type: "string" },
        force: { type: "boolean" },
        "show-secrets": { type: "boolean" },
    });
    const stack = required(values.stack, "--stack");
    const { cwd, pulumi, out: file, name = defaultName, force = false } = values;
    const as = parseChoice(values.format ?? "dotenv", "--format", formats);
    if (!/^[A-Za-z_]\w*$/.test(name)) {
        throw new UsageError(
            "--name must be the name of a variable: letters, digits and _, and no digit at its beginning.",
        );
    }
    if (force && (file === undefined || as === "dotenv")) {
        throw new UsageError("--force is for --out with --format json or shell.");
    }
    if (file === undefined && isTerminal(io) && values["show-secrets"] !== true) {
        throw new UsageError(
            "On a terminal the secrets would be shown. Write them to a file with --out, into a pipe, or show them with " +
                "--show-secrets.",
        );
    }
    const replaces = as === "dotenv" || force;
    if (file !== undefined) {
        await checkPrivateFile(file, replaces);
    }
    const secrets = secretsIn(await stackOutputs({ stack, cwd, pulumi }, io), values.output);
    const text = format(name, secretsValue(secrets), as);
    if (file === undefined) {
        io.out(text);
        return exit.good;
    }
    const whole = as === "dotenv" ? withVariable(await presentText(file), name, text) : `${text}\n`;
    writePrivateFile(file, whole, replaces);
    const count = secrets.length === 1 ? "one secret" : `${secrets.length} secrets, newest first`;
    io.err(`Wrote ${name} (${count}) to ${file}, which only you may read.`);
    return exit.good;
}

/** What is in a file; nothing where there is none. @throws CommandError */
async function presentText(file: string): Promise<string> {
    try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await readFile(file));
    } catch (error) {
        const { code = "it is not UTF-8" } = error as NodeJS.ErrnoException;
        if (code === "ENOENT") {
            return "";
        }
        const reason = code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "it is not UTF-8" : code;
        throw new CommandError(`Cannot read ${file} to keep its other lines (${reason}). Nothing was written.`);
    }
}

export const env: Command = { summary: "write the secrets that a receiver needs as a variable", help, run };
