import type { IncomingMessage } from "node:http";

/**
 * Whether a request may see the page and use the control endpoint. They have no key, as only this machine reaches them; but the
 * browser on this machine does, on behalf of any web site. So they are closed to
 *
 * - other hosts' names: a site can let its own name point at 127.0.0.1 and would then count as the same origin (DNS rebinding);
 * - requests that another site makes, which browsers tell by `Sec-Fetch-Site` and `Origin`.
 */
export function isFromHere(request: IncomingMessage, host: string): boolean {
    return isOwnHost(request.headers.host, host) && !isFromAnotherSite(request, host);
}

/** Whether a browser says that another site made the request. Programs send neither header. */
export function isFromAnotherSite({ headers }: IncomingMessage, host: string): boolean {
    const site = headers["sec-fetch-site"];
    if (site !== undefined && site !== "same-origin" && site !== "none") return true;
    if (headers.origin === undefined) return false;
    const origin = URL.canParse(headers.origin) ? new URL(headers.origin).host : "";
    return !isOwnHost(origin, host) || origin !== headers.host;
}

function isOwnHost(given: string | undefined, host: string): boolean {
    if (given === undefined || !URL.canParse(`http://${given}`)) return false;
    const { hostname } = new URL(`http://${given}`);
    const name = hostname.replace(/^\[|\]$/g, "");
    return isLoopback(name) || name === host;
}

export function isLoopback(host: string): boolean {
    return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
