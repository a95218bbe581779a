import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CaptionsError } from "../provider/errors";
import { deliver } from "./deliver";
import { emulator } from "./emulator";
import { CommandError, UsageError } from "./errors";
import { type Command, exit, type Io } from "./io";
import { list } from "./list";
import { nearest } from "./nearest";
import { plan } from "./plan";

const commands: Readonly<Record<string, Command>> = { deliver, list, plan, emulator };

const help = `The webhooks of the Captions API, beside what Pulumi does with them.

Usage: pulumi-captions <command> [options]

${Object.entries(commands)
    .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
    .join("\n")}
  ${"help".padEnd(12)}show the help of a command

  --help, -h    show this, or the command's help
  --version     show the version

Exit codes: 0 as it should be; 1 not as it should be, or it could not be told;
            2 wrong usage; 3 plan --fail-on-rotation; 130 Ctrl-C.`;

/** Runs the command line to its end, whatever that is. @returns the exit code */
export async function run(argv: readonly string[], io: Io): Promise<number> {
    try {
        return await dispatch(argv, io);
    } catch (error) {
        if (io.signal.aborted) return exit.interrupted;
        io.err(`pulumi-captions: ${explain(error)}`);
        return error instanceof UsageError ? exit.usage : exit.bad;
    }
}

async function dispatch([name, ...rest]: readonly string[], io: Io): Promise<number> {
    if (name === undefined) {
        io.err(help);
        return exit.usage;
    }
    if (name === "--version" || name === "-v" || name === "version") {
        io.out(packageVersion());
        return exit.good;
    }
    if (name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) {
        io.out(help);
        return exit.good;
    }
    if (name === "help") return dispatch([rest[0] ?? "", "--help"], io);
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw unknownCommand(name);
    if (command.help !== "" && asksForHelp(rest)) {
        io.out(command.help);
        return exit.good;
    }
    const running = command.run(rest, io);
    return command.endsByInterrupt ? running : Promise.race([running, interruption(io.signal)]);
}

/** Rejects at Ctrl-C, as a call that waits for its turn does not end by itself for minutes. */
function interruption(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
}

function asksForHelp(argv: readonly string[]): boolean {
    const end = argv.indexOf("--");
    return argv.slice(0, end < 0 ? argv.length : end).some((word) => word === "--help" || word === "-h");
}

function unknownCommand(name: string): UsageError {
    const near = nearest(name, [...Object.keys(commands), "help"]);
    const meant = near === undefined ? "See pulumi-captions --help." : `Did you mean "${near}"?`;
    return new UsageError(`There is no command "${name}". ${meant}`);
}

/** One sentence for the user. Only errors that are known to hold no secret are repeated. */
function explain(error: unknown): string {
    if (error instanceof UsageError) return `${error.message} (--help shows how it is used)`;
    if (error instanceof CommandError || error instanceof CaptionsError) return error.message;
    const kind = error instanceof Error ? error.name : typeof error;
    const { code } = (error ?? {}) as { code?: unknown };
    return `this failed in a way that it should not (${typeof code === "string" ? `${kind}, ${code}` : kind}). Please report it.`;
}

/** The nearest package.json above: this file runs from `cli/` as well as from `dist/cli/`. */
function packageVersion(folder = __dirname): string {
    try {
        return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
    } catch {
        return packageVersion(dirname(folder));
    }
}
