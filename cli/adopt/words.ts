import { withoutGeneration } from "../../probe";

/** A random text without separators is longer than any word. */
const longestWord = 14;
/** Passphrases and UUIDs have more parts. */
const mostWords = 3;
/** A part that does not read like words is too short for a token below this. */
const shortestToken = 6;
/** `renderEvents`: with words of three letters or more, as in a random text there are shorter ones. */
const camelCase = /^[A-Za-z][a-z]{2,}(?:[A-Z][a-z]{2,})+$/;
/** What stands in front of a credential, as a segment of a path or as a parameter's name. */
const credential =
    /^(?:\w*[_-])?(?:token|key|apikey|secret|password|passwd|pass|pwd|auth|sig|signature|hmac|code|jwt)$/i;

/**
 * The words of a host label, a path segment or a value, in small letters; undefined unless all of it reads like words
 * and small numbers. Everything else may be a token.
 *
 * @example
 * ```ts
 * readableWords("renderEvents-v2"); // ["render", "events", "v2"]
 * readableWords("x7Kq2mVn8sLw4TzY"); // undefined
 * ```
 */
export function readableWords(part: string): readonly string[] | undefined {
    const words = part
        .split(/[-._~]+/)
        .filter((word) => word !== "")
        .flatMap((word) => (camelCase.test(word) ? word.split(/(?=[A-Z])/) : [word]));
    const isReadable = words.length > 0 && words.length <= mostWords && words.every(isWord);
    return isReadable ? words.map((word) => word.toLowerCase()) : undefined;
}

function isWord(word: string): boolean {
    if (/^(?:\d{1,4}|[A-Z]{1,4}|v\d{1,3})$/.test(word)) {
        return true;
    }
    const letters = /^([A-Z]?[a-z]*)\d{0,2}$/.exec(word)?.[1] ?? "";
    const isPronounceable = letters.length < 4 || (/[aeiouy]/i.test(letters) && !/[^aeiouy]{5}/i.test(letters));
    return letters.length > 0 && letters.length <= longestWord && isPronounceable;
}

/**
 * The words of a URL: of its host, without the top-level domain, and of its path, up to the first segment that may be a
 * token. None of its query.
 */
export function urlWords(url: string): readonly string[] {
    const { hostname, pathname } = new URL(url);
    const labels = hostname.split(".");
    const isAddress = labels.every((label) => /^\d+$/.test(label));
    const host = labels.length === 1 || isAddress ? labels : labels.slice(0, -1);
    const path = segments(pathname);
    const end = path.findIndex((text, index) => isNamed(path, index) || readableWords(text) === undefined);
    return [...host, ...path.slice(0, end < 0 ? path.length : end)].flatMap((part) => readableWords(part) ?? []);
}

/**
 * Whether a URL looks as if it had a credential in it: a user name, a query that does not read like words or is named
 * like a credential, or such a segment of its path.
 */
export function mayContainToken(url: string): boolean {
    const { username, password, pathname, searchParams } = new URL(withoutGeneration(url));
    const isSuspicious = (text: string): boolean => text.length >= shortestToken && readableWords(text) === undefined;
    return (
        username !== "" ||
        password !== "" ||
        segments(pathname).some((text, index, path) => isNamed(path, index) || isSuspicious(text)) ||
        [...searchParams].some(([name, value]) => credential.test(name) || isSuspicious(name) || isSuspicious(value))
    );
}

function segments(pathname: string): readonly string[] {
    return pathname.split("/").filter((text) => text !== "");
}

/** Whether the segment before names a credential: `/token/…`. */
function isNamed(path: readonly string[], index: number): boolean {
    return credential.test(path[index - 1] ?? "");
}
