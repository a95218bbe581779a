import { createHash } from "node:crypto";

/**
 * A secret's version in a text that shows nothing of it: secrets are long and random, so no hash of one can be undone.
 */
export function versionOf(secret: string): string {
    return createHash("sha256").update(secret).digest("hex").slice(0, 16);
}

/** The versions of the secrets that receivers were seen to accept in this run. */
export class Proofs {
    readonly #versions = new Set<string>();

    add(secret: string): void {
        this.#versions.add(versionOf(secret));
    }

    has(secret: string): boolean {
        return this.#versions.has(versionOf(secret));
    }
}
