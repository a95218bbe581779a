import { readFile, stat } from "node:fs/promises";
import { type CachedSecretsOptions, cachedSecrets } from "./cached-secrets.js";
import { OptionsCheck } from "./options.js";
import type { SecretSource } from "./secrets.js";
import { secretsFromText } from "./secrets-from-text.js";

/**
 * Secrets from a file, such as a mounted Kubernetes Secret or a Docker secret, in a form that {@link secretsFromText}
 * reads. The file is read again as soon as it has changed, without a restart. (In its own entry point, because it needs
 * Node's `fs`.)
 *
 * If the file is gone, empty (as `pulumi stack output … > file` leaves it for some seconds) or not a list of secrets,
 * the last secrets stay valid for `maxStaleSeconds`, by default a day, and `onFetchError` is called. Without any yet,
 * deliveries are answered with 503.
 *
 * @example
 * ```ts
 * import { createReceiver } from "pulumi-captions/receiver";
 * import { secretsFromFile } from "pulumi-captions/receiver/node";
 *
 * export const receiver = createReceiver({
 *     secrets: secretsFromFile("/var/run/secrets/captions/webhook-secrets"),
 *     onDelivery: (delivery) => console.log(delivery.event),
 * });
 * ```
 */
export function secretsFromFile(
    path: string | URL,
    options: Pick<CachedSecretsOptions, "maxStaleSeconds" | "onFetchError"> = {},
): SecretSource {
    if (typeof path !== "string" && !(path instanceof URL)) {
        throw new TypeError("secretsFromFile: the path must be a string or a file URL.");
    }
    new OptionsCheck("secretsFromFile", options).numbers("maxStaleSeconds").functions("onFetchError").only();
    let read: { stamp: string; secrets: string[] } | undefined;

    async function secretsNow(): Promise<string[]> {
        // Asked before reading: what is written in between is found the next time.
        const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
        const stamp = [ino, size, mtimeNs, ctimeNs].join();
        if (read?.stamp !== stamp) read = { stamp, secrets: secretsFromText(await readFile(path)) };
        return read.secrets;
    }

    // Looking whether the file has changed costs next to nothing, so it is done for every delivery.
    return cachedSecrets(secretsNow, { ...options, maxAgeSeconds: 0, minRefetchSeconds: 0 });
}
