#!/usr/bin/env node
import { text } from "node:stream/consumers";
import { exit } from "./io";
import { run } from "./run";

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
        // The second one does not wait for anything.
        if (stopping.signal.aborted) process.exit(exit.interrupted);
        stopping.abort();
    });
}

for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") throw error;
        // Nobody reads any more (`| head`). What is short comes to its end, with its exit code; the emulator has none.
        if (process.argv[2] === "emulator") stopping.abort();
    });
}

const { stdout, env } = process;
void run(process.argv.slice(2), {
    out: (line) => stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    input: () => text(process.stdin),
    env,
    columns: stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
    colours: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb",
    signal: stopping.signal,
}).then((code) => {
    if (code === exit.interrupted) process.exit(code);
    // Else not process.exit, which would cut off what a pipe has not taken yet.
    process.exitCode = code;
});
