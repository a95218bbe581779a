import { isSafeForSecrets, isSecret } from "../probe";
import { CommandError } from "./errors";
import { isUnknown } from "./provider";
import { listed, printable } from "./text";

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
            `The stack has no output ${missing}${existing(outputs)}. Export the webhook's \`secrets\` and run ` +
                "`pulumi up`, or name the output with --output.",
        );
    }
    const value = outputs[output];
    const secrets: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (secrets.length === 0) {
        throw new CommandError(`The output "${output}" is an empty list: there is no secret in it.`);
    }
    if (secrets.some(isUnknown)) {
        throw new CommandError(`The output "${output}" is not known yet: run \`pulumi up\` first.`);
    }
    const bad = secrets.findIndex((secret) => !isSecret(secret));
    if (bad >= 0) {
        const which = secrets.length === 1 ? "" : ` at place ${bad + 1}`;
        throw new CommandError(`The output "${output}" contains${which} a value that cannot be a webhook's secret.`);
    }
    return secrets.filter(isSecret);
}

/** @param name the output with the URL, or a list of URLs. Default: `url` */
export function urlsIn(outputs: Outputs, name: string | undefined): readonly string[] {
    const output = name ?? "url";
    const value = Object.hasOwn(outputs, output) ? outputs[output] : undefined;
    if (value === undefined) {
        throw new CommandError(
            `The stack has no output "${output}"${existing(outputs)}. Give the receiver's URL with --url, or name ` +
                "the output with --url-output.",
        );
    }
    const urls: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (urls.length === 0 || urls.some((url) => typeof url !== "string")) {
        throw new CommandError(`The output "${output}" is not a URL.`);
    }
    return urls.map((url) => checkUrl(String(url), `The output "${output}"`));
}

/** @throws a failure of this kind where it is not a URL that secrets may be sent to */
export function checkUrl(text: string, what: string, Failure: typeof CommandError = CommandError): string {
    if (isSafeForSecrets(text)) {
        return new URL(text).href;
    }
    throw new Failure(
        `${what} must be an absolute https URL (http only for localhost), because secrets are sent to it.`,
    );
}

function existing(outputs: Outputs): string {
    const names = Object.keys(outputs).map(printable);
    return names.length === 0 ? " (it has no outputs)" : ` (its outputs: ${listed(names, 20)})`;
}
