import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** In place of the start of a process that has ended, but whose parent has not asked for its exit code yet. */
const ended = "ended";

/**
 * When a process started, as a text to compare: a process id alone may belong to another process by now. Undefined
 * where the platform does not tell, or there is no such process.
 */
export function startOf(pid: number): string | undefined {
    try {
        return process.platform === "linux" ? startInProc(pid) : startByPs(pid);
    } catch {
        return undefined;
    }
}

/** Whether the process still runs that had this id and this start. When in doubt, it does. */
export function isRunning(pid: number, start: string | undefined): boolean {
    try {
        process.kill(pid, 0);
    } catch (error) {
        // EPERM: it is somebody else's, but it is there.
        if ((error as NodeJS.ErrnoException).code !== "EPERM") {
            return false;
        }
    }
    const now = startOf(pid);
    return now !== ended && (start === undefined || now === undefined || now === start);
}

/** Fields 3 (state) and 22 (start time) of proc_pid_stat(5); field 2 is a name that may contain anything. */
function startInProc(pid: number): string | undefined {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? ended : fields[19];
}

function startByPs(pid: number): string | undefined {
    if (process.platform === "win32") {
        return undefined;
    }
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
        encoding: "utf8",
        env: { PATH: process.env.PATH ?? "", LC_ALL: "C", TZ: "UTC" },
        stdio: ["ignore", "pipe", "ignore"],
    });
    return text.trim() || undefined;
}
