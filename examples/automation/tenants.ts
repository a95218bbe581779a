import { type EngineEvent, LocalWorkspace, type PulumiFn, StackNotFoundError } from "@pulumi/pulumi/automation";
import * as captions from "pulumi-captions";

export interface Tenant {
    /** Letters, digits and hyphens: it names the tenant's stack. */
    readonly name: string;
    /** Where the tenant's deliveries go. */
    readonly url: string;
}

export interface TenantWebhook {
    readonly tenant: string;
    readonly id: string;
    readonly secretVersion: number;
    /** In clear: hand it to what needs it, and to nothing else. */
    readonly secret: string;
    /** What was done to the webhook. */
    readonly change: "created" | "updated" | "unchanged";
}

/** A tenant whose webhook could not be declared. */
export interface TenantFailure {
    readonly tenant: string;
    /** One sentence, without a secret. */
    readonly reason: string;
}

export interface Options {
    /** How many tenants at a time; each takes a process of Pulumi and one of Node.js. Default: 4. */
    readonly concurrency?: number;
    /**
     * Fails a tenant whose receiver does not accept its secret within so many seconds. Not for a new tenant, which gets
     * the secret only from the result. Default: receivers are not asked.
     */
    readonly proveWithinSeconds?: number;
    /** Is called with each step. */
    readonly onProgress?: (tenant: string, step: string) => void;
    /** For Pulumi's processes, in addition to this process's environment. */
    readonly env?: Record<string, string>;
}

/**
 * Declares each tenant's webhook in a stack of its own. One that fails does not stop the others: both lists together
 * have every tenant, in the given order.
 */
export async function declareTenants(
    tenants: readonly Tenant[],
    options: Options = {},
): Promise<{ webhooks: TenantWebhook[]; failures: TenantFailure[] }> {
    const waiting = [...tenants.entries()];
    const results: (TenantWebhook | TenantFailure)[] = [];
    const work = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
            const [index, tenant] = next;
            results[index] = await declareTenant(tenant, options);
        }
    };
    await Promise.all(Array.from({ length: options.concurrency ?? 4 }, work));
    return {
        webhooks: results.filter((result) => "id" in result),
        failures: results.filter((result) => "reason" in result),
    };
}

async function declareTenant(
    { name, url }: Tenant,
    { onProgress, env, proveWithinSeconds: waitSeconds }: Options,
): Promise<TenantWebhook | TenantFailure> {
    const problems = new Set<string>();
    let change: TenantWebhook["change"] = "unchanged";
    // Another one in each run, so that each asks.
    const triggers = { run: Date.now() };
    const program = async () => {
        const webhook = new captions.Webhook("renders", { url, enabledEvents: ["creator.success", "creator.failure"] });
        if (waitSeconds !== undefined) {
            new captions.DeliveryCheck("renders", { url, secrets: [webhook.secret], waitSeconds, triggers });
        }
        return { id: webhook.id, secretVersion: webhook.secretVersion, secret: webhook.secret };
    };
    try {
        const stack = await LocalWorkspace.createOrSelectStack(...stackOf(name, program, env));
        const { outputs } = await stack.up({
            onEvent: (event) => {
                const { diagnosticEvent } = event;
                if (diagnosticEvent?.severity === "error") problems.add(plain(diagnosticEvent.message));
                problems.delete("update failed"); // What the engine adds to every error.
                const op = operationOn(event);
                if (op === undefined) return;
                onProgress?.(name, event.resourcePreEvent === undefined ? `${op}: done` : `${op} …`);
                // An update is "update"; the operations that make one are "create", and "create-replacement" and
                // "replace".
                if (op === "update") change = "updated";
                else if (/create|replace/.test(op)) change = "created";
            },
        });
        return {
            tenant: name,
            id: outputs.id?.value,
            secretVersion: outputs.secretVersion?.value,
            secret: outputs.secret?.value,
            change,
        };
    } catch (error) {
        return { tenant: name, reason: [...problems].join(" ") || reasonOf(error) };
    }
}

/**
 * Deletes a tenant's webhook, and its stack.
 *
 * @throws Error with one sentence, also where there is no such tenant
 */
export async function removeTenant(name: string, { env }: Options = {}): Promise<void> {
    try {
        const stack = await LocalWorkspace.selectStack(...stackOf(name, async () => {}, env));
        await stack.destroy();
        await stack.workspace.removeStack(name);
    } catch (error) {
        const reason = error instanceof StackNotFoundError ? "there is no tenant of this name." : reasonOf(error);
        throw new Error(`Tenant ${name}: ${reason}`);
    }
}

function stackOf(stackName: string, program: PulumiFn, envVars = {}) {
    // The state points at `pulumi-captions` below this folder. (The default is a temporary one.)
    return [
        { stackName, projectName: "captions-tenants", program },
        { workDir: __dirname, envVars },
    ] as const;
}

/** What is done to the webhook itself, if that is what the event tells. */
function operationOn({ resourcePreEvent, resOutputsEvent }: EngineEvent): string | undefined {
    const metadata = resourcePreEvent?.metadata ?? resOutputsEvent?.metadata;
    return metadata?.type === "pulumi-nodejs:dynamic/captions:Webhook" ? metadata.op : undefined;
}

/** The message of a failed command is all that it printed: only its errors are of use. */
function reasonOf(error: unknown): string {
    const message = plain(error instanceof Error ? error.message : String(error));
    const errors = [...message.matchAll(/error: (.*)/g)].map(([, text]) => text);
    return errors.length > 0 ? [...new Set(errors)].join(" ") : (message.split("\n")[0] ?? "");
}

/** Without the marks for colours. */
function plain(text: string): string {
    return text.replace(/<\{%.*?%\}>/g, "").trim();
}
