import { cachedSecrets } from "./cached-secrets.js";
import { type FetchSecrets, keep, listOf, type SecretSource, type Secrets, type SecretValues } from "./secrets.js";

/**
 * One cache for each function, however often it is handed in. Made when it is used, as Pulumi cannot serialize it for a
 * callback function.
 */
let sources: WeakMap<FetchSecrets, SecretSource> | undefined;

/** @throws {SecretsError} When secrets that are given as they are cannot be secrets. */
export function sourceOf(secrets: Secrets): SecretSource {
    if (typeof secrets === "function") {
        sources ??= new WeakMap();
        const source = sources.get(secrets) ?? cachedSecrets(secrets);
        sources.set(secrets, source);
        return source;
    }
    if (isSource(secrets)) return secrets;
    const list = keep(listOf(secrets));
    return {
        async *lists() {
            yield list;
        },
    };
}

/** The lists to compare one delivery's secret with. Secrets that are given as they are are not kept. */
export function listsOf(secrets: Secrets): AsyncIterable<SecretValues> | Iterable<SecretValues> {
    return typeof secrets === "function" || isSource(secrets) ? sourceOf(secrets).lists() : [secrets];
}

function isSource(secrets: Exclude<Secrets, FetchSecrets>): secrets is SecretSource {
    return typeof secrets === "object" && secrets !== null && "lists" in secrets;
}
