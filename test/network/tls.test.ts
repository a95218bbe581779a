import { connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startEmulator } from "../../emulator";
import { renders } from "../support/account";
import { apiKey, type Certificate, callInChild, clientOf, createAuthority, expectSentence, listen } from "./support";

/** The API with a certificate, behind what counts connections: a handshake that fails is no call. */
async function serve(tls: Certificate) {
    const emulator = await startEmulator({ apiKey, tls });
    onTestFinished(() => emulator.stop());
    const url = new URL(emulator.baseUrl);
    const apiPort = Number(url.port);
    const { port, connections } = await listen((socket) => {
        const onward = connect(apiPort, "127.0.0.1").on("error", () => socket.destroy());
        socket
            .on("close", () => onward.destroy())
            .pipe(onward)
            .pipe(socket);
    });
    return { emulator, baseUrl: Object.assign(url, { port }).href, connections };
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
    return call.then(
        () => undefined,
        (error: unknown) => error,
    );
}

test("a certificate of nobody known is refused, once and before anything is sent, and NODE_EXTRA_CA_CERTS is named", async () => {
    const authority = createAuthority();
    for (const certificate of [authority.selfSigned("IP:127.0.0.1"), authority.issue("IP:127.0.0.1")]) {
        const { emulator, baseUrl, connections } = await serve(certificate);
        const error = await failureOf(clientOf(baseUrl).register(renders));
        expectSentence(error);
        expect(error).toMatchObject({ name: "CallError", meaning: "did nothing" });
        expect(error.message).toMatch(/certificate is not trusted \([A-Z_]+\).*NODE_EXTRA_CA_CERTS/);
        expect([emulator.calls, connections()]).toEqual([[], 1]);
    }
});

test("NODE_EXTRA_CA_CERTS makes a private authority trusted, and no other", async () => {
    const [ours, other] = [createAuthority(), createAuthority()];
    const { emulator, baseUrl } = await serve(ours.issue("IP:127.0.0.1"));
    expect(await callInChild(baseUrl, { NODE_EXTRA_CA_CERTS: ours.file })).toHaveProperty("events");
    const environments: Record<string, string>[] = [{ NODE_EXTRA_CA_CERTS: other.file }, {}];
    for (const env of environments) {
        expect(await callInChild(baseUrl, env)).toMatchObject({ name: "CallError", meaning: "did nothing" });
    }
    expect(emulator.calls).toHaveLength(1);
});

test.each<[string, string, "expired" | "valid", RegExp]>([
    ["that has expired", "IP:127.0.0.1", "expired", /not valid now \(CERT_HAS_EXPIRED\)/],
    ["for another host", "DNS:other.example", "valid", /for another host \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
    ["for another address", "IP:192.0.2.1", "valid", /for another host/],
])("a certificate %s is refused though its authority is trusted", async (_, names, validity, words) => {
    const authority = createAuthority();
    const { emulator, baseUrl, connections } = await serve(authority.issue(names, validity));
    const refused = await callInChild(baseUrl, { NODE_EXTRA_CA_CERTS: authority.file });
    expect(refused).toMatchObject({ name: "CallError", meaning: "did nothing" });
    expect(refused.message).toMatch(words);
    expect([emulator.calls, connections()]).toEqual([[], 1]);
});

test.each<[string, string, RegExp]>([
    ["speaks plain http", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", /the TLS handshake failed/],
    ["answers rubbish", "\u0000\u0001\u0002 nothing of TLS", /the TLS handshake failed/],
    ["answers a TLS alert", "\u0015\u0003\u0003\u0000\u0002\u0002\u0028", /the TLS handshake failed/],
])("a server that %s on the https port is told so, and nothing was sent", async (_, answer, words) => {
    const { port } = await listen((socket) => socket.once("data", () => socket.end(answer, "latin1")));
    const error = await failureOf(clientOf(`https://127.0.0.1:${port}`).register(renders));
    expectSentence(error);
    expect(error).toMatchObject({ name: "CallError", meaning: "did nothing" });
    expect(error.message).toMatch(words);
});

test("a server that never ends the handshake is given up after the time for connecting", async () => {
    const { port, connections } = await listen(() => undefined);
    const error = await failureOf(clientOf(`https://127.0.0.1:${port}`, { connectTimeoutMs: 200 }).register(renders));
    expectSentence(error);
    expect(error).toMatchObject({ name: "CallError", meaning: "did nothing" });
    expect(error.message).toContain("no connection within 0.2 s");
    // As it is certain that nothing was sent.
    expect(connections()).toBe(3);
});

test("a handshake that breaks has sent nothing, so the call goes again", async () => {
    const { port, connections } = await listen((socket) => socket.once("data", () => socket.resetAndDestroy()));
    const error = await failureOf(clientOf(`https://127.0.0.1:${port}`).register(renders));
    expectSentence(error);
    expect(error).toMatchObject({ name: "CallError", meaning: "did nothing" });
    expect(connections()).toBe(3);
});

test("a port at which nothing listens, and a host that does not exist, are told as such", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    for (const [url, code] of [
        [`http://127.0.0.1:${port}`, /\(ECONNREFUSED\)/],
        [`https://127.0.0.1:${port}`, /\(ECONNREFUSED\)/],
        // RFC 6761: never exists. Without a network, its resolution fails in another way, or takes too long.
        ["https://api.captions.invalid/api/webhooks", /\((ENOTFOUND|EAI_AGAIN)\)|no connection within/],
    ] as const) {
        const error = await failureOf(clientOf(url).register(renders));
        expectSentence(error);
        expect(error).toMatchObject({ name: "CallError", meaning: "did nothing" });
        expect(error.message).toMatch(code);
    }
});
