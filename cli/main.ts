#!/usr/bin/env node
import { buffer } from "node:stream/consumers";
import { exit } from "./io";
import { run } from "./run";

const name = process.argv[2];
const stopping = new AbortController();
let stoppedAt = 0;

/**
 * A signal that comes again within this time is the same: npx hands on a Ctrl-C that the terminal has sent already, and
 * a terminal that is closed breaks the streams as well.
 */
const echoMs = 500;

function stop(signal: NodeJS.Signals): void {
    stoppedAt = Date.now();
    stopping.abort(signal);
}

// `dev` has something to delete when its terminal is closed. Others end at once, or were started with `nohup`.
const isPosix = process.platform !== "win32";
const more = name === "dev" ? (["SIGHUP", ...(isPosix ? (["SIGQUIT"] as const) : [])] as const) : [];
for (const signal of ["SIGINT", "SIGTERM", ...more] as const) {
    process.on(signal, () => {
        if (!stopping.signal.aborted) {
            stop(signal);
        } else if (Date.now() - stoppedAt > echoMs) {
            // The second one does not wait for anything.
            process.exit(exit.interrupted);
        }
    });
}

for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
        // EIO: the terminal was closed.
        if (error.code !== "EPIPE" && error.code !== "EIO") {
            throw error;
        }
        // The reader has gone (`| head`). Short commands end by themselves, with their exit code; the
        // emulator and `dev` do not.
        if ((name === "emulator" || name === "dev") && !stopping.signal.aborted) {
            stop("SIGTERM");
        }
    });
}

const { stdout, env } = process;
void run(process.argv.slice(2), {
    out: (line) => stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    input: () => buffer(process.stdin),
    env,
    columns: stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
    colours: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb",
    signal: stopping.signal,
}).then((code) => {
    if (code === exit.interrupted) {
        process.exit(code);
    }
    // Otherwise not process.exit, which would cut off what a pipe has not taken yet.
    process.exitCode = code;
});
