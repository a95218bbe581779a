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

/**
 * The secrets as a list with the same indices. White space around one is a file's or a variable's, never the secret's.
 *
 * @throws {SecretsError} With the code `secrets-malformed`, if one cannot be a secret: it would reject every delivery
 * in silence.
 */
export function listOf(values: SecretValues): readonly string[] {
    if (Array.isArray(values) && keptOf(values) !== undefined) return values;
    const list: readonly unknown[] = Array.isArray(values) ? values : [values];
    return list.map((value) => {
        if (value === undefined || value === null) return "";
        if (typeof value !== "string") throw secretsMalformed(`one is of type ${typeof value}, not a string`);
        const secret = value.trim();
        const problem = problemOf(secret);
        if (problem !== undefined) throw secretsMalformed(`one ${problem}`);
        return secret;
    });
}

/** What is known of a list that was checked, and that deliveries will be compared with again and again. */
interface Kept {
    hashes?: readonly Uint8Array[];
}

/** Made when it is used, as Pulumi cannot serialize it for a callback function. */
let keptLists: WeakMap<readonly string[], Kept> | undefined;

/** Makes a list of {@link listOf} one that cannot change, and that is checked and hashed once. */
export function keep(list: readonly string[]): readonly string[] {
    keptLists ??= new WeakMap();
    keptLists.set(list, {});
    return Object.freeze(list);
}

export function keptOf(list: readonly string[]): Kept | undefined {
    return keptLists?.get(list);
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
