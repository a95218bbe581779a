import { createHash } from "node:crypto";
import {
    copyFileSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    renameSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { type Behaviour, type Emulator, startEmulator } from "../../emulator";
import { type Run, Stack, type StackOptions } from "./stack";

const apiKey = "key-6XqR2mVn8sLw4TzYb1Kd";

/** What a program declares: one webhook, whose inputs are given, with all outputs exported. */
export function webhookProgram(inputs: Record<string, unknown>, name = "renders"): string {
    return `
const webhook = new captions.Webhook(${JSON.stringify(name)}, ${JSON.stringify(inputs)});
module.exports = { id: webhook.id, url: webhook.url, secret: webhook.secret, secretVersion: webhook.secretVersion };
`;
}

export const renders = {
    url: "https://api.example.com/hooks/captions",
    enabledEvents: ["creator.success", "creator.failure"],
};

/** What a preview ends with that shows no change. */
export const onlyUnchanged = /^Resources:\n +\d+ unchanged$/m;

export interface Project {
    readonly emulator: Emulator;
    readonly stack: Stack;
}

/** An emulator and a stack of their own for one test. */
export async function startProject(
    program: string,
    options: Partial<StackOptions> & { readonly behaviour?: Partial<Behaviour> } = {},
): Promise<Project> {
    const { behaviour, ...stackOptions } = options;
    const emulator = await startEmulator({ apiKey, ...(behaviour ? { behaviour } : {}) });
    onTestFinished(() => emulator.stop());
    return {
        emulator,
        stack: await Stack.create({ program, emulator, ...stackOptions, env: envOf(stackOptions.env) }),
    };
}

export interface Deployed extends Project {
    /** What the first `up` came to. */
    readonly up: Run;
}

/**
 * An emulator and a stack of their own for one test, with the program deployed already: by the first test that asks for
 * it, from which the others have copies. The emulator's journal of calls begins after that.
 */
export async function startDeployed(program: string, env?: StackOptions["env"]): Promise<Deployed> {
    const made = await deployOnce(program, envOf(env));
    // Beside the stack's folder, in which no secret may be in clear.
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-deployed-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const stateFile = join(folder, files.webhooks);
    copyFileSync(join(made, files.webhooks), stateFile);
    const emulator = await startEmulator({ apiKey, stateFile });
    onTestFinished(() => emulator.stop());
    const stack = await Stack.create({ program, emulator, env: envOf(env), state: join(made, files.state) });
    return { emulator, stack, up: JSON.parse(readFileSync(join(made, files.up), "utf8")) };
}

const files = { webhooks: "webhooks.json", state: "pulumi-state", up: "up.json" } as const;

/** @returns the folder with what the first `up` of a program has left, the same one in all tests of a run */
async function deployOnce(program: string, env: Readonly<Record<string, string>>): Promise<string> {
    const all = join(dirname(inject("nodeModules")), "deployed");
    const name = createHash("sha256")
        .update(JSON.stringify([program, env]))
        .digest("hex");
    const folder = join(all, name);
    if (existsSync(folder)) return folder;
    mkdirSync(all, { recursive: true });
    const making = mkdtempSync(join(all, "making-"));
    const emulator = await startEmulator({ apiKey, stateFile: join(making, files.webhooks) });
    onTestFinished(() => emulator.stop());
    const stack = await Stack.create({ program, emulator, env });
    const up = await stack.up();
    if (up.code !== 0) throw new Error(up.text);
    stack.copyState(join(making, files.state));
    writeFileSync(join(making, files.up), JSON.stringify(up));
    try {
        renameSync(making, folder);
    } catch (error) {
        // Another worker was faster.
        if (!existsSync(folder)) throw error;
    }
    return folder;
}

/** Nothing lags here unless a test says so. */
function envOf(env: StackOptions["env"]): Readonly<Record<string, string>> {
    return { CAPTIONS_LIST_LAG_SECONDS: "0.3", ...env };
}
