import { parseArgs } from "node:util";
import { type Behaviour, changeBehaviour, defaultBehaviour } from "../behaviour/behaviour";
import { nearest } from "../behaviour/nearest";
import { type Emulator, startEmulator } from "../emulator";
import { EmulatorError } from "../errors";
import { shellWord } from "./shell-word";

/** What the command needs of the process it runs in. */
export interface CommandIo {
    /** Prints a line of the result. */
    readonly out: (line: string) => void;
    /** Prints a line about a mistake. */
    readonly err: (line: string) => void;
    /** Ends the emulator: the first Ctrl-C, as a rule. */
    readonly signal: AbortSignal;
    /** Told once it listens. */
    readonly started?: (emulator: Emulator) => void;
    /** Where `CAPTIONS_EMULATOR_KEY` is looked up. Default: nothing is set. */
    readonly env?: Readonly<Record<string, string | undefined>>;
    /** How the command was started, for the help. Default: `pulumi-captions emulator`. */
    readonly invocation?: string;
}

const defaultPort = 4010;
const keyVariable = "CAPTIONS_EMULATOR_KEY";
const exit = { good: 0, failed: 1, usage: 2 } as const;

const help = (
    invocation: string,
): string => `An emulator of the Captions webhooks API, with real deliveries and a web page.

Usage: ${invocation} [options]

  --port <number>       the port to listen on (default: ${defaultPort}; 0: any free one)
  --host <address>      the address to listen on (default: 127.0.0.1, which only this machine can reach)
  --key <text>          the API key that calls must carry, also from the environment variable ${keyVariable}
                        (default: emulator-key; a random one with a --host that other machines can reach)
  --state-file <path>   keep webhooks and videos in this file from one start to the next
  --behaviour <json>    switches, for example '{"listLagMs": 2000, "rateLimit": {"calls": 5, "perSeconds": 60}}';
                        what each does: docs/emulator.md in the repository
  --help, -h            show this

Exit codes: 0 ended by Ctrl-C; 1 it could not start; 2 wrong usage.

The switches with their defaults:
${Object.entries(defaultBehaviour)
    .map(([name, value]) => `  ${name.padEnd(22)}${JSON.stringify(value)}`)
    .join("\n")}`;

const options = {
    port: { type: "string" },
    host: { type: "string" },
    key: { type: "string" },
    "state-file": { type: "string" },
    behaviour: { type: "string" },
    help: { type: "boolean", short: "h" },
} as const;

/** The command line is wrong. */
class UsageError extends Error {}

/**
 * The command line of the emulator: runs until `io.signal` aborts.
 *
 * @param argv the arguments after the command's name
 * @returns the exit code: 0 after it was ended or has shown its help, 1 if it could not start, 2 after wrong usage.
 * Both are told in one line.
 */
export async function runEmulatorCommand(argv: readonly string[], io: CommandIo): Promise<number> {
    try {
        const values = parse(argv);
        if (values.help === true) {
            io.out(help(io.invocation ?? "pulumi-captions emulator"));
            return exit.good;
        }
        const behaviour = parseBehaviour(values.behaviour);
        const apiKey = parseKey(values.key ?? io.env?.[keyVariable]);
        const stateFile = values["state-file"];
        const emulator = await startEmulator({
            port: parsePort(values.port),
            log: (line) => io.out(`${new Date().toTimeString().slice(0, 8)}  ${line}`),
            behaviour,
            ...(values.host === undefined ? {} : { host: values.host }),
            ...(apiKey === undefined ? {} : { apiKey }),
            ...(stateFile === undefined ? {} : { stateFile }),
        });
        io.out(greeting(emulator, stateFile));
        io.started?.(emulator);
        await aborted(io.signal);
        await emulator.stop();
        return exit.good;
    } catch (error) {
        if (!(error instanceof EmulatorError || error instanceof UsageError)) throw error;
        const isUsage = error instanceof UsageError;
        io.err(`pulumi-captions emulator: ${error.message}${isUsage ? " (--help shows how it is used)" : ""}`);
        return isUsage ? exit.usage : exit.failed;
    }
}

function greeting({ pageUrl, baseUrl, apiKey }: Emulator, stateFile: string | undefined): string {
    return [
        `The emulator's page: ${pageUrl}`,
        "",
        "For Pulumi, or any other client:",
        `  export CAPTIONS_BASE_URL=${shellWord(baseUrl)}`,
        `  export CAPTIONS_API_KEY=${shellWord(apiKey)}`,
        "",
        stateFile === undefined
            ? "Webhooks and videos are in memory only, and lost when it ends; --state-file keeps them."
            : `Webhooks and videos are kept in ${stateFile}.`,
        "Ctrl-C ends it.",
        "",
    ].join("\n");
}

function parse(argv: readonly string[]) {
    try {
        return parseArgs({ args: [...argv], options }).values;
    } catch (error) {
        const message = (error as Error).message.split(/\. |\n/, 1)[0] ?? "";
        const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
        if (unknown === undefined) throw new UsageError(`${message.replace(/\.$/, "")}.`);
        const near = nearest(unknown.replace(/^-+/, ""), Object.keys(options));
        throw new UsageError(`There is no option ${unknown}${near === undefined ? "." : `; did you mean --${near}?`}`);
    }
}

function parsePort(text: string | undefined): number {
    if (text === undefined) return defaultPort;
    const port = Number(text);
    if (/^\d+$/.test(text) && port <= 65_535) return port;
    throw new UsageError(`--port takes a number from 0 to 65535, not "${text}".`);
}

/** Anything else cannot be sent in a header as it is, so that no call would ever be let in. */
function parseKey(text: string | undefined): string | undefined {
    if (text === undefined || /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text)) return text;
    throw new UsageError("The API key must be printable ASCII characters, without a space at either end.");
}

function parseBehaviour(text: string | undefined): Partial<Behaviour> {
    if (text === undefined) return {};
    try {
        const change: unknown = JSON.parse(text);
        changeBehaviour(defaultBehaviour, change);
        return change as Partial<Behaviour>;
    } catch (error) {
        if (error instanceof EmulatorError) throw new UsageError(`--behaviour: ${error.message}`);
        throw new UsageError("--behaviour takes JSON, for example '{\"listLagMs\": 2000}'.");
    }
}

function aborted(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
    });
}
