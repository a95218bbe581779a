import { createServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { type Emulator, startEmulator } from "../../emulator";
import { proxyFor } from "../../provider/api/proxy";
import { ConfigurationError } from "../../provider/errors";
import { findLeaks } from "../support/leaks";
import { unusedPort } from "../support/ports";
import {
    type Authority,
    apiKey,
    callInChild,
    createAuthority,
    listen,
    onRequest,
    startRecorder,
    startTinyProxy,
} from "./support";

interface Api {
    readonly emulator: Emulator;
    /** Not a name of this machine for the client, so that it takes the proxy; it leads here all the same. */
    readonly baseUrl: string;
    readonly target: string;
    readonly authority: Authority;
    readonly env: Readonly<Record<string, string>>;
}

async function startApi(): Promise<Api> {
    const authority = createAuthority();
    const emulator = await startEmulator({ apiKey, tls: authority.issue("IP:0.0.0.0,IP:127.0.0.1") });
    onTestFinished(() => emulator.stop());
    const target = new URL(emulator.url).host.replace("127.0.0.1", "0.0.0.0");
    return {
        emulator,
        baseUrl: `https://${target}/api/webhooks`,
        target,
        authority,
        env: { NODE_EXTRA_CA_CERTS: authority.file },
    };
}

const known = ["creator.success", "creator.failure"];

test.each(["HTTPS_PROXY", "https_proxy"])(
    "an https call goes through the real proxy of %s in a tunnel, so that the proxy never sees the key",
    async (variable) => {
        const { emulator, baseUrl, target, env } = await startApi();
        const proxy = await startTinyProxy();
        const recorder = await startRecorder(proxy.port);
        const result = await callInChild(baseUrl, { ...env, [variable]: `http://127.0.0.1:${recorder.port}` });
        expect(result).toMatchObject({ events: known });
        expect(emulator.calls).toMatchObject([{ endpoint: "events", status: 200 }]);
        expect(proxy.log()).toContain(`CONNECT ${target}`);
        expect(recorder.bytes()).toMatch(new RegExp(`^CONNECT ${target.replaceAll(".", "\\.")} HTTP/1\\.1\r\n`));
        expect(recorder.bytes().length).toBeGreaterThan(1_000);
        const seen = new Map([
            ["the proxy's log", proxy.log()],
            ["what went through the proxy", recorder.bytes()],
        ]);
        expect(findLeaks(seen, [apiKey, "creator.success", "x-api-key"])).toEqual([]);
    },
);

test("a proxy that wants credentials gets them from the URL, in the CONNECT alone, and no message shows them", async () => {
    const { baseUrl, env, authority } = await startApi();
    let headers: readonly string[] = [];
    const { key, cert } = authority.issue("IP:0.0.0.0");
    const api = createServer({ key, cert }, (request, response) => {
        headers = Object.keys(request.headers);
        response.end('{"events": []}');
    });
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
        api.close();
        api.closeAllConnections();
    });
    const proxy = await startTinyProxy(["BasicAuth somebody pass-word-9f"]);
    const recorder = await startRecorder(proxy.port);
    const through = (credentials: string) => {
        const url = baseUrl.replace(/:\d+\//, `:${(api.address() as AddressInfo).port}/`);
        return callInChild(url, { ...env, HTTPS_PROXY: `http://${credentials}127.0.0.1:${recorder.port}` });
    };
    expect(await through("somebody:pass%2Dword-9f@")).toMatchObject({ events: [] });
    expect(recorder.bytes().match(/^proxy-authorization:/gim)).toHaveLength(1);
    expect(headers).toContain("x-api-key");
    expect(headers).not.toContain("proxy-authorization");
    headers = [];
    const credentials = ["pass-word-9f", "somebody:pass-word-9f", "wrong-word-7a"];
    for (const wrong of ["", "somebody:wrong-word-7a@"]) {
        const refused = await through(wrong);
        expect(refused).toMatchObject({ name: "CallError", meaning: "did nothing" });
        expect(refused.message).toMatch(
            /the proxy 127\.0\.0\.1:\d+ of HTTPS_PROXY did not connect.*user name and a password/,
        );
        expect(findLeaks(new Map([["the message", refused.shown + refused.message]]), credentials)).toEqual([]);
    }
    expect(headers).toEqual([]);
});

test("a real proxy that refuses is told as such, not as the API's answer, and nothing is sent", async () => {
    const { emulator, baseUrl, env } = await startApi();
    const proxy = await startTinyProxy(["Deny 127.0.0.1"]);
    const refused = await callInChild(baseUrl, { ...env, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    expect(refused).toMatchObject({ name: "CallError", meaning: "did nothing" });
    expect(refused.message).toMatch(
        /the proxy 127\.0\.0\.1:\d+ of HTTPS_PROXY did not connect to the API \(status 403\)/,
    );
    expect(refused.message).not.toContain("enterprise");
    expect(emulator.calls).toEqual([]);
});

test("a real proxy that cannot reach the API is told as such, and not waited for like an API's 503", async () => {
    const { baseUrl, env } = await startApi();
    const proxy = await startTinyProxy();
    const gone = baseUrl.replace(/:\d+\//, `:${await unusedPort()}/`);
    const failed = await callInChild(gone, { ...env, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    expect(failed).toMatchObject({ name: "CallError", meaning: "did nothing" });
    expect(failed.message).toMatch(/did not connect to the API \(status 5\d\d\)/);
    expect(failed.notices).toEqual([]);
});

test.each<[string, string]>([
    ["answers 503 with a Retry-After", "HTTP/1.1 503 Busy\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n"],
    ["answers 407 and repeats what it got", "HTTP/1.1 407 Who\r\nContent-Length: 5\r\n\r\nECHO!"],
    ["answers something else than HTTP", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["answers endless headers", `HTTP/1.1 200 OK\r\n${"X-Flood: 0123456789\r\n".repeat(10_000)}`],
    ["closes at once", ""],
])("a proxy that %s ends in a sentence, and nothing is sent", async (_, answer) => {
    const { emulator, baseUrl, env } = await startApi();
    const { port } = await listen((socket) => onRequest(socket, () => socket.end(answer)));
    const failed = await callInChild(baseUrl, { ...env, HTTPS_PROXY: `http://127.0.0.1:${port}` });
    expect(failed).toMatchObject({ name: "CallError", meaning: "did nothing" });
    expect(failed.message).toMatch(/^POST \S+: .*the proxy 127\.0\.0\.1:\d+ of HTTPS_PROXY.*[.?]$/);
    expect(failed.message).not.toMatch(/undefined|axios/i);
    expect(failed.notices).toEqual([]);
    expect(emulator.calls).toEqual([]);
});

test("a proxy that is down is named", async () => {
    const { baseUrl, env } = await startApi();
    const failed = await callInChild(baseUrl, {
        ...env,
        HTTPS_PROXY: `http://who:word-5d@127.0.0.1:${await unusedPort()}`,
    });
    expect(failed).toMatchObject({ name: "CallError", meaning: "did nothing" });
    expect(failed.message).toMatch(/cannot connect to the proxy 127\.0\.0\.1:\d+ of HTTPS_PROXY \(ECONNREFUSED\)/);
    expect(failed.shown + failed.message).not.toContain("word-5d");
});

test.each(["before the tunnel", "in the TLS handshake behind it"])(
    "a proxy that hangs %s is given up after the time for connecting, and the process ends",
    async (when) => {
        const { baseUrl, env } = await startApi();
        const { port } = await listen((socket) =>
            onRequest(socket, () => {
                if (when !== "before the tunnel") socket.write("HTTP/1.1 200 OK\r\n\r\n");
            }),
        );
        const failed = await callInChild(
            baseUrl,
            { ...env, HTTPS_PROXY: `http://127.0.0.1:${port}` },
            { connectTimeoutMs: 300 },
        );
        expect(failed).toMatchObject({ name: "CallError", meaning: "did nothing" });
        expect(failed.message).toMatch(/no connection within 0\.3 s through the proxy/);
    },
);

test("a proxy that reads the TLS inside of the tunnel is not trusted", async () => {
    const { baseUrl, authority, emulator } = await startApi();
    const other = createAuthority();
    const spy = await startEmulator({ apiKey, tls: other.issue("IP:0.0.0.0") });
    onTestFinished(() => spy.stop());
    const { port } = await listen((socket) => {
        socket.once("data", () => {
            const onward = connect(Number(new URL(spy.url).port), "127.0.0.1");
            onward.on("error", () => socket.destroy());
            onTestFinished(() => {
                onward.destroy();
            });
            socket.write("HTTP/1.1 200 OK\r\n\r\n");
            socket.pipe(onward).pipe(socket);
        });
    });
    const env = { NODE_EXTRA_CA_CERTS: authority.file, HTTPS_PROXY: `http://127.0.0.1:${port}` };
    expect(await callInChild(baseUrl, env)).toMatchObject({ name: "CallError", meaning: "did nothing" });
    expect([...spy.calls, ...emulator.calls]).toEqual([]);
});

test("a proxy that speaks TLS itself is used when it is trusted", async () => {
    const { baseUrl, authority, env, target } = await startApi();
    const certificate = authority.issue("IP:127.0.0.1");
    let asked = "";
    const server = createTlsServer(certificate, (socket) => {
        socket.on("error", () => undefined);
        socket.once("data", (part) => {
            asked = part.toString();
            const onward = connect(Number(target.split(":")[1]), "127.0.0.1");
            onward.on("error", () => socket.destroy());
            socket.on("close", () => onward.destroy());
            socket.write("HTTP/1.1 200 OK\r\n\r\n");
            socket.pipe(onward).pipe(socket);
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
        server.close();
    });
    const { port } = server.address() as AddressInfo;
    expect(await callInChild(baseUrl, { ...env, HTTPS_PROXY: `https://127.0.0.1:${port}` })).toMatchObject({
        events: known,
    });
    expect(asked).toMatch(/^CONNECT /);
    expect(findLeaks(new Map([["what the proxy saw", asked]]), [apiKey])).toEqual([]);
});

test("NO_PROXY is honoured, and HTTP_PROXY means nothing for https", async () => {
    const { baseUrl, env, target } = await startApi();
    const proxy = await listen((socket) => socket.destroy());
    const HTTPS_PROXY = `http://127.0.0.1:${proxy.port}`;
    for (const NO_PROXY of ["0.0.0.0", `elsewhere.example, ${target}`, "*", "0.0.0.0/8"]) {
        expect(await callInChild(baseUrl, { ...env, HTTPS_PROXY, NO_PROXY })).toMatchObject({ events: known });
    }
    expect(await callInChild(baseUrl, { ...env, HTTP_PROXY: HTTPS_PROXY })).toMatchObject({ events: known });
    expect(proxy.connections()).toBe(0);
});

test("http and https to this machine never go to a proxy, which would read the key", async () => {
    const proxy = await listen((socket) => socket.destroy());
    const url = `http://127.0.0.1:${proxy.port}`;
    const everything = { HTTP_PROXY: url, http_proxy: url, HTTPS_PROXY: url, ALL_PROXY: url };
    const plain = await startEmulator({ apiKey });
    onTestFinished(() => plain.stop());
    expect(await callInChild(plain.baseUrl, everything)).toMatchObject({ events: known });
    expect(await callInChild(plain.baseUrl, { ...everything, NODE_USE_ENV_PROXY: "1" })).toMatchObject({
        events: known,
    });
    const { emulator, env } = await startApi();
    expect(await callInChild(emulator.baseUrl, { ...env, ...everything })).toMatchObject({ events: known });
    expect(proxy.connections()).toBe(0);
});

test.each<[string, string, boolean]>([
    ["", "https://api.example.com/", true],
    ["*", "https://api.example.com/", false],
    ["api.example.com", "https://api.example.com/", false],
    ["API.Example.COM", "https://api.example.com/", false],
    ["example.com", "https://api.example.com/", false],
    [".example.com", "https://api.example.com/", false],
    ["*.example.com", "https://api.example.com/", false],
    ["ample.com", "https://api.example.com/", true],
    ["api.example.com.", "https://api.example.com/", true],
    ["example.org , api.example.com", "https://api.example.com/", false],
    ["example.org api.example.com", "https://api.example.com/", false],
    ["api.example.com:443", "https://api.example.com/", false],
    ["api.example.com:8443", "https://api.example.com/", true],
    ["api.example.com:8443", "https://api.example.com:8443/", false],
    ["192.0.2.7", "https://192.0.2.7/", false],
    ["192.0.2.0/24", "https://192.0.2.7/", false],
    ["192.0.2.0/24", "https://192.0.3.7/", true],
    ["192.0.2.0/240", "https://192.0.2.7/", true],
    ["192.0.2.0/24", "https://api.example.com/", true],
    ["2001:db8::1", "https://[2001:db8::1]/", false],
    ["[2001:db8::1]", "https://[2001:db8:0:0::1]/", false],
    ["[2001:db8::1]:8443", "https://[2001:db8::1]/", true],
    ["2001:db8::/32", "https://[2001:db8:5::1]/", false],
])("with NO_PROXY=%s a call to %s goes through the proxy: %s", (noProxy, url, through) => {
    const proxy = proxyFor(new URL(url), { HTTPS_PROXY: "http://proxy.example:3128", NO_PROXY: noProxy });
    expect(proxy !== undefined).toBe(through);
});

test("HTTPS_PROXY may leave out the scheme, and is refused without being repeated where it is no proxy", () => {
    const target = new URL("https://api.example.com/");
    expect(proxyFor(target, { HTTPS_PROXY: "proxy.example:3128" })?.host).toBe("proxy.example:3128");
    expect(proxyFor(target, { HTTPS_PROXY: "" })).toBeUndefined();
    for (const HTTPS_PROXY of [
        "socks5://who:word-5d@proxy.example",
        "http://",
        "http://a b",
        "http://who:word-5d@x:99999",
    ]) {
        const read = () => proxyFor(target, { HTTPS_PROXY });
        expect(read).toThrow(ConfigurationError);
        expect(read).not.toThrow(/word-5d/);
    }
});
