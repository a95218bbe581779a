import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a header has the API key: in constant time, and whatever the lengths, as the digests are equally long. */
export function isSameKey(given: string | string[] | undefined, expected: string): boolean {
    const digest = (key: string): Buffer => createHash("sha256").update(key).digest();
    return timingSafeEqual(digest(String(given ?? "")), digest(expected)) && given !== undefined;
}
