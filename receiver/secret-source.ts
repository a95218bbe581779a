import { cachedSecrets } from "./cached-secrets.js";
import { type FetchSecrets, listOf, type SecretSource, type Secrets } from "./secrets.js";

/** One cache for each function, however often it is handed in. */
const sources = new WeakMap<FetchSecrets, SecretSource>();

/** @throws {SecretsError} When secrets that are given as they are cannot be secrets. */
export function sourceOf(secrets: Secrets): SecretSource {
    if (typeof secrets === "function") {
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
