import type { Command } from "./io";

/** Passes the arguments to the emulator's own command line, which also has the help. */
export const emulator: Command = {
    summary: "run an emulator of the API, with real deliveries and a web page",
    help: "",
    endsByInterrupt: true,
    async run(argv, io) {
        // Only now, so that the other commands need not load it.
        // biome-ignore lint/style/noRestrictedImports: an import() needs the ending.
        const { runEmulatorCommand } = await import("../emulator/index.js");
        const { out, err, signal, env } = io;
        // Set by `npm run emulator`, in this repository or in a package that has such a script.
        const invocation = env.npm_lifecycle_event === "emulator" ? "npm run emulator --" : "pulumi-captions emulator";
        return runEmulatorCommand(argv, { out, err, signal, env, invocation });
    },
};
