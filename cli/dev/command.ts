import type { Emulator } from "../../emulator";
import { describeUrl } from "../../probe";
import { CommandError, UsageError } from "../errors";
import { type Command, exit, type Io, signalOf } from "../io";
import { type Account, Accounts, check, defaultBaseUrl } from "../provider";
import { printable } from "../text";
import { exitCodeOf, startChild } from "./child";
import { type AccountKey, Ledger } from "./ledger";
import { isFree, tellWhenListening } from "./listening";
import { defaultPath, defaultPort, defaultTunnelTimeoutSeconds, parseRequest, type Request } from "./options";
import { stateFolder } from "./state-folder";
import { startTunnel, type Tunnel } from "./tunnel";
import { removeLeftovers, withWebhook } from "./webhooks";

const help = `Runs the command that starts your receiver, with a webhook that exists for as
long as it runs: no stack and, by default, no account.

Usage: pulumi-captions dev [options] -- <command> [arguments]

  --port <number>       where the receiver listens (default: PORT, then ${defaultPort})
  --path <path>         the receiver's path (default: ${defaultPath}, as only the receiver
                        knows it)
  --events <a,b>        the events (default: creator.success,creator.failure)
  --url <url>           register this public https URL at the Captions API
                        instead of using the emulator
  --tunnel <command>    start this tunnel and register the public URL that it
                        prints, with --path, at the Captions API
  --tunnel-timeout <seconds>
                        how long to wait for that URL (default: ${defaultTunnelTimeoutSeconds})

The command gets PORT and CAPTIONS_WEBHOOK_SECRETS, which secretsFromText of
pulumi-captions/receiver reads; with the emulator, also its CAPTIONS_BASE_URL
and CAPTIONS_API_KEY. Ctrl-C and other signals are handed on to it.

--url and --tunnel need CAPTIONS_API_KEY. The webhook is deleted at the end;
what a killed run leaves behind, the next run with this key deletes.

Exit code: the command's (128 + n after signal n); 1 it could not be started,
           or the tunnel ended; 2 wrong usage.
Secrets are never shown.`;

type Tell = (line: string) => void;

async function run(argv: readonly string[], io: Io): Promise<number> {
    const request = parseRequest(argv, io.env);
    const tell: Tell = (line) => io.err(`pulumi-captions: ${line}`);
    try {
        return await (request.reach === undefined
            ? runWithEmulator(request, io, tell)
            : runWithApi(request, request.reach, io, tell));
    } catch (error) {
        if (io.signal.aborted) {
            return exitCodeOf(signalOf(io));
        }
        throw error;
    }
}

async function runWithEmulator(request: Request, io: Io, tell: Tell): Promise<number> {
    // Only now, so that the other commands need not load it.
    // biome-ignore lint/style/noRestrictedImports: an import() needs the ending.
    const { defaultBehaviour, startEmulator } = await import("../../emulator/index.js");
    const url = `http://127.0.0.1:${request.port}${request.path}`;
    await checkSettings(url, request, async () => defaultBehaviour.events, tell);
    await checkPort(request.port);
    const emulator = await startEmulator({ log: (line) => line.startsWith("delivery") && tell(line) });
    try {
        const { secret } = emulator.register({ url, enabledEvents: [...request.events] });
        tell(`videos succeed and fail on the emulator's page: ${emulator.pageUrl}`);
        tell(`deliveries go to ${url}`);
        return await runChild(request, { ...io.env, ...variablesFor(emulator) }, { secret, io, tell });
    } finally {
        await emulator.stop();
    }
}

/** What points the user's own calls, such as `/submit`, at the emulator too. */
function variablesFor({ baseUrl, apiKey }: Emulator): Io["env"] {
    return { CAPTIONS_BASE_URL: baseUrl, CAPTIONS_API_KEY: apiKey };
}

async function runWithApi(request: Request, reach: NonNullable<Request["reach"]>, io: Io, tell: Tell): Promise<number> {
    const key = accountKeyIn(io.env);
    const open = (signal?: AbortSignal): Account => new Accounts(() => undefined, io.env, tell, signal).open(undefined);
    const account = open(io.signal);
    const listEvents = (): Promise<readonly string[]> => account.inventory.events();
    const urlAt = (origin: string): string => ("url" in reach ? reach.url : `${origin}${request.path}`);
    await checkSettings(urlAt("https://tunnel.example"), request, listEvents, tell);
    const ledger = new Ledger(stateFolder(io.env));
    // Before anything else can fail, such as a port that a receiver of a killed run still has.
    await removeLeftovers(account, ledger, ledger.leftovers(key));
    await checkPort(request.port);
    const tunnel = "url" in reach ? undefined : await openTunnel(reach, request.port, io);
    const url = urlAt(tunnel?.url ?? "");
    const settings = { url, enabledEvents: request.events };
    try {
        return await withWebhook({ open, signal: io.signal, ledger, key }, settings, ({ id, secret }) => {
            tell(`registered ${printable(id)}: deliveries go to ${describeUrl(url)}`);
            return runChild(request, io.env, { secret, io, tell, tunnel });
        });
    } finally {
        await tunnel?.stop();
    }
}

/** @throws UsageError where there is no key */
function accountKeyIn({ CAPTIONS_API_KEY: key, CAPTIONS_BASE_URL: baseUrl }: Io["env"]): AccountKey {
    const apiKey = key?.trim() ?? "";
    if (apiKey === "") {
        throw new UsageError(
            "--url and --tunnel register a webhook at the Captions API: set CAPTIONS_API_KEY. The emulator, without them, " +
                "needs no key.",
        );
    }
    return { apiKey, baseUrl: (baseUrl?.trim() || defaultBaseUrl).replace(/\/+$/, "") };
}

/** @throws UsageError where the API would take neither the URL nor the events */
async function checkSettings(
    url: string,
    { events, reach }: Request,
    listEvents: () => Promise<readonly string[]>,
    notify: Tell,
): Promise<void> {
    const [failure] = await check({}, { url, enabledEvents: events }, { accounts: [], listEvents, notify });
    if (failure !== undefined) {
        const urlOption = reach !== undefined && "url" in reach ? "--url" : "--path";
        throw new UsageError(`${failure.replace(/^url:/, `${urlOption}:`).replace(/^enabledEvents:/, "--events:")}.`);
    }
}

/** @throws CommandError where something listens there: it would get the deliveries in the receiver's place */
async function checkPort(port: number): Promise<void> {
    if (!(await isFree(port))) {
        throw new CommandError(
            `Port ${port} is in use by another program. End it (it may be the receiver of an earlier run), or choose another ` +
                "port with --port.",
        );
    }
}

async function openTunnel(
    { tunnel, timeoutSeconds }: { readonly tunnel: string; readonly timeoutSeconds: number },
    port: number,
    io: Io,
): Promise<Tunnel> {
    // It opens this machine to the world, and has no use for the key.
    const { CAPTIONS_API_KEY: _, ...env } = io.env;
    return await startTunnel(tunnel, { env: { ...env, PORT: String(port) }, timeoutSeconds, signal: io.signal });
}

/** Runs the user's command until it ends. @returns its exit code */
async function runChild(
    { command, port }: Request,
    env: Io["env"],
    { secret, io, tell, tunnel }: { secret: string; io: Io; tell: Tell; tunnel?: Tunnel | undefined },
): Promise<number> {
    io.signal.throwIfAborted();
    const child = startChild(command, {
        ...env,
        PORT: String(port),
        CAPTIONS_WEBHOOK_SECRETS: JSON.stringify([secret]),
    });
    const handOn = (): void => child.send(signalOf(io));
    io.signal.addEventListener("abort", handOn);
    const watching = new AbortController();
    const watch = tellWhenListening(port, tell, watching.signal);
    try {
        const code = await Promise.race([child.ended, ...(tunnel === undefined ? [] : [tunnel.ended])]);
        if (typeof code === "number") {
            return code;
        }
        tell(`${code}; ending the command`);
        await child.stop();
        return exit.bad;
    } finally {
        io.signal.removeEventListener("abort", handOn);
        watching.abort();
        await watch;
    }
}

export const dev: Command = {
    summary: "run a receiver in development, with a webhook while it runs",
    help,
    endsByInterrupt: true,
    run,
};
