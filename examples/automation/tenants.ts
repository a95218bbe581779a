import { type EngineEvent, LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import * as captions from "pulumi-captions";

export interface Tenant {
    /** Letters, digits and hyphens: it names the tenant's stack. */
    name: string;
    /** Where the tenant's deliveries go. */
    url: string;
}

export interface TenantWebhook {
    tenant: string;
    id: string;
    secretVersion: number;
    /** In clear: hand it to what needs it, and to nothing else. */
    secret: string;
    /** What was done to the webhook. */
    change: "created" | "updated" | "unchanged";
}

export interface Options {
    /** How many tenants at once; each takes a process of Pulumi and one of Node.js. Default: 4. */
    atOnce?: number;
    /** Told of each step. */
    onProgress?: (tenant: string, step: string) => void;
    /** For Pulumi's processes, beside this process's environment. */
    env?: Record<string, string>;
}

/**
 * Declares each tenant's webhook in a stack of its own.
 *
 * @throws AggregateError when some could not be declared; the others are, all the same
 */
export async function declareTenants(tenants: readonly Tenant[], options: Options = {}): Promise<TenantWebhook[]> {
    const waiting = [...tenants.entries()];
    const webhooks: TenantWebhook[] = [];
    const errors: Error[] = [];
    const work = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
            const [index, tenant] = next;
            try {
                webhooks[index] = await declareTenant(tenant, options);
            } catch (error) {
                errors.push(new Error(`Tenant ${tenant.name}: ${(error as Error).message}`));
            }
        }
    };
    await Promise.all(Array.from({ length: options.atOnce ?? 4 }, work));
    if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join("\n"));
    return webhooks;
}

async function declareTenant(tenant: Tenant, { onProgress, env }: Options): Promise<TenantWebhook> {
    const stack = await stackOf(tenant, env);
    const { summary, outputs } = await stack.up({
        onEvent: (event) => {
            const step = stepOf(event);
            if (step !== undefined) onProgress?.(tenant.name, step);
        },
    });
    const changes = summary.resourceChanges ?? {};
    return {
        tenant: tenant.name,
        id: outputs.id?.value,
        secretVersion: outputs.secretVersion?.value,
        secret: outputs.secret?.value,
        // The stack itself counts as created, too.
        change: (changes.create ?? 0) > 1 ? "created" : changes.update ? "updated" : "unchanged",
    };
}

/** Deletes a tenant's webhook, and its stack. */
export async function removeTenant(tenant: Tenant, { env }: Options = {}): Promise<void> {
    const stack = await stackOf(tenant, env);
    await stack.destroy();
    await stack.workspace.removeStack(tenant.name);
}

function stackOf({ name, url }: Tenant, env: Record<string, string> = {}): Promise<Stack> {
    const program = async () => {
        const webhook = new captions.Webhook("renders", { url, enabledEvents: ["creator.success", "creator.failure"] });
        return { id: webhook.id, secretVersion: webhook.secretVersion, secret: webhook.secret };
    };
    return LocalWorkspace.createOrSelectStack(
        { stackName: name, projectName: "captions-tenants", program },
        // The state points at `pulumi-captions` below this folder. (The default is a temporary one.)
        { workDir: __dirname, envVars: env },
    );
}

/** `create …`, then `create: done`: what an event tells about the webhook itself. */
function stepOf({ resourcePreEvent, resOutputsEvent }: EngineEvent): string | undefined {
    const metadata = resourcePreEvent?.metadata ?? resOutputsEvent?.metadata;
    if (metadata?.type !== "pulumi-nodejs:dynamic/captions:Webhook") return undefined;
    return resourcePreEvent === undefined ? `${metadata.op}: done` : `${metadata.op} …`;
}
