import { isDeepStrictEqual } from "node:util";

/**
 * What counts as the same. Every `/update` rotates the secret, so two spellings of one thing must never look like a
 * change.
 */

/**
 * The one spelling that all spellings of a URL share: scheme and host in small letters, no default port, no dot
 * segments (WHATWG URL), and percent-encoding only where it is needed (RFC 3986, 6.2.2).
 */
export function canonicalUrl(url: string): string {
    let href: string;
    try {
        href = new URL(url).href;
    } catch {
        return url;
    }
    // After a % that begins nothing, a character that is decoded could make it begin something else.
    if (/%(?![0-9a-f]{2})/i.test(href)) return href;
    return href.replace(/%[0-9a-f]{2}/gi, (encoded) => {
        const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
        return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded.toUpperCase();
    });
}

/** Whether two URLs are the same for a server. What a user changes beyond that is a change. */
export function sameUrl(one: string, other: string): boolean {
    return one === other || canonicalUrl(one) === canonicalUrl(other);
}

/**
 * Whether one URL is how an API may show the other: besides {@link sameUrl}, with another case, or with or without a
 * slash at the end of its path. For responses only, so that an API's spelling is neither an error nor drift.
 */
export function alikeUrl(one: string, other: string): boolean {
    return looseUrl(one) === looseUrl(other);
}

/** The one text that all URLs share that are alike. */
export function looseUrl(url: string): string {
    return canonicalUrl(url)
        .toLowerCase()
        .replace(/\/+(?=$|[?#])/, "");
}

/** The events without doubles, in the order of the first of each. */
export function distinctEvents(events: readonly string[]): readonly string[] {
    return [...new Set(events)];
}

export function sameEvents(one: readonly string[], other: readonly string[]): boolean {
    return isDeepStrictEqual(new Set(one), new Set(other));
}

type Keepers = Readonly<Record<string, unknown>>;

/** Undefined, null and an empty object all mean that no rotation is asked for. */
export function sameKeepers(one: Keepers | null | undefined, other: Keepers | null | undefined): boolean {
    return isDeepStrictEqual(withoutNulls(one), withoutNulls(other));
}

/** The keepers that are set. */
export function withoutNulls(keepers: Keepers | null | undefined): Keepers {
    return Object.fromEntries(Object.entries(keepers ?? {}).filter(([, value]) => value != null));
}
