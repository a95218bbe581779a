import type { IncomingMessage } from "node:http";
import { isSameKey } from "../api/key";

/** Where the emulator listens, and the key that it asks for. */
export interface Access {
    /** Whether only this machine can connect. */
    readonly local: boolean;
    readonly apiKey: string;
}

/**
 * Why a request must not control the emulator, or undefined if it may.
 *
 * Where only this machine can connect, no key is needed. But the browser on this machine connects on behalf of any web
 * site, so other hosts' names are rejected: a site can let its own name point at 127.0.0.1, and would then count as the
 * same origin (DNS rebinding). Where others can connect, a `Host` header proves nothing, and the API key is needed.
 */
export function whyNotInControl(request: IncomingMessage, access: Access): "wrong-host" | "no-key" | undefined {
    if (access.local) return isOwnHost(request.headers.host) ? undefined : "wrong-host";
    return isSameKey(request.headers["x-api-key"], access.apiKey) ? undefined : "no-key";
}

/** Whether a browser says that another site made the request. Programs send neither header. */
export function isFromAnotherSite({ headers }: IncomingMessage, { local }: Access): boolean {
    const site = headers["sec-fetch-site"];
    if (site !== undefined && site !== "same-origin" && site !== "none") return true;
    if (headers.origin === undefined) return false;
    const origin = URL.canParse(headers.origin) ? new URL(headers.origin).host : "";
    return origin !== headers.host || (local && !isOwnHost(origin));
}

/** Whether a host name, in any case, or an address is this machine's only. */
export function isLoopback(host: string): boolean {
    return /^(localhost|::1|127(\.\d{1,3}){3})$/i.test(host);
}

function isOwnHost(given: string | undefined): boolean {
    if (given === undefined || !URL.canParse(`http://${given}`)) return false;
    return isLoopback(new URL(`http://${given}`).hostname.replace(/^\[|\]$/g, ""));
}
