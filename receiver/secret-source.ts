import { cachedSecrets } from "./cached-secrets.js";
import { type FetchSecrets, listOf, type SecretSource, type Secrets } from "./secrets.js";

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
    if (typeof secrets === "object" && secrets !== null && "lists" in secrets) return secrets;
    const list = listOf(secrets);
    return {
        async *lists() {
            yield list;
        },
    };
}
