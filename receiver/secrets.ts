import { secretsMalformed } from "./secrets-error.js";

/** One secret, or several that are valid at the same time, the newest first. What is empty or missing never matches. */
export type SecretValues = string | undefined | null | readonly (string | undefined | null)[];

/** Asks for the secrets that are valid now, wherever they are kept. */
export type FetchSecrets = () => SecretValues | Promise<SecretValues>;

/**
 * Secrets that may change while the receiver runs.
 *
 * {@link cachedSecrets} and `secretsFromFile` make one; write your own if your secret store tells of changes.
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

/**
 * Where a receiver takes secrets from: given as they are, by a function (cached by {@link cachedSecrets}' defaults), or
 * a source.
 */
export type Secrets = SecretValues | FetchSecrets | SecretSource;

/** What {@link listOf} has made, which it need not check again. Made when it is used, as Pulumi cannot serialize it. */
let lists: WeakSet<object> | undefined;

/**
 * The secrets as a list with the same indices, which cannot change. White space around one is a file's or a variable's, never the secret's.
 *
 * @throws {SecretsError} With the code `secrets-malformed`, if one cannot be a secret: it would reject every delivery
 * in silence.
 */
export function listOf(values: SecretValues): readonly string[] {
    if (Array.isArray(values) && lists?.has(values)) return values;
    const given: readonly unknown[] = Array.isArray(values) ? values : [values];
    const list = given.map((value) => {
        if (value === undefined || value === null) return "";
        if (typeof value !== "string") throw secretsMalformed(`one is of type ${typeof value}, not a string`);
        const secret = value.trim();
        const problem = problemOf(secret);
        if (problem !== undefined) throw secretsMalformed(`one ${problem}`);
        return secret;
    });
    lists ??= new WeakSet();
    lists.add(list);
    return Object.freeze(list);
}

/** Why this cannot be a secret that comes as a bearer token. */
export function problemOf(secret: string): string | undefined {
    if (/\s/.test(secret)) return "has white space in it";
    if (/[\p{Cc}\p{Cf}\ufffd]/u.test(secret)) {
        return "has characters that cannot be printed, as text in a wrong encoding has";
    }
    if (/^["'`[{]/.test(secret)) {
        return "begins with a quote or a bracket (secretsFromText reads lists and quoted text)";
    }
    return undefined;
}

export function hasSecret(list: readonly string[]): boolean {
    return list.some((secret) => secret !== "");
}
