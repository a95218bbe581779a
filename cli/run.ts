import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { adopt } from "./adopt/command";
import { deliver } from "./deliver/command";
import { dev } from "./dev/command";
import { emulator } from "./emulator";
import { env } from "./env/command";
import { CommandError, UsageError } from "./errors";
import { type Command, exit, type Io } from "./io";
import { list } from "./list/command";
import { nearest } from "./nearest";
import { plan } from "./plan/command";
import { CaptionsError } from "./provider";
import { prune } from "./prune/command";

const commands: Readonly<Record<string, Command>> = { deliver, list, adopt, prune, plan, env, dev, emulator };

const help = `Tools for Captions API webhooks and their receivers, with and without Pulumi.

Usage: pulumi-captions <command> [options]

${Object.entries(commands)
    .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
    .join("\n")}
  ${"help".padEnd(12)}show the help of a command

  --help, -h    show this help, or that of a command
  --version     show the version

Exit codes: 0 success; 1 a check failed, or could not be completed; 2 wrong
            usage; 3 plan --fail-on-rotation; 4 list --fail-on-orphans;
            130 Ctrl-C; dev hands on the exit code of its command.`;

/** Runs the command line. Never rejects. @returns the exit code */
export async function run(argv: readonly string[], io: Io): Promise<number> {
    try {
        return await dispatch(argv, io);
    } catch (error) {
        if (io.signal.aborted) {
            return exit.interrupted;
        }
        io.err(`pulumi-captions: ${explain(error, argv[0])}`);
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
    if (name === "help") {
        return dispatch([rest[0] ?? "", "--help"], io);
    }
    const command = commandNamed(name);
    if (command === undefined) {
        throw unknownCommand(name);
    }
    if (command.help !== "" && asksForHelp(rest)) {
        io.out(command.help);
        return exit.good;
    }
    const running = command.run(rest, io);
    return command.endsByInterrupt ? running : Promise.race([running, interruption(io.signal)]);
}

function commandNamed(name: string): Command | undefined {
    return Object.hasOwn(commands, name) ? commands[name] : undefined;
}

/** Rejects at Ctrl-C, because a call that waits for its turn may take minutes to end by itself. */
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
    return new UsageError(`Unknown command "${name}".${near === undefined ? "" : ` Did you mean "${near}"?`}`);
}

/** One line for the user. Only errors that are known to contain no secret are repeated. */
function explain(error: unknown, name = ""): string {
    if (error instanceof UsageError) {
        const command = commandNamed(name) === undefined ? "" : ` ${name}`;
        return `${error.message} See \`pulumi-captions${command} --help\`.`;
    }
    if (error instanceof CommandError || error instanceof CaptionsError) {
        return error.message;
    }
    const kind = error instanceof Error ? error.name : typeof error;
    const { code } = (error ?? {}) as { code?: unknown };
    return (
        "unexpected error " +
        `(${typeof code === "string" ? `${kind}, ${code}` : kind}). This is a bug: please report it.`
    );
}

/** The nearest package.json above: this file runs from `cli/` as well as from `dist/cli/`. */
function packageVersion(folder = __dirname): string {
    try {
        return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
    } catch {
        return packageVersion(dirname(folder));
    }
}
