import { onTestFinished } from "vitest";
import { type Behaviour, type Emulator, startEmulator } from "../../emulator";
import { Stack, type StackOptions } from "./stack";

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
    const emulator = await startEmulator({ apiKey: "key-6XqR2mVn8sLw4TzYb1Kd", ...(behaviour ? { behaviour } : {}) });
    onTestFinished(() => emulator.stop());
    // Nothing lags here unless a test says so.
    const env = { CAPTIONS_LIST_LAG_SECONDS: "0.3", ...stackOptions.env };
    return { emulator, stack: await Stack.create({ program, emulator, ...stackOptions, env }) };
}
