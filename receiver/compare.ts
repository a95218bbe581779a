import { keptOf } from "./secrets.js";

/**
 * The index of the first secret that equals the token, or -1.
 *
 * Takes the same time whichever secret matches, or none: both sides are hashed, so that neither the length nor the
 * first differing character shows, and every secret is compared, without an exit in between.
 */
export async function indexOfSecret(
    token: string,
    secrets: readonly string[],
    equal: (left: Uint8Array, right: Uint8Array) => 0 | 1 = equalBytes,
): Promise<number> {
    const wanted = await sha256(token);
    const known = await hashesOf(secrets);
    let found = -1;
    for (let index = known.length - 1; index >= 0; index--) {
        const hash = known[index] ?? new Uint8Array(wanted.length);
        // An empty secret equals nothing. Arithmetic instead of `if`, so that a match takes no other path than a miss.
        const matches = equal(wanted, hash) & Number(secrets[index] !== "");
        found += (index - found) * matches;
    }
    return found;
}

async function hashesOf(secrets: readonly string[]): Promise<readonly Uint8Array[]> {
    const kept = keptOf(secrets);
    if (kept?.hashes !== undefined) return kept.hashes;
    const made = await Promise.all(secrets.map(sha256));
    if (kept !== undefined) kept.hashes = made;
    return made;
}

/**
 * At once where the runtime has Node's modules: to wait for another thread takes longer than all the rest of a
 * delivery.
 */
export function sha256(text: string): Uint8Array | Promise<Uint8Array> {
    return nodeCrypto()?.hash?.("sha256", text, "buffer") ?? subtleSha256(text);
}

interface NodeCrypto {
    hash?(algorithm: "sha256", text: string, encoding: "buffer"): Uint8Array;
}

/** Not imported, as the receiver also runs where there is no such module. */
function nodeCrypto(): NodeCrypto | undefined {
    const { process } = globalThis as { process?: { getBuiltinModule?(name: "node:crypto"): NodeCrypto | undefined } };
    return process?.getBuiltinModule?.("node:crypto");
}

async function subtleSha256(text: string): Promise<Uint8Array> {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function equalBytes(left: Uint8Array, right: Uint8Array): 0 | 1 {
    let difference = left.length ^ right.length;
    for (let index = 0; index < left.length; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
    return difference === 0 ? 1 : 0;
}
