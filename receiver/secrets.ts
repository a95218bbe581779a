import { cachedSecrets } from "./cached-secrets.js";
import { SecretsError } from "./secrets-error.js";

/** One secret, or several that are valid at the same time. What is empty or missing never matches. */
export type SecretValues = string | undefined | null | readonly (string | undefined | null)[];

/** Asks for the secrets that are valid now, wherever they are kept. */
export type FetchSecrets = () => SecretValues | Promise<SecretValues>;

/**
 * Secrets that may change while the receiver runs.
 *
 * {@link cachedSecrets} and `secretsFromFile` make one; write your own if the secrets' keeper tells of changes.
 */
export interface SecretSource {
    /**
     * The lists to compare a delivery's secret with, one after the other until one has it: what is known already, then
     * what is known after asking again. A list that is not needed is not asked for.
     *
     * @throws {SecretsError} When nothing can be said, because asking failed.
     */
    lists(): AsyncIterable<SecretValues>;
}

/** Where a receiver takes secrets from: given as they are, by a function (cached by {@link cachedSecrets}' defaults), or a source. */
export type Secrets = SecretValues | FetchSecrets | SecretSource;

/** One cache for each function, however often it is handed in. */
const sources = new WeakMap<FetchSecrets, SecretSource>();

export function sourceOf(secrets: Secrets): SecretSource {
    if (typeof secrets === "function") {
        const source = sources.get(secrets) ?? cachedSecrets(secrets);
        sources.set(secrets, source);
        return source;
    }
    if (typeof secrets === "object" && secrets !== null && "lists" in secrets) return secrets;
    return {
        async *lists() {
            yield secrets;
        },
    };
}

/** The secrets as a list with the same indices. White space around one is a file's or a variable's, never the secret's. */
export function listOf(values: SecretValues): string[] {
    const list: readonly unknown[] = Array.isArray(values) ? values : [values];
    return list.map((value) => (typeof value === "string" ? value.trim() : ""));
}

/**
 * Secrets from the text of an environment variable, a file or a secret store: one secret, several with white space
 * between them, or JSON (a list of strings or one string, as `pulumi stack output secrets --json` prints it).
 *
 * @example
 * ```ts
 * import { createReceiver, secretsFromText } from "pulumi-captions/receiver";
 *
 * export const receiver = createReceiver({
 *     secrets: secretsFromText(process.env.CAPTIONS_WEBHOOK_SECRETS),
 *     onDelivery: (delivery) => console.log(delivery.event),
 * });
 * ```
 *
 * @returns The secrets in the text's order; none if the text is empty or missing.
 * @throws {SecretsError} With the code `secrets-malformed`, if the text begins like JSON and is not a list of strings or a string.
 */
export function secretsFromText(text: string | undefined | null): string[] {
    const trimmed = text?.trim() ?? "";
    if (!/^[["{]/.test(trimmed)) return trimmed.split(/\s+/).filter((secret) => secret !== "");
    const parsed = [jsonOf(trimmed)].flat();
    if (parsed.every((secret) => typeof secret === "string")) return listOf(parsed).filter((secret) => secret !== "");
    throw malformed();
}

function jsonOf(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        // The parser's own message quotes the text, which holds secrets.
        throw malformed();
    }
}

function malformed(): SecretsError {
    return new SecretsError(
        "secrets-malformed",
        "The text that should hold the webhook's secrets begins like JSON, but is neither a list of strings nor a string. " +
            'Give one secret, or a list such as ["…", "…"].',
    );
}
