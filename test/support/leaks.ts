/** Finds secrets in texts, in clear or in an encoding that anyone can undo. */

/** What a secret looks like in clear, and in the encodings that logs and URLs use. */
function formsOf(secret: string): readonly string[] {
    const bytes = Buffer.from(secret);
    // Inside a longer text base64 depends on where the secret begins: the part that does not is searched for.
    const shifted = [0, 1, 2].map((shift) => {
        const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
        return encoded
            .slice(shift === 0 ? 0 : 4)
            .replace(/=+$/, "")
            .slice(0, -2);
    });
    const forms = [
        secret,
        encodeURIComponent(secret),
        JSON.stringify(secret).slice(1, -1),
        bytes.toString("hex"),
        ...shifted,
        ...shifted.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
    ];
    return [...new Set(forms)];
}

/**
 * @param texts what to search, by the name to report it under
 * @returns where something was found, without repeating it
 */
export function findLeaks(texts: ReadonlyMap<string, string>, secrets: Iterable<string>): readonly string[] {
    const forms = [...secrets].flatMap(formsOf);
    return [...texts].flatMap(([name, text]) => {
        const found = forms.find((form) => text.includes(form));
        if (found === undefined) return [];
        const at = text.indexOf(found);
        return [`${name}, at ${at}: …${text.slice(Math.max(0, at - 60), at)}[here]`];
    });
}
