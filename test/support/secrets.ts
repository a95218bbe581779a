/** What the engine's passphrase provider does, without a process of the engine. */
import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** By passphrase and salt: deriving one takes a quarter of a second. */
const keys = new Map<string, Buffer>();

function keyOf(passphrase: string, salt: string): Buffer {
    const name = JSON.stringify([passphrase, salt]);
    const known = keys.get(name);
    if (known !== undefined) return known;
    // v1:<salt>:<a text that only the right passphrase decrypts>
    const bytes = Buffer.from(salt.split(":")[1] ?? "", "base64");
    const key = pbkdf2Sync(passphrase, bytes, 1_000_000, 32, "sha256");
    keys.set(name, key);
    return key;
}

function decrypt(key: Buffer, ciphertext: string): string {
    const [, nonce = "", text = ""] = ciphertext.split(":");
    const bytes = Buffer.from(text, "base64");
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString("utf8");
}

/** @returns what stands for a text in a stack's configuration file */
export function conceal(text: string, passphrase: string, salt: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", keyOf(passphrase, salt), nonce);
    const bytes = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return ["v1", nonce.toString("base64"), bytes.toString("base64")].join(":");
}

/**
 * @param value something from a state, with secrets as the engine writes them
 * @param salt what the state says of how its secrets are encrypted: `v1:…`
 * @returns it with its secrets in clear
 */
export function reveal(value: unknown, passphrase: string, salt: string): unknown {
    if (Array.isArray(value)) return value.map((one) => reveal(one, passphrase, salt));
    if (typeof value !== "object" || value === null) return value;
    const { ciphertext } = value as { readonly ciphertext?: unknown };
    if (typeof ciphertext === "string") return JSON.parse(decrypt(keyOf(passphrase, salt), ciphertext));
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, reveal(one, passphrase, salt)]));
}
