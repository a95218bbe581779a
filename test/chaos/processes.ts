import { readdirSync, readFileSync } from "node:fs";

/** What Pulumi's engine starts for a program of Node.js with a dynamic provider, told from /proc. */
export interface EngineProcess {
    readonly pid: number;
    readonly role: "engine" | "program" | "provider" | "host";
}

/**
 * The processes that were started with a value in their environment, and still run.
 *
 * @param mark something that stands in the environment of these processes, and of no others
 */
export function processesWith(mark: string): readonly EngineProcess[] {
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .flatMap((name): EngineProcess[] => {
            const environment = read(`/proc/${name}/environ`);
            const state = /^State:\s+(\S)/m.exec(read(`/proc/${name}/status`))?.[1];
            if (!environment.includes(mark) || state === "Z") return [];
            return [{ pid: Number(name), role: roleOf(read(`/proc/${name}/cmdline`).split("\0")) }];
        });
}

function roleOf(command: readonly string[]): EngineProcess["role"] {
    const line = command.join(" ");
    if (/(^|\/)node(\s|$)/.test(command[0] ?? "")) {
        if (/dynamic-provider|pulumi-resource-captions/.test(line)) return "provider";
        if (/cmd\/run/.test(line)) return "program";
        return "host";
    }
    return /(^|\/)pulumi$/.test(command[0] ?? "") ? "engine" : "host";
}

/** It may end while it is looked at. */
function read(file: string): string {
    try {
        return readFileSync(file, "latin1");
    } catch {
        return "";
    }
}
