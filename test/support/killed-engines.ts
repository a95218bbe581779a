import { readFileSync } from "node:fs";
import { processesWith } from "../chaos/processes";

/**
 * What an engine starts: its language host, the program, and the host of dynamic providers with the script that starts
 * it.
 */
const startedByEngine = /pulumi-language-nodejs|pulumi-resource-pulumi-nodejs|cmd\/(run|dynamic-provider)/;

/**
 * Ends what killed engines have left behind: each has process groups of its own, does not look whether its engine still
 * runs, and would stay for ever.
 *
 * @param mark something that stands in the environment of these engines, and of no others
 */
export function endPartsOfKilledEngines(mark: string): void {
    if (process.platform !== "linux") return;
    const processes = processesWith(mark);
    // One that still runs has not been killed, and ends its parts itself.
    if (processes.some(({ role }) => role === "engine")) return;
    for (const { pid } of processes) {
        try {
            if (!startedByEngine.test(readFileSync(`/proc/${pid}/cmdline`, "latin1"))) continue;
            process.kill(pid, "SIGKILL");
        } catch {
            // It has ended in the meantime.
        }
    }
}
