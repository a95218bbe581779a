import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Engine, engineEnvironment } from "../../engine";
import { conceal } from "./secrets";

export interface EmptyStack {
    /** The folder of the project, and its name. */
    readonly project: string;
    readonly projectName: string;
    /** As `engineEnvironment` takes it: where the engine keeps its state and everything else that it writes. */
    readonly temporaryFolder: string;
    /** Default: `test`. */
    readonly name?: string;
}

/** Any salt, and what proves that a passphrase is the one of `engine/`: these stacks can read each other's secrets. */
const salt = "v1:F9FgnkUf8uE=:v1:UOkANpue9wo67cks:mPVDmYlrvVn4sWbVYtwhuLdFpyDrYA==";

/**
 * Writes the files that `pulumi stack init` writes (a test compares them), without a process for it.
 *
 * @param engine the one whose version is in them
 */
export function writeEmptyStack({ version }: Pick<Engine, "version">, stack: EmptyStack): void {
    const { project, projectName, temporaryFolder, name = "test" } = stack;
    const full = `organization/${projectName}/${name}`;
    const state = join(temporaryFolder, "pulumi-state");
    const manifest = { time: new Date().toISOString(), magic: digest("sha256", `v${version}`), version: `v${version}` };
    const secrets_providers = { type: "passphrase", state: { salt } };
    const checkpoint = { stack: full, latest: { manifest, secrets_providers, metadata: {} } };
    const place = digest("sha1", join(project, "Pulumi.yaml"));
    const files = {
        [join(project, `Pulumi.${name}.yaml`)]: `encryptionsalt: ${salt}\n`,
        [join(state, ".pulumi/meta.yaml")]: "version: 1\n",
        [join(state, `.pulumi/stacks/${projectName}/${name}.json`)]: JSON.stringify({ version: 3, checkpoint }),
        // Which stack is the current one.
        [join(temporaryFolder, `pulumi-home/workspaces/${projectName}-${place}-workspace.json`)]: JSON.stringify({
            stacks: { [pathToFileURL(state).href]: full },
        }),
    };
    for (const [file, text] of Object.entries(files)) {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
    }
}

/**
 * What `pulumi config set --secret` does, without a process for it.
 *
 * @param key with the project or package it is of, and not set yet: `captions:apiKey`
 */
export function setSecret(engine: Engine, stack: EmptyStack, key: string, value: string): void {
    const { project, temporaryFolder, name = "test" } = stack;
    const { PULUMI_CONFIG_PASSPHRASE = "" } = engineEnvironment(engine, temporaryFolder);
    const file = join(project, `Pulumi.${name}.yaml`);
    const text = readFileSync(file, "utf8");
    const head = text.includes("config:\n") ? "" : "config:\n";
    writeFileSync(file, `${text}${head}  ${key}:\n    secure: ${conceal(value, PULUMI_CONFIG_PASSPHRASE, salt)}\n`);
}

function digest(algorithm: "sha1" | "sha256", text: string): string {
    return createHash(algorithm).update(text).digest("hex");
}
