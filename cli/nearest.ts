import { closest, distance } from "fastest-levenshtein";

/** The name that was probably meant, or undefined where none is near. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
    const begun = names.find(
        (name) => name.length > 2 && (typed.startsWith(`${name}-`) || name.startsWith(`${typed}-`)),
    );
    const name = begun ?? (names.length === 0 ? undefined : closest(typed, names));
    // With more letters wrong than right it is another word.
    const isNear = name !== undefined && distance(typed, name) <= Math.max(2, name.length / 2 - 1);
    return begun !== undefined || isNear ? name : undefined;
}
