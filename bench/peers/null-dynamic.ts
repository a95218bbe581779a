import { join } from "node:path";
import { type Declaration, declareWebhooks } from "./declare";

/**
 * What a dynamic provider costs that does nothing: the same resources with the same inputs and outputs as this
 * package's, in a state of the same shape, and no API. {@link nullDynamicProvider} has to be beside the program.
 */
export const nullDynamicProgram = (declaration: Declaration): string => `
const pulumi = require("@pulumi/pulumi");
class Webhook extends pulumi.CustomResource {
    constructor(name, args, opts) {
        super(
            "pulumi-nodejs:dynamic/captions:Webhook",
            name,
            {
                secret: undefined,
                secretVersion: undefined,
                ...args,
                __provider: 'exports.handler = () => require("./null-captions-provider");',
                __owner: [name],
            },
            pulumi.mergeOptions(opts, { additionalSecretOutputs: ["secret"] }),
        );
    }
}
${declareWebhooks(declaration, "Webhook")}`;

/** The file to copy beside {@link nullDynamicProgram}. */
export const nullDynamicProvider = join(__dirname, "null-dynamic/null-captions-provider.js");
