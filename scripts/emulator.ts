// `npm run emulator`: the emulator with its page, until Ctrl-C. `--help` lists the options.
import { runEmulatorCommand } from "../emulator";

const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());

void runEmulatorCommand(process.argv.slice(2), {
    out: (line) => console.log(line),
    err: (line) => console.error(line),
    signal: ending.signal,
}).then((code) => {
    process.exitCode = code;
});
