/**
 * Stands for a value that is not known yet, in a preview. Each front puts it in place of what its host uses for that,
 * also where a list or an object is expected.
 */
export const unknown: unique symbol = Symbol("not known yet");

/** Whether a value is not known yet. */
export function isUnknown(value: unknown): boolean {
    return value === unknown;
}

/** Whether a value is not known yet, or has such a value in it at any depth. */
export function hasUnknown(value: unknown): boolean {
    if (isUnknown(value)) return true;
    return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}
