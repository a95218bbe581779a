import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { SecretsFile } from "./secrets-file";

const config = new pulumi.Config();
const infrastructure = config.get("infrastructure");

const file = new SecretsFile("webhook-secrets", {
    path: resolve(__dirname, config.get("file") ?? `secrets.${pulumi.getStack()}.json`),
    secrets: infrastructure === undefined ? noSecretsYet() : secretsOf(infrastructure),
});

export const secretsFile = file.path;

/**
 * The secrets that another stack exports. Without any that can be used here, `pulumi up` fails, so that a receiver
 * keeps the ones it has: `requireOutput` answers `{}` where the secrets cannot be decrypted, and only warns.
 */
function secretsOf(stack: string): pulumi.Output<string[]> {
    return new pulumi.StackReference(stack).getOutput("secrets").apply((secrets: unknown) => {
        if (secrets === undefined) {
            fail(`The stack ${stack} has no output \`secrets\`. Run \`pulumi up\` there first.`);
        }
        if (!Array.isArray(secrets)) {
            fail(
                `The output \`secrets\` of the stack ${stack} is not a list that can be read here. If there is a warning about ` +
                    "undecryptable secrets, this run has no access to that stack's secrets provider or passphrase: ask its " +
                    "owners. The receiver keeps the secrets it has.",
            );
        }
        if (secrets.length === 0 || !secrets.every((secret) => typeof secret === "string" && secret !== "")) {
            fail(
                `The output \`secrets\` of the stack ${stack} is empty, or contains something other than strings. Run \`pulumi up\` ` +
                    "there, then here. The receiver keeps the secrets it has.",
            );
        }
        return secrets as string[];
    });
}

function noSecretsYet(): string[] {
    void pulumi.log.warn(
        "No secrets yet: the receiver rejects every delivery. Deploy the infrastructure stack, then run " +
            "`pulumi config set infrastructure <its full name>` and `pulumi up` here.",
    );
    return [];
}

/** Stops the program with a message. Without a stack: Pulumi takes half a minute to print one on Node.js 20 and 22. */
function fail(message: string): never {
    throw Object.assign(new pulumi.RunError(message), { stack: "" });
}
