import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type Emulator, startEmulator } from "../../emulator";
import { TlsError } from "../../provider/errors";
import { create, read } from "../../provider/lifecycle";
import { Ledger } from "../../provider/lifecycle/ledger";
import { renders, shortLimits } from "../support/account";
import { apiKey, type Certificate, callInChild, clientOf, createAuthority, expectSentence, listen } from "./support";

async function serve(tls: Certificate): Promise<Emulator> {
    const emulator = await startEmulator({ apiKey, tls });
    onTestFinished(() => emulator.stop());
    return emulator;
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
        const emulator = await serve(certificate);
        const error = await failureOf(clientOf(emulator.baseUrl).register(renders));
        expectSentence(error);
        expect(error).toBeInstanceOf(TlsError);
        expect(error).toMatchObject({ effect: "none" });
        expect(error.message).toMatch(/certificate is not trusted \([A-Z_]+\).*NODE_EXTRA_CA_CERTS/);
        expect(emulator.calls).toEqual([]);
    }
});

test("NODE_EXTRA_CA_CERTS makes a private authority trusted, and no other", async () => {
    const [ours, other] = [createAuthority(), createAuthority()];
    const emulator = await serve(ours.issue("IP:127.0.0.1"));
    expect(await callInChild(emulator.baseUrl, { NODE_EXTRA_CA_CERTS: ours.file })).toHaveProperty("events");
    const environments: Record<string, string>[] = [{ NODE_EXTRA_CA_CERTS: other.file }, {}];
    for (const env of environments) {
        expect(await callInChild(emulator.baseUrl, env)).toMatchObject({ name: "TlsError", effect: "none" });
    }
    expect(emulator.calls).toHaveLength(1);
});

test.each<[string, string, "expired" | "valid", RegExp]>([
    ["that has expired", "IP:127.0.0.1", "expired", /not valid now \(CERT_HAS_EXPIRED\)/],
    ["for another host", "DNS:other.example", "valid", /for another host \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
    ["for another address", "IP:192.0.2.1", "valid", /for another host/],
])("a certificate %s is refused though its authority is trusted", async (_, names, validity, words) => {
    const authority = createAuthority();
    const emulator = await serve(authority.issue(names, validity));
    const refused = await callInChild(emulator.baseUrl, { NODE_EXTRA_CA_CERTS: authority.file });
    expect(refused).toMatchObject({ name: "TlsError", effect: "none" });
    expect(refused.message).toMatch(words);
    expect(refused.milliseconds).toBeLessThan(2_000);
    expect(emulator.calls).toEqual([]);
});

test.each<[string, string, RegExp]>([
    ["speaks plain http", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", /does not speak TLS as it should/],
    ["answers rubbish", "\u0000\u0001\u0002 nothing of TLS", /does not speak TLS as it should/],
    ["answers a TLS alert", "\u0015\u0003\u0003\u0000\u0002\u0002\u0028", /does not speak TLS as it should/],
])("a server that %s on the https port is told so, and nothing was sent", async (_, answer, words) => {
    const { port } = await listen((socket) => socket.once("data", () => socket.end(answer, "latin1")));
    const error = await failureOf(clientOf(`https://127.0.0.1:${port}`).register(renders));
    expectSentence(error);
    expect(error).toMatchObject({ name: "TlsError", effect: "none" });
    expect(error.message).toMatch(words);
});

test("a server that never ends the handshake is given up after the time for connecting", async () => {
    const { port } = await listen(() => undefined);
    const started = Date.now();
    const error = await failureOf(clientOf(`https://127.0.0.1:${port}`, { connect: 200 }).register(renders));
    expectSentence(error);
    expect(error).toMatchObject({ name: "ConnectionError", effect: "none" });
    expect(error.message).toContain("no connection within 0.2 s");
    // Three attempts, as it is certain that nothing was sent.
    expect(Date.now() - started).toBeLessThan(2_000);
});

test("a handshake that breaks has sent nothing, so the call goes again", async () => {
    const { port, connections } = await listen((socket) => socket.once("data", () => socket.resetAndDestroy()));
    const error = await failureOf(clientOf(`https://127.0.0.1:${port}`).register(renders));
    expectSentence(error);
    expect(error).toMatchObject({ name: "ConnectionError", effect: "none" });
    expect(connections()).toBe(3);
});

test("https connections are kept open between calls", async () => {
    const authority = createAuthority();
    const emulator = await serve(authority.issue("IP:127.0.0.1"));
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    onTestFinished(() => {
        if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
        else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    });
    const client = clientOf(emulator.baseUrl);
    const ledger = new Ledger(client, shortLimits);
    const { id, outputs } = await create(ledger, renders);
    expect(await read(new Ledger(client, shortLimits), id, outputs)).toMatchObject(renders);
    expect(emulator.connections).toBe(1);
    expect(emulator.calls.map(({ endpoint }) => endpoint)).toEqual(["list", "register", "list"]);
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
        expect(error).toMatchObject({ name: "ConnectionError", effect: "none" });
        expect(error.message).toMatch(code);
    }
});
