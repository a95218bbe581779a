import { stripVTControlCharacters } from "node:util";

/** What a URL ends at. Until one of these has come, the rest of it may still be on its way. */
const url = /\bhttps:\/\/([^\s"'`<>|\\]+)(?=[\s"'`<>|\\])/gi;

/** The first names of hosts that explain or manage a service: no tunnel gives them to a user. */
const serviceNames =
    /^(www|docs?|developers?|help|support|status|dash(board)?|admin|api|app|accounts?|login|blog|community|get|update|dl)\./i;

/**
 * The public address that a tunnel names in its output: the first https URL without a path, on a host that is no
 * service's own. Links to documentation have a path (`https://developers.cloudflare.com/…`), or a host like
 * `dashboard.ngrok.com` or `ngrok.com`.
 *
 * @param output all that it has written so far to one stream
 * @returns the origin, or undefined while it has named none
 *
 * @example
 * ```ts
 * findPublicUrl("url=https://1a2b.ngrok-free.app\n"); // "https://1a2b.ngrok-free.app"
 * ```
 */
export function findPublicUrl(output: string): string | undefined {
    const text = stripVTControlCharacters(output);
    for (const { index, 1: rest = "" } of text.matchAll(url)) {
        const bare = `https://${rest.replace(/[.,;:!?)\]}]+$/, "")}`;
        // A custom domain may be as short as a service's own, but is given as a value: `url=…`, `"url":"…"`.
        const isValue = /\burl["']?\s*[=:]\s*["']?$/i.test(text.slice(0, index));
        if (isPublic(bare, isValue)) {
            return new URL(bare).origin;
        }
    }
    return undefined;
}

function isPublic(text: string, isValue: boolean): boolean {
    if (!URL.canParse(text)) {
        return false;
    }
    const { hostname, pathname, search, hash, username } = new URL(text);
    const isOrigin = pathname === "/" && `${search}${hash}${username}` === "";
    const labels = hostname.split(".");
    // `https://127.0.0.1` is this machine.
    const isName =
        labels.length > 1 && !/^\d+$/.test(labels.at(-1) ?? "") && !/(^|\.)local(host|domain)?$/.test(hostname);
    return isOrigin && isName && (isValue || (labels.length > 2 && !serviceNames.test(hostname)));
}
