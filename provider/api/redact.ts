/**
 * What may be said of a text that a server sent. Servers echo headers and bodies in their errors, with the API key and
 * secrets in them, also encoded, also such as this provider has never seen. So only plain words pass.
 */

/** Longer texts are no messages for people. */
const maxCharacters = 200;

const plainWord =
    /^[("'`]*[A-Za-z]?[a-z]*(['’-][a-z]+)*[)"'`.,:;!?]*$|^[A-Z]{1,8}[.,:;!?]*$|^\d{1,3}[.,:;!?%]*$|^[-–—&+/]$/;

/** The longest word that passes: a secret of small letters alone would be longer. */
const maxWordLength = 20;

/** Shorter words are found by chance in what was sent. */
const minTokenLength = 4;

/**
 * The message of a server's error body, with everything that is not a plain word replaced by `…`; "" if there is none.
 *
 * @param sent what may have been echoed: no word that occurs in it passes
 */
export function readableMessage(body: string, sent = ""): string {
    const text = messageIn(body);
    if (text.includes("<")) return "";
    const words = text.split(/\s+/).filter((word) => word !== "");
    const echo = `${sent} ${decoded(sent)}`.toLowerCase();
    const isSafe = (word: string): boolean => {
        const bare = word.replace(/[^A-Za-z0-9]+$|^[^A-Za-z0-9]+/g, "");
        const isEcho = bare.length >= minTokenLength && echo.includes(bare.toLowerCase());
        return word.length <= maxWordLength && plainWord.test(word) && !isEcho;
    };
    const safe = words.map((word) => (isSafe(word) ? word : "…")).join(" ");
    const short = safe.replace(/(…\s*)+/g, "… ").trim();
    return /[a-z]/i.test(short) ? short.slice(0, maxCharacters) : "";
}

function decoded(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

function messageIn(body: string): string {
    let json: unknown;
    try {
        json = JSON.parse(body);
    } catch {
        return body.slice(0, 10 * maxCharacters);
    }
    for (const key of ["message", "error", "detail"]) {
        const value = (json as Record<string, unknown> | null)?.[key];
        if (typeof value === "string") return value;
        const inner = (value as Record<string, unknown> | null | undefined)?.message;
        if (typeof inner === "string") return inner;
    }
    return "";
}
