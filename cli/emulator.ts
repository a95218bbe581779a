import type { Command } from "./io";

/** Passes the arguments to the emulator's own command line, which also has the help. */
export const emulator: Command = {
    summary: "run an emulator of the API, with real deliveries and a web page",
    help: "",
    endsByInterrupt: true,
    async run(argv, io) {
        // Only now, so that the other commands need not load it.
        const { runEmulatorCommand } = await import("../emulator/index.js");
        return runEmulatorCommand(argv, { out: io.out, err: io.err, signal: io.signal });
    },
};
