import { spawn } from "node:child_process";
import * as v from "valibot";
import { CommandError } from "./errors";
import type { Io } from "./io";
import { printable } from "./text";

/** A stack, its project, and the Pulumi command to ask. */
export interface StackChoice {
    readonly stack: string;
    /** The project's folder. Default: the current one. */
    readonly cwd?: string | undefined;
    /** The command. Default: `pulumi`, found on PATH. */
    readonly pulumi?: string | undefined;
}

export const stackOptions = {
    stack: { type: "string", short: "s" },
    cwd: { type: "string", short: "C" },
    pulumi: { type: "string" },
} as const;

export const stackOptionsHelp = `  --cwd, -C <folder>    the project's folder (default: the current one)
  --pulumi <path>       the Pulumi command (default: pulumi, found on PATH)`;

/** The stack's outputs, with secrets in plain text: nothing of it may be printed. */
export function stackOutputs(choice: StackChoice, io: Io): Promise<Readonly<Record<string, unknown>>> {
    return ask(["stack", "output", "--json", "--show-secrets"], v.record(v.string(), v.unknown()), choice, io);
}

const setting = v.object({ value: v.optional(v.string()), objectValue: v.optional(v.unknown()) });

/** The stack's configuration, with secrets in plain text: nothing of it may be printed. */
export async function stackConfiguration(choice: StackChoice, io: Io): Promise<ReadonlyMap<string, string>> {
    const settings = await ask(["config", "--json", "--show-secrets"], v.record(v.string(), setting), choice, io);
    const texts = Object.entries(settings).map(([name, { value, objectValue }]): [string, string] => [
        name,
        value ?? JSON.stringify(objectValue ?? ""),
    ]);
    return new Map(texts);
}

const resource = v.object({
    urn: v.string(),
    type: v.string(),
    id: v.optional(v.string()),
    parent: v.optional(v.string()),
    external: v.optional(v.boolean()),
    outputs: v.nullish(v.record(v.string(), v.unknown())),
});
const exported = v.object({
    deployment: v.nullish(
        v.object({ resources: v.nullish(v.array(resource)), pending_operations: v.nullish(v.array(v.unknown())) }),
    ),
});

export type StackResource = v.InferOutput<typeof resource>;

/** What a stack's state says, with secrets encrypted. */
export interface StackState {
    readonly resources: readonly StackResource[];
    /** Whether a run is under way, or was interrupted: then something may exist that is not in the resources yet. */
    readonly isPending: boolean;
}

export async function stackState(choice: StackChoice, io: Io): Promise<StackState> {
    const { deployment } = await ask(["stack", "export"], exported, choice, io);
    return {
        resources: deployment?.resources ?? [],
        isPending: (deployment?.pending_operations ?? []).length > 0,
    };
}

async function ask<S extends v.GenericSchema>(
    args: readonly string[],
    schema: S,
    choice: StackChoice,
    io: Io,
): Promise<v.InferOutput<S>> {
    const text = await run([...args, "--stack", choice.stack, "--non-interactive"], choice, io);
    const answer = v.safeParse(schema, parseJson(text));
    if (answer.success) return answer.output;
    throw new CommandError(
        `The output of \`pulumi ${args.join(" ")}\` has an unknown format. Pulumi 3.200 or newer is required.`,
    );
}

function parseJson(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

function run(args: readonly string[], { cwd, pulumi = "pulumi" }: StackChoice, io: Io): Promise<string> {
    const child = spawn(pulumi, args, {
        // Its output is parsed, so it must not be coloured.
        env: { ...io.env, PULUMI_SKIP_UPDATE_CHECK: "true", NO_COLOR: "1" },
        stdio: ["ignore", "pipe", "pipe"],
        signal: io.signal,
        killSignal: "SIGINT",
        ...(cwd === undefined ? {} : { cwd }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
        stdout += part;
    });
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
        stderr += part;
    });
    return new Promise((resolve, reject) => {
        child.on("error", (error: NodeJS.ErrnoException) => reject(notStarted(error, pulumi, cwd)));
        child.on("close", (code) => {
            if (code === 0) {
                resolve(stdout);
            } else {
                reject(new CommandError(`\`pulumi ${args.slice(0, 2).join(" ")}\` failed: ${reasonIn(stderr)}`));
            }
        });
    });
}

function notStarted(error: NodeJS.ErrnoException, pulumi: string, cwd: string | undefined): CommandError {
    const folder = cwd === undefined ? "" : `, and that the folder ${cwd} exists`;
    return error.code === "ENOENT"
        ? new CommandError(`Cannot run "${pulumi}". Check that Pulumi is installed and on PATH${folder}.`)
        : new CommandError(`Cannot run "${pulumi}" (${error.code ?? error.name}).`);
}

/** Pulumi's own message. Secrets are in its output, never in its errors. */
function reasonIn(stderr: string): string {
    const lines = stderr.split("\n").filter((line) => line.trim() !== "");
    const reason = lines.find((line) => line.startsWith("error:")) ?? lines.at(-1) ?? "it gave no reason.";
    return printable(reason.replace(/^error:\s*/, ""));
}
