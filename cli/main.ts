#!/usr/bin/env node
import { buffer } from "node:stream/consumers";
import { exit } from "./io";
import { run } from "./run";

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
        // The second one does not wait for anything.
        if (stopping.signal.aborted) {
            process.exit(exit.interrupted);
        }
        stopping.abort();
    });
}

for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") {
            throw error;
        }
        // The reader has gone (`| head`). Short commands end by themselves, with their exit code; the
        // emulator does not.
        if (process.argv[2] === "emulator") {
            stopping.abort();
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
