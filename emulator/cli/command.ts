import { parseArgs } from "node:util";
import type { Behaviour } from "../behaviour/behaviour";
import { type Emulator, startEmulator } from "../emulator";
import { EmulatorError } from "../errors";

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
}

const defaultPort = 4010;

const help = `An emulator of the webhooks of the Captions API, with real deliveries and a web page.

Usage: npm run emulator -- [options]

  --port <number>       the port to listen on (default: ${defaultPort}; 0: any free one)
  --host <address>      the address to listen on (default: 127.0.0.1, which only this machine reaches)
  --key <text>          the API key that calls must carry (default: emulator-key)
  --state-file <path>   keep webhooks and videos in this file from one start to the next
  --behaviour <json>    switches, for example '{"listLagMs": 2000, "rateLimit": {"calls": 5, "perSeconds": 60}}'
  --help                show this

Ctrl-C ends it.`;

/**
 * The command line of the emulator: runs until `io.signal` aborts.
 *
 * @param argv the arguments after the command's name
 * @returns the exit code: 0 after it was ended or has shown its help, 1 after a mistake, which is told in one sentence
 */
export async function runEmulatorCommand(argv: readonly string[], io: CommandIo): Promise<number> {
    try {
        const values = parse(argv);
        if (values.help === true) {
            io.out(help);
            return 0;
        }
        const emulator = await startEmulator({
            port: parsePort(values.port),
            log: (line) => io.out(`${new Date().toTimeString().slice(0, 8)}  ${line}`),
            behaviour: parseBehaviour(values.behaviour),
            ...(values.host === undefined ? {} : { host: values.host }),
            ...(values.key === undefined ? {} : { apiKey: values.key }),
            ...(values["state-file"] === undefined ? {} : { stateFile: values["state-file"] }),
        });
        io.out(
            [
                `The emulator's page: ${emulator.url}/`,
                "",
                "For Pulumi, or whatever shall call it:",
                `  export CAPTIONS_BASE_URL=${emulator.baseUrl}`,
                `  export CAPTIONS_API_KEY=${emulator.apiKey}`,
                "",
                "Ctrl-C ends it.",
                "",
            ].join("\n"),
        );
        io.started?.(emulator);
        await aborted(io.signal);
        await emulator.stop();
        return 0;
    } catch (error) {
        if (!(error instanceof EmulatorError)) throw error;
        io.err(error.message);
        return 1;
    }
}

function parse(argv: readonly string[]) {
    try {
        return parseArgs({
            args: [...argv],
            options: {
                port: { type: "string" },
                host: { type: "string" },
                key: { type: "string" },
                "state-file": { type: "string" },
                behaviour: { type: "string" },
                help: { type: "boolean", short: "h" },
            },
        }).values;
    } catch (error) {
        throw new EmulatorError(`${(error as Error).message.split(". ", 1)[0]}. See --help.`);
    }
}

function parsePort(text: string | undefined): number {
    if (text === undefined) return defaultPort;
    const port = Number(text);
    if (/^\d+$/.test(text) && port <= 65_535) return port;
    throw new EmulatorError(`--port takes a number from 0 to 65535, not "${text}".`);
}

function parseBehaviour(text: string | undefined): Partial<Behaviour> {
    if (text === undefined) return {};
    let json: unknown;
    try {
        json = JSON.parse(text);
    } catch {
        throw new EmulatorError("--behaviour takes JSON, for example '{\"listLagMs\": 2000}'.");
    }
    // startEmulator checks the rest.
    return json as Partial<Behaviour>;
}

function aborted(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
    });
}
