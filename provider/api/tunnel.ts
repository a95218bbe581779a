import http from "node:http";
import https from "node:https";
import { withoutBrackets } from "./proxy";

/**
 * A request to a proxy for a connection to a host, with the user name and the password that the proxy's URL contains.
 * It is not sent before `end()`.
 *
 * @param host without brackets, if it is an IPv6 address
 */
export function requestTunnel(proxy: URL, host: string, port: number): http.ClientRequest {
    const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    return (proxy.protocol === "https:" ? https : http).request({
        host: withoutBrackets(proxy.hostname),
        port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
        method: "CONNECT",
        path: target,
        headers: { Host: target, ...authorization(proxy) },
        agent: false,
    });
}

function authorization({ username, password }: URL): { "Proxy-Authorization"?: string } {
    if (username === "" && password === "") return {};
    const credentials = `${decoded(username)}:${decoded(password)}`;
    return { "Proxy-Authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}

function decoded(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}
