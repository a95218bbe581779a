import { BlockList, isIP } from "node:net";
import { ConfigurationError } from "../errors";

/*
 * Why this is not left to a library: `proxy-from-env` knows neither addresses and ranges in NO_PROXY nor `*` beside
 * others, as curl and Pulumi's engine do, and a proxy that only some of the tools on a machine use is worse than none.
 */

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that `HTTPS_PROXY` and `NO_PROXY` name for an https URL, read as curl and Pulumi's engine read them: small
 * letters do as well, and an entry of `NO_PROXY` means a host with all below it, an address, a range, or `*`.
 *
 * @throws ConfigurationError where `HTTPS_PROXY` is no URL of a proxy
 */
export function proxyFor(target: URL, environment: Environment): URL | undefined {
    const value = environment.https_proxy || environment.HTTPS_PROXY;
    if (!value || bypasses(environment.no_proxy || environment.NO_PROXY || "", target)) return undefined;
    const text = value.includes("://") ? value : `http://${value}`;
    const proxy = URL.canParse(text) ? new URL(text) : undefined;
    if (proxy === undefined || !/^https?:$/.test(proxy.protocol) || proxy.hostname === "") {
        throw new ConfigurationError("HTTPS_PROXY must be an http or https URL, like http://proxy.example.com:3128");
    }
    return proxy;
}

function bypasses(noProxy: string, target: URL): boolean {
    const host = withoutBrackets(target.hostname);
    const port = target.port || "443";
    return noProxy
        .toLowerCase()
        .split(/[\s,]+/)
        .filter((entry) => entry !== "")
        .some((entry) => {
            if (entry === "*") return true;
            const [, name = entry, only] = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
            return (only === undefined || only === port) && covers(withoutBrackets(name), host);
        });
}

function covers(entry: string, host: string): boolean {
    const family = isIP(host) === 6 ? "ipv6" : "ipv4";
    const [network = "", prefix] = entry.split("/");
    if (isIP(network) !== 0) {
        const bits = prefix === undefined ? (isIP(network) === 6 ? 128 : 32) : Number(prefix);
        if (!(Number.isInteger(bits) && bits >= 0 && bits <= (isIP(network) === 6 ? 128 : 32))) return false;
        const range = new BlockList();
        range.addSubnet(network, bits, isIP(network) === 6 ? "ipv6" : "ipv4");
        return isIP(host) !== 0 && range.check(host, family);
    }
    const domain = entry.replace(/^\*?\./, "");
    return host === domain || host.endsWith(`.${domain}`);
}

/** The host name as a socket takes it. */
export function withoutBrackets(hostname: string): string {
    return hostname.replace(/^\[(.*)\]$/, "$1");
}
