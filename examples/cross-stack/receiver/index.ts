import * as pulumi from "@pulumi/pulumi";
import { SecretsFile } from "./secrets-file";

const config = new pulumi.Config();
const infrastructure = config.get("infrastructure");

const file = new SecretsFile("webhook-secrets", {
    path: config.get("file") ?? `${__dirname}/secrets.json`,
    secrets: infrastructure === undefined ? noSecretsYet() : secretsOf(infrastructure),
});

export const secretsFile = file.path;

/** Fails where that stack exports none: this stack then keeps what it has, instead of taking the receiver's secrets away. */
function secretsOf(stack: string): pulumi.Output<string[]> {
    return new pulumi.StackReference(stack).requireOutput("secrets") as pulumi.Output<string[]>;
}

function noSecretsYet(): string[] {
    void pulumi.log.warn(
        "The receiver gets no secret and refuses every delivery, until the infrastructure stack is there: deploy that one, " +
            "then `pulumi config set infrastructure <its full name>` and `pulumi up` here.",
    );
    return [];
}
