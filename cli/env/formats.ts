/** How a variable is written. */
export const formats = ["dotenv", "json", "shell"] as const;
export type Format = (typeof formats)[number];

/**
 * The secrets as the value of a variable that `secretsFromText` reads: a list in JSON. Characters that shells and
 * dotenv files give a meaning to, also within quotes, are escaped as JSON does it, so that each format is right.
 */
export function secretsValue(secrets: readonly string[]): string {
    const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    return JSON.stringify(secrets).replace(/['`$#]/g, escaped);
}

/** A variable in a format, without a line's end. */
export function format(name: string, value: string, as: Format): string {
    switch (as) {
        case "dotenv":
            // Within single quotes nothing has a meaning, and there is none in the value.
            return `${name}='${value}'`;
        case "json":
            return JSON.stringify({ [name]: value }, null, 2);
        case "shell":
            return `export ${name}='${value}'`;
    }
}
