import { existsSync, readFileSync } from "node:fs";

/** A tick of Linux's clock of CPU time, in milliseconds: 100 a second on every architecture that Node.js runs on. */
const tickMs = 10;

/** The CPU time that a process has taken until now, in milliseconds; `undefined` where there is no `/proc`. */
export function cpuOf(pid: number | undefined): number | undefined {
    const file = `/proc/${pid}/stat`;
    if (!existsSync(file)) return undefined;
    // The name of the program, in parentheses, may contain anything.
    const fields = readFileSync(file, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const [user, system] = [Number(fields[11]), Number(fields[12])];
    return (user + system) * tickMs;
}

/** The most that a process has had in memory, in MB; `undefined` where there is no `/proc`. */
export function peakOf(pid: number | undefined): number | undefined {
    const file = `/proc/${pid}/status`;
    const kilobytes = existsSync(file) ? /^VmHWM:\s+(\d+)/m.exec(readFileSync(file, "utf8"))?.[1] : undefined;
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}
