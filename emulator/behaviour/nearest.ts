import { closest, distance } from "fastest-levenshtein";

/** The name that was probably meant, or undefined where none is near. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
    if (names.length === 0) return undefined;
    const name = closest(typed, names);
    // More letters wrong than right is another word.
    return distance(typed, name) <= Math.max(2, name.length / 2 - 1) ? name : undefined;
}
