// What tests have left behind: processes that still work below a folder, and files in it.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { sep } from "node:path";

/**
 * What tools of others leave in the folder for temporary files: caches, the pipes of Pulumi's language host when it is
 * killed, and folders that Miniflare removes without waiting for it, so that the end of its process can come first.
 */
const notOurs =
    /^(tsx-\d+|ts-node-[0-9a-f]+|miniflare-[0-9a-f]+|node-compile-cache|v8-compile-cache-\d+|pulumi-node-pipes\d+)$/;

/**
 * Processes that were started with the folder in their environment (as `TMPDIR`), have it in their command, or work in
 * it. Only Linux tells so; elsewhere there are none.
 *
 * @returns {{ pid: number, command: string }[]}
 */
export function processesBelow(folder) {
    if (process.platform !== "linux") return [];
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
        .flatMap((name) => {
            const command = read(`/proc/${name}/cmdline`);
            // A process that has ended and that nobody has asked for its code has no command.
            const isBelow = [command, read(`/proc/${name}/environ`), `${workingFolder(name)}${sep}`].some((text) =>
                text.includes(folder),
            );
            return command !== "" && isBelow
                ? [{ pid: Number(name), command: command.replaceAll("\0", " ").trim() }]
                : [];
        });
}

/** The names of what is still in the folder. */
export function filesLeft(folder) {
    return readdirSync(folder).filter((name) => !notOurs.test(name));
}

/** It may end while it is looked at, or belong to somebody else. */
function read(file) {
    try {
        return readFileSync(file, "latin1");
    } catch {
        return "";
    }
}

function workingFolder(pid) {
    try {
        return readlinkSync(`/proc/${pid}/cwd`);
    } catch {
        return "";
    }
}
