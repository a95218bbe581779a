import { bearerToken, type HeadersLike } from "./authorization.js";
import { indexOfSecret } from "./compare.js";
import { listsOf } from "./secret-source.js";
import { hasSecret, listOf, type Secrets } from "./secrets.js";
import { secretsMissing } from "./secrets-error.js";

/** Why a delivery is not genuine. Meant for the receiver's own log and figures, not for whoever sent it. */
export type RefusalReason =
    /** No `Authorization` header. */
    | "missing-header"
    /** An `Authorization` header that is not `Bearer <token>`, or more than one. */
    | "malformed-header"
    /** The token is none of the secrets. */
    | "wrong-secret";

/**
 * `secretIndex` is the matching secret's place in the list (0 for a single secret): with several generations, which one
 * is in use. 0 is the newest.
 */
export type Verification = { ok: true; secretIndex: number } | { ok: false; reason: RefusalReason };

/**
 * Tells whether a delivery was sent by Captions: whether its `Authorization` header carries one of the webhook's
 * secrets.
 *
 * That header is the only proof there is: Captions does not sign deliveries.
 *
 * The comparison takes the same time whichever secret matches. The scheme `Bearer` is taken in any letter case. Empty
 * or missing secrets match nothing, and white space around a secret is not part of it. A function is called through
 * {@link cachedSecrets} with its defaults (one cache for each function, so hand in the same one every time).
 *
 * @example
 * ```ts
 * import { verifyDelivery } from "pulumi-captions/receiver";
 *
 * export async function isGenuine(request: Request): Promise<boolean> {
 *     const verification = await verifyDelivery(request.headers, [process.env.NEW_SECRET, process.env.OLD_SECRET]);
 *     return verification.ok;
 * }
 * ```
 *
 * @throws {SecretsError} When there is no secret (yet), or none could be fetched, so that the delivery can be neither
 * accepted nor rejected.
 */
export async function verifyDelivery(headers: HeadersLike, secrets: Secrets): Promise<Verification> {
    const bearer = bearerToken(headers);
    if ("reason" in bearer) return { ok: false, reason: bearer.reason };

    let compared = false;
    for await (const values of listsOf(secrets)) {
        const list = listOf(values);
        const secretIndex = await indexOfSecret(bearer.token, list);
        if (secretIndex >= 0) return { ok: true, secretIndex };
        compared = hasSecret(list);
    }
    if (!compared) throw secretsMissing();
    return { ok: false, reason: "wrong-secret" };
}
