/**
 * A text that somebody else wrote, for a screen: without what moves the cursor, turns the line around or cannot be
 * seen. Names of resources, outputs and ids may come from anybody's branch.
 */
export function printable(text: string): string {
    return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "");
}

/** The names, and how many more there are than `most`. */
export function listed(names: readonly string[], most: number): string {
    const shown = names.slice(0, most).join(", ");
    return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
