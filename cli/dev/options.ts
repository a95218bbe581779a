import { parseArgs } from "node:util";
import { UsageError } from "../errors";
import type { Io } from "../io";
import { parseCount, parseOptions, parseSeconds } from "../options";
import { knownEvents } from "../provider";

export const defaultPort = 3000;
export const defaultPath = "/";
export const defaultTunnelTimeoutSeconds = 60;

/** What a run of `dev` is to do. */
export interface Request {
    readonly command: readonly string[];
    /** Where the receiver listens. */
    readonly port: number;
    readonly path: string;
    readonly events: readonly string[];
    /** How the Captions API reaches the receiver. Undefined: the emulator stands in for it. */
    readonly reach: { readonly url: string } | { readonly tunnel: string; readonly timeoutSeconds: number } | undefined;
}

const options = {
    port: { type: "string" },
    path: { type: "string" },
    events: { type: "string" },
    url: { type: "string" },
    tunnel: { type: "string" },
    "tunnel-timeout": { type: "string" },
} as const;

/** @throws UsageError */
export function parseRequest(argv: readonly string[], env: Io["env"]): Request {
    const [own, command] = splitAtCommand(argv);
    const { values } = parseOptions(own, options);
    if (command[0] === undefined || command[0] === "") {
        throw new UsageError(
            "Name the command that starts the receiver, such as `pulumi-captions dev -- npm run dev`.",
        );
    }
    if (values.url !== undefined && values.tunnel !== undefined) {
        throw new UsageError("--url and --tunnel cannot be used together: both say what the public URL is.");
    }
    if (values.url !== undefined && values.path !== undefined) {
        throw new UsageError("--path cannot be used with --url: add the path to the URL.");
    }
    if (values["tunnel-timeout"] !== undefined && values.tunnel === undefined) {
        throw new UsageError("--tunnel-timeout needs --tunnel.");
    }
    return {
        command,
        port:
            parseCount(values.port, "--port", 65_535) ??
            parseCount(env.PORT || undefined, "PORT", 65_535) ??
            defaultPort,
        path: parsePath(values.path),
        events: parseEvents(values.events),
        reach: parseReach(values.url, values.tunnel, values["tunnel-timeout"]),
    };
}

/** Without `--`, which PowerShell swallows, the command begins at the first argument that is no option's. */
function splitAtCommand(argv: readonly string[]): [readonly string[], readonly string[]] {
    const { tokens } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: false, tokens: true });
    const first = tokens.find(({ kind }) => kind !== "option");
    if (first === undefined) {
        return [argv, []];
    }
    return [argv.slice(0, first.index), argv.slice(first.kind === "positional" ? first.index : first.index + 1)];
}

function parsePath(path: string = defaultPath): string {
    if (!path.startsWith("/")) {
        throw new UsageError('--path must begin with a slash, such as "/hooks/captions".');
    }
    return path;
}

function parseEvents(text: string | undefined): readonly string[] {
    return text === undefined
        ? knownEvents
        : text
              .split(",")
              .map((name) => name.trim())
              .filter((name) => name !== "");
}

function parseReach(
    url: string | undefined,
    tunnel: string | undefined,
    timeout: string | undefined,
): Request["reach"] {
    if (url !== undefined) {
        if (!/^https:\/\//i.test(url)) {
            throw new UsageError(
                "--url must be an https URL that Captions can reach, such as https://dev.example.com/hooks.",
            );
        }
        return { url };
    }
    if (tunnel === undefined) {
        return undefined;
    }
    if (tunnel.trim() === "") {
        throw new UsageError("--tunnel needs a value.");
    }
    return {
        tunnel,
        timeoutSeconds: parseSeconds(timeout, "--tunnel-timeout") ?? defaultTunnelTimeoutSeconds,
    };
}
