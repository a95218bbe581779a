import { isLoopback, proxyFor } from "./provider";

/** The proxy that leads to a URL's host, if there is one. This machine is never asked through a proxy. */
export function proxyOf(url: URL, environment: Readonly<Record<string, string | undefined>>): URL | undefined {
    return isLoopback(url.hostname) ? undefined : proxyFor(url, environment);
}
