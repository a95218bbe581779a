import { proxyOf } from "./proxy";
import type { CheckResult } from "./result";
import { isSecret } from "./secret";
import { send } from "./send";
import { isSafeForSecrets } from "./url";

export interface DeliverOnceOptions {
    /** An absolute https URL (http only for this machine). */
    readonly url: string;
    /** The secret that the receiver must accept: the newest of its webhook. */
    readonly secret: string;
    /** What is sent, byte for byte. */
    readonly body: Uint8Array;
    /** How long to wait for the answer, in seconds. */
    readonly timeoutSeconds: number;
    readonly signal: AbortSignal;
    /** Where `HTTPS_PROXY` and `NO_PROXY` are looked up. */
    readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Sends one delivery with the right secret, once: nothing is tried again, and no wrong secret is sent along, because
 * the receiver handles what it accepts.
 *
 * @throws TypeError where the URL or the secret cannot be used; the message shows neither
 * @throws ConfigurationError where `HTTPS_PROXY` is not a URL
 */
export async function deliverOnce(options: DeliverOnceOptions): Promise<CheckResult> {
    const { secret, body, timeoutSeconds, signal } = options;
    if (!isSafeForSecrets(options.url)) {
        throw new TypeError("deliverOnce: url must be an absolute https URL (http only for localhost)");
    }
    if (!isSecret(secret)) {
        throw new TypeError("deliverOnce: secret must be printable ASCII without spaces");
    }
    const url = new URL(options.url);
    const { answer, instance } = await send(url, secret, body, {
        timeoutSeconds,
        signal,
        proxy: proxyOf(url, options.environment),
    });
    const ok = answer.outcome === "accepted";
    return {
        place: 0,
        expected: "accepted",
        ok,
        ...answer,
        requests: 1,
        right: ok ? 1 : 0,
        instances: ok && instance !== undefined ? 1 : 0,
    };
}
