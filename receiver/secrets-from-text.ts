import { problemOf } from "./secrets.js";
import { secretsMalformed } from "./secrets-error.js";

/**
 * Secrets from an environment variable, a file or a secret store: one secret, several with white space between them, or
 * JSON (a list of strings or one string, as `pulumi stack output secrets --json --show-secrets` prints it).
 *
 * Quotes around the whole text, which env files keep, are not part of it. Bytes may be UTF-8 or UTF-16, with or without
 * a byte order mark, as PowerShell's `>` writes them.
 *
 * @example
 * ```ts
 * import { createReceiver, secretsFromText } from "pulumi-captions/receiver";
 *
 * export const receiver = createReceiver({
 *     secrets: secretsFromText(process.env.CAPTIONS_WEBHOOK_SECRETS),
 *     onDelivery: (delivery) => console.log(delivery.event),
 * });
 * ```
 *
 * @returns The secrets in the text's order; none if the text is empty or missing.
 * @throws {SecretsError} With the code `secrets-malformed`, if it is anything else. The message says what is wrong,
 * without any of the text.
 */
export function secretsFromText(text: string | Uint8Array | undefined | null): string[] {
    if (text === undefined || text === null) return [];
    const inner = unquoted(textOf(text).trim());
    return /^[[{]/.test(inner) ? listedIn(inner) : wordsIn(inner);
}

function textOf(given: unknown): string {
    if (typeof given === "string") return given;
    if (!(given instanceof Uint8Array)) throw secretsMalformed(`they are of type ${typeof given}, not a text`);
    const [first, second] = given;
    // A byte order mark, or the zero byte that each character of a secret has in UTF-16.
    if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return utf16(given, true);
    if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return utf16(given, false);
    try {
        return new TextDecoder("utf-8", { fatal: true }).decode(given);
    } catch {
        throw secretsMalformed("the text is neither UTF-8 nor UTF-16");
    }
}

function utf16(bytes: Uint8Array, littleEndian: boolean): string {
    if (bytes.length % 2 !== 0) throw secretsMalformed("the text looks like UTF-16, but was cut off");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let text = "";
    for (let offset = 0; offset < bytes.length; offset += 2) {
        text += String.fromCharCode(view.getUint16(offset, littleEndian));
    }
    return text;
}

/** Those that env files and shells know. */
const quotes = ['"', "'", "`"];

/** Without quotes around the whole. As long as there are any: one pair may be JSON's, and one the env file's. */
function unquoted(text: string): string {
    const quote = text.charAt(0);
    if (text.length < 2 || !quotes.includes(quote) || !text.endsWith(quote)) return text;
    const string = quote === '"' ? jsonIn(text) : undefined;
    return unquoted((typeof string === "string" ? string : text.slice(1, -1)).trim());
}

function listedIn(text: string): string[] {
    const list = jsonIn(text);
    if (list === undefined) throw secretsMalformed("the text begins with a bracket, but is not JSON");
    if (!Array.isArray(list)) throw secretsMalformed("the text is JSON, but not a list");
    return list.flatMap((secret: unknown) => {
        if (typeof secret !== "string") throw secretsMalformed("the list has something in it that is not a string");
        const problem = problemOf(secret.trim());
        if (problem !== undefined) throw secretsMalformed(`a secret in the list ${problem}`);
        return secret.trim() || [];
    });
}

/** What stands between secrets in other forms of a list, or in a text that is none, such as an error page. */
const foreign: [RegExp, string][] = [
    [/[,;]/, "a comma or semicolon"],
    [/["'`]/, "a quote"],
    [/[()[\]{}<>]/, "a bracket"],
    [/\\/, "a backslash"],
    [/[^\x21-\x7e]/, "a character that is not printable ASCII, as a text in another encoding has"],
    // Base64 ends with it; elsewhere it stands behind a name.
    [/=[^=]/, "an equals sign, as after the name of a variable"],
    [/^(null|undefined|true|false)$/, "the value of a variable that is not set"],
    [/^\*+$/, "nothing but asterisks, as a masked secret"],
];

function wordsIn(text: string): string[] {
    const words = text.split(/\s+/).filter((word) => word !== "");
    for (const [pattern, what] of foreign) {
        if (words.some((word) => pattern.test(word))) throw secretsMalformed(`the text has ${what}`);
    }
    return words;
}

function jsonIn(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        // The parser's own message quotes the text, which has secrets in it.
        return undefined;
    }
}
