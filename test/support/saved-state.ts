import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Engine, engineEnvironment } from "../../engine";
import type { EmptyStack } from "./empty-stack";
import { reveal } from "./secrets";

export interface Resource {
    readonly urn: string;
    readonly type: string;
    readonly id?: string;
    readonly provider?: string;
    readonly inputs: Readonly<Record<string, unknown>>;
    readonly outputs: Readonly<Record<string, unknown>>;
    readonly initErrors?: readonly string[];
}

export interface State {
    readonly resources?: readonly Resource[];
    readonly pending_operations?: readonly unknown[];
    readonly secrets_providers: { readonly state: { readonly salt: string } };
}

/** Which stack's state, as {@link EmptyStack} has it. */
export type SavedStack = Omit<EmptyStack, "project">;

/** What `pulumi stack export` prints, without a process for it. */
export function readState({ projectName, temporaryFolder, name = "test" }: SavedStack): State {
    const file = join(temporaryFolder, `pulumi-state/.pulumi/stacks/${projectName}/${name}.json`);
    return JSON.parse(readFileSync(file, "utf8")).checkpoint.latest;
}

/** What `pulumi stack output --json --show-secrets` prints, without a process for it. */
export function readOutputs(engine: Engine, saved: SavedStack): Record<string, unknown> {
    const { resources, secrets_providers } = readState(saved);
    const { outputs = {} } = resources?.find(({ type }) => type === "pulumi:pulumi:Stack") ?? {};
    const { PULUMI_CONFIG_PASSPHRASE = "" } = engineEnvironment(engine, saved.temporaryFolder);
    return reveal(outputs, PULUMI_CONFIG_PASSPHRASE, secrets_providers.state.salt) as Record<string, unknown>;
}
