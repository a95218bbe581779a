import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { describe, type ProbeOptions, probe } from "../../probe";
import { parseDelivery } from "../../receiver";
import { unusedPort } from "../support/ports";
import { instance, listen, serve } from "./support";

const secret = "whsec_newest-Qm4TzYb1Kd6XqR2m";

/** One round with one secret: the two answers, and what is said of them. */
async function ask(url: string, options: Partial<ProbeOptions> = {}) {
    const result = await probe({ targets: [{ url, secrets: [secret] }], random: () => 0, ...options });
    const [known, wrong] = result.targets[0]?.checks ?? [];
    return { ok: result.ok, known, wrong, said: describe(result) };
}

test("what is sent is a delivery as Captions sends it, and says in its operationId that it is a test", async () => {
    const seen: { request: IncomingMessage; body: string }[] = [];
    const url = await serve((request, response) => {
        let body = "";
        request.on("data", (part) => {
            body += String(part);
        });
        request.on("end", () => {
            seen.push({ request, body });
            instance(() => [secret])(request, response);
        });
    });
    for (const event of ["creator.success", "creator.failure", "creator.new", "pulumi-captions.test"]) {
        expect(await ask(url, { event })).toMatchObject({ ok: true });
    }
    const ids = seen.map(({ body }) => JSON.parse(body).operationId);
    for (const [index, { request, body }] of seen.entries()) {
        expect(request).toMatchObject({ method: "POST", url: "/hooks" });
        expect(request.headers).toMatchObject({ "content-type": "application/json", connection: "close" });
        parseDelivery(body);
        expect(ids[index]).toMatch(/^pulumi-captions-test-[0-9a-f]{16}$/);
    }
    // Each is fresh, so that none is taken for a repeat, and comes on a connection of its own.
    expect(new Set(ids).size).toBe(8);
    expect(new Set(seen.map(({ request }) => request.socket)).size).toBe(8);
});

test.each([
    ["a password", { "WWW-Authenticate": 'Basic realm="staging"' }, 401, ""],
    ["a domain login", { "WWW-Authenticate": "Negotiate" }, 401, ""],
    ["nginx' page", { "Content-Type": "text/html" }, 403, "<html>\r\n<head><title>403 Forbidden</title></head>"],
    ["a login page with 200", { "Content-Type": "text/html" }, 200, "<!-- v1 --><!DOCTYPE html><title>Log in</title>"],
    ["a page without a type", {}, 403, "  <!doctype HTML>"],
    ["a captive portal", {}, 511, ""],
])("an intermediary's answer is not taken for the receiver's: %s", async (_, headers, status, body) => {
    const url = await serve((_, response) => response.writeHead(status, headers).end(body));
    const { ok, known, wrong, said } = await ask(url);
    expect({ ok, known, wrong }).toMatchObject({
        ok: false,
        known: { outcome: "intermediary", status },
        wrong: { outcome: "intermediary", ok: false },
    });
    expect(said).toContain(`Something in front of the receiver answered in its place (status ${status}`);
});

test.each([
    ["plain", {}],
    ["with what Express calls HTML", { "Content-Type": "text/html; charset=utf-8" }],
    ["with a name", { "Captions-Receiver-Instance": "a" }],
    ["with the challenge that createReceiver sends", { "WWW-Authenticate": "Bearer" }],
])("a receiver's own answer is taken as such: %s", async (_, headers) => {
    const url = await serve((request, response) => {
        const known = request.headers.authorization === `Bearer ${secret}`;
        response.writeHead(known ? 200 : 401, headers).end(known ? "ok" : "no");
    });
    expect(await ask(url)).toMatchObject({ ok: true });
});

test("where the secret is accepted, a login that stops the wrong one is as good as a receiver's rejection", async () => {
    const url = await serve((request, response) => {
        const known = request.headers.authorization === `Bearer ${secret}`;
        response.writeHead(known ? 200 : 401, known ? {} : { "WWW-Authenticate": 'Basic realm="app"' }).end();
    });
    // In both orders: the first number is the known secret's, the second the wrong one's.
    for (const order of [
        [0, 1],
        [1, 0],
    ]) {
        let drawn = 0;
        const result = await ask(url, { random: () => order[drawn++] ?? 0 });
        expect(result).toMatchObject({ ok: true, wrong: { outcome: "rejected", status: 401 } });
    }
    const page = await serve((request, response) => {
        const known = request.headers.authorization === `Bearer ${secret}`;
        response
            .writeHead(200, { "Content-Type": "text/html" })
            .end(known ? "ok" : "<!doctype html><title>Log in</title>");
    });
    expect(await ask(page)).toMatchObject({ ok: false, wrong: { outcome: "intermediary", status: 200 } });
});

test.each([401, 403])("where everything is answered %i alike, both reasons are given", async (status) => {
    const { ok, said } = await ask(await serve((_, response) => response.writeHead(status).end()));
    expect(ok).toBe(false);
    expect(said).toContain(
        `Each secret, a wrong one included, was rejected alike (${status}). Either the receiver knows`,
    );
    const signed = await ask(
        await serve((_, response) => response.writeHead(status, { "WWW-Authenticate": "Bearer" }).end()),
    );
    expect(signed.said).toContain(`The newest secret was rejected (${status}): the receiver does not know it yet.`);
});

test.each([
    [302, "Declare the URL that it leads to"],
    [400, 'did not accept the event "pulumi-captions.test". Receivers should answer 200'],
    [404, "There is no receiver at this path"],
    [405, "does not allow POST"],
    [429, "too many requests"],
    [500, "whether it knows the secret is unknown"],
    [502, "A gateway in front of the receiver"],
    [503, "cannot look up its secrets"],
])("status %i says what to look at; nothing is followed or tried again", async (status, words) => {
    let requests = 0;
    const url = await serve((_, response) => {
        requests++;
        response.writeHead(status, { location: "/elsewhere", "content-type": "text/html" }).end("<html>");
    });
    const { known, wrong, said } = await ask(url);
    expect(known).toMatchObject({ outcome: "other", ok: false, status });
    expect(wrong).toMatchObject({ outcome: "other", ok: false, status });
    expect(said).toContain(words);
    expect(requests).toBe(2);
});

test("a receiver that checks the body before the secret is found", async () => {
    const url = await serve(({ headers }, response) => {
        response.writeHead(headers.authorization === `Bearer ${secret}` ? 200 : 400).end();
    });
    expect((await ask(url)).said).toContain("the receiver checks the body before the secret");
});

test("no answer in time, a connection that is closed, and one that cannot be opened are told apart", async () => {
    const hanging = await ask(await serve(() => undefined), { timeoutSeconds: 0.2 });
    expect(hanging.known).toMatchObject({ outcome: "timeout" });
    expect(hanging.said).toContain("No answer within 0.2 s");

    const closed = await ask(await serve(({ socket }) => socket.destroy()));
    expect(closed.known).toMatchObject({ outcome: "closed", code: "ECONNRESET" });
    expect(closed.said).toContain("See the receiver's log");

    const down = await ask(`http://127.0.0.1:${await unusedPort()}/`);
    expect(down).toMatchObject({ known: { outcome: "no-connection", code: "ECONNREFUSED" } });
    expect(down.wrong).toMatchObject({ outcome: "skipped", requests: 0 });
});

test("only the status counts: a body that never ends does not keep it waiting", async () => {
    const endless = await serve(({ headers }, response) => {
        response.writeHead(headers.authorization === `Bearer ${secret}` ? 200 : 401).write("{");
    });
    expect(await ask(endless, { timeoutSeconds: 0.3 })).toMatchObject({ ok: true });
});

test("a certificate that nobody trusts, and a server without TLS", async () => {
    const untrusted = await ask((await serveTls()).url);
    expect(untrusted.known).toMatchObject({ outcome: "untrusted", code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    expect(untrusted.said).toContain("set NODE_EXTRA_CA_CERTS here");
    expect(untrusted.wrong).toMatchObject({ outcome: "skipped" });

    const plain = await ask((await serve((_, response) => response.end())).replace("http:", "https:"));
    expect(plain.known).toMatchObject({ outcome: "untrusted" });
    expect(plain.said).toContain("The TLS handshake with the receiver failed");
});

test("a proxy that does not connect is told apart from a receiver that rejects", async () => {
    for (const [status, words] of [
        [403, "did not connect to the receiver (status 403)"],
        [407, "did not connect to the receiver (status 407)"],
    ] as const) {
        const proxy = await serveProxy((socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
        const refused = await ask("https://receiver.example/hooks", { environment: { HTTPS_PROXY: proxy.url } });
        expect(refused.known).toMatchObject({ outcome: "proxy", status });
        expect(refused.said).toContain(words);
        expect(proxy.asked).toEqual(["receiver.example:443"]);
    }
    const down = { HTTPS_PROXY: `http://127.0.0.1:${await unusedPort()}` };
    const unreachable = await ask("https://receiver.example/hooks", { environment: down });
    expect(unreachable.said).toContain("The proxy of HTTPS_PROXY cannot be reached (ECONNREFUSED)");
});

test("through a proxy's tunnel, and past it for what NO_PROXY names, in a process that trusts the receiver", async () => {
    const { url, certificate } = await serveTls();
    // Not a name of this machine, so that it takes the proxy; it leads here all the same.
    const target = url.replace("127.0.0.1", "0.0.0.0");
    const proxy = await serveProxy((socket, host) => {
        const [name = "", port] = host.split(":");
        const onward = connect(Number(port), name, () => {
            socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
            socket.pipe(onward).pipe(socket);
        });
        onward.on("error", () => socket.destroy());
        socket.on("error", () => onward.destroy());
    });
    for (const [environment, tunnels] of [
        [{ HTTPS_PROXY: proxy.url }, 2],
        [{ HTTPS_PROXY: proxy.url, NO_PROXY: "0.0.0.0/8" }, 0],
    ] as const) {
        proxy.asked.length = 0;
        const result = await probeInChild({ url: target, secrets: [secret] }, environment, certificate);
        expect(result).toMatchObject({ ok: true });
        expect(proxy.asked).toEqual(Array(tunnels).fill(new URL(target).host));
    }
});

async function serveProxy(onConnect: (socket: Socket, host: string) => void) {
    const asked: string[] = [];
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
        sockets.add(socket);
        socket
            .on("error", () => undefined)
            .once("data", (head) => {
                const host = /^CONNECT (\S+)/.exec(String(head))?.[1] ?? "";
                asked.push(host);
                onConnect(socket, host);
            });
    });
    onTestFinished(() => {
        server.close();
        for (const socket of sockets) {
            socket.destroy();
        }
    });
    return { url: `http://127.0.0.1:${await listen(server)}`, asked };
}

async function serveTls(): Promise<{ url: string; certificate: string }> {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-probe-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const names = "subjectAltName=IP:127.0.0.1,IP:0.0.0.0";
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
    const subject = ["-subj", "/CN=localhost", "-addext", names, "-keyout", key, "-out", certificate];
    execFileSync("openssl", [...args, ...subject], { stdio: "ignore" });
    const server = createTlsServer(
        { key: readFileSync(key), cert: readFileSync(certificate) },
        instance(() => [secret]),
    );
    const url = `https://127.0.0.1:${await listen(server)}/hooks`;
    onTestFinished(() => {
        server.closeAllConnections();
        server.close();
    });
    return { url, certificate };
}

/** In a process of its own, as `NODE_EXTRA_CA_CERTS` is read at its start only. */
async function probeInChild(target: { url: string; secrets: string[] }, env: object, certificate: string) {
    const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "child.ts")], {
        cwd: join(__dirname, "../.."),
        env: { PATH: process.env.PATH, ...env, NODE_EXTRA_CA_CERTS: certificate, TARGET: JSON.stringify(target) },
        stdio: ["ignore", "pipe", "inherit"],
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
        stdout += part;
    });
    await once(child, "close");
    return JSON.parse(stdout);
}
