import { isLoopback } from "../provider/api/transport";
import { CommandError } from "./errors";

/** What a stack's outputs say about its webhook. In messages there are only names of outputs, never values. */
type Outputs = Readonly<Record<string, unknown>>;

/**
 * The secrets that a stack exports, newest first.
 *
 * @param name the output, a text or a list of texts. Default: `secrets`, else `secret`
 */
export function secretsIn(outputs: Outputs, name: string | undefined): readonly string[] {
    const output = name ?? ["secrets", "secret"].find((candidate) => Object.hasOwn(outputs, candidate));
    if (output === undefined || !Object.hasOwn(outputs, output)) {
        const missing = output === undefined ? "`secrets` or `secret`" : `"${output}"`;
        throw new CommandError(
            `The stack exports no ${missing}${listed(outputs)}. Export the webhook's \`secrets\` (and run \`pulumi up\`), or ` +
                "name the output with --output.",
        );
    }
    const value = outputs[output];
    const secrets = Array.isArray(value) ? value : [value];
    if (secrets.length === 0)
        throw new CommandError(`The output "${output}" is an empty list: there is no secret to try.`);
    for (const [index, secret] of secrets.entries()) {
        // A line break in a header would be an error of Node.js that repeats it.
        if (typeof secret !== "string" || !/^[\x21-\x7e]+$/.test(secret)) {
            const which = secrets.length === 1 ? "" : ` at place ${index + 1}`;
            throw new CommandError(`The output "${output}" holds${which} something that cannot be a webhook's secret.`);
        }
    }
    return secrets as string[];
}

/** @param name the output that holds the URL. Default: `url` */
export function urlIn(outputs: Outputs, name: string | undefined): string {
    const output = name ?? "url";
    const value = Object.hasOwn(outputs, output) ? outputs[output] : undefined;
    if (typeof value === "string") return checkUrl(value, `The output "${output}"`);
    throw new CommandError(
        value === undefined
            ? `The stack exports no "${output}"${listed(outputs)}. Give the receiver's URL with --url, or name the output with ` +
                  "--url-output."
            : `The output "${output}" is not a URL.`,
    );
}

/** @throws CommandError where it is no URL to which secrets may be sent */
export function checkUrl(text: string, what: string): string {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname))) return url.href;
    throw new CommandError(
        `${what} must be an absolute https URL (http only for this machine), as secrets are sent there.`,
    );
}

function listed(outputs: Outputs): string {
    const names = Object.keys(outputs);
    return names.length === 0 ? " (it has no outputs)" : ` (its outputs: ${names.join(", ")})`;
}
