import type { Socket } from "node:net";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { FaultKind } from "../../emulator";
import { create, read, remove, renders, startAccount, stored, update } from "../support/account";
import { clientOf, expectSentence, listen, onRequest } from "./support";

const webhook = { id: "wh_1", ...renders, secret: "whsec_9fJ2kQ7xZpL4mN8rT1vB6cW3" };
const right = JSON.stringify(webhook);
const crlf = "\r\n";

function http(head: string, body: string | Buffer = right, version = "HTTP/1.1"): Buffer {
    const lines = head === "" ? "" : head + crlf;
    return Buffer.concat([Buffer.from(`${version} 200 OK${crlf}${lines}${crlf}`, "latin1"), Buffer.from(body)]);
}

function whole(head: string, body: string | Buffer = right): Buffer {
    return http(`${head === "" ? "" : head + crlf}Content-Length: ${Buffer.byteLength(body)}`, body);
}

type Answer = (socket: Socket, request: string) => void;

async function serving(answer: Answer): Promise<string> {
    const { port } = await listen((socket) => onRequest(socket, (request) => answer(socket, request)));
    return `http://127.0.0.1:${port}/api/webhooks`;
}

const ends =
    (bytes: Buffer | string): Answer =>
    (socket) =>
        socket.end(bytes);
const stays =
    (bytes: Buffer | string): Answer =>
    (socket) =>
        socket.write(bytes);

/** Writes a piece again and again for as long as somebody reads. */
function endless(first: Buffer | string, piece: Buffer | string): Answer {
    return (socket) => {
        socket.write(first);
        const more = (): void => {
            while (!socket.destroyed && socket.writable && socket.write(piece));
        };
        socket.on("drain", more);
        more();
    };
}

describe("an answer is taken", () => {
    test.each<[string, Answer]>([
        ["without a length, that ends with the connection", ends(http("Connection: close"))],
        ["without any header at all", ends(http(""))],
        ["of an HTTP/1.0 server", ends(http("Content-Type: application/json", right, "HTTP/1.0"))],
        ["in chunks, with extensions and trailers", stays(http("Transfer-Encoding: chunked", chunked(right)))],
        [
            "after 100 Continue, 102 and 103",
            stays(Buffer.concat([interim(100), interim(102), interim(103), whole("")])),
        ],
        ["as text/html", stays(whole("Content-Type: text/html"))],
        ["with a content type that is none", stays(whole("Content-Type: ;;;"))],
        [
            "without a reason phrase",
            stays(Buffer.from(whole("").toString("latin1").replace("200 OK", "200 "), "latin1")),
        ],
        [
            "with status 201",
            stays(Buffer.from(whole("").toString("latin1").replace("200 OK", "201 Created"), "latin1")),
        ],
        ["with many headers", stays(whole(`${"X-Some: thing\r\n".repeat(100)}X-Last: 1`))],
        ["with a byte order mark", stays(whole("", `\ufeff${right}`))],
        ["as gzip", stays(whole("Content-Encoding: gzip", gzipSync(right)))],
        ["as x-gzip in capitals", stays(whole("Content-Encoding: X-GZIP", gzipSync(right)))],
        ["as deflate", stays(whole("Content-Encoding: deflate", deflateSync(right)))],
        [
            "as deflate without its head, as some servers do",
            stays(whole("Content-Encoding: deflate", deflateRawSync(right))),
        ],
        ["as brotli", stays(whole("Content-Encoding: br", brotliCompressSync(right)))],
        ["with a key __proto__", stays(whole("", right.replace("{", '{"__proto__": {"secret": "x"}, ')))],
        ["a byte at a time", byteByByte(whole(""))],
    ])("%s", async (_, answer) => {
        const { id, secret } = await clientOf(await serving(answer)).register(renders);
        expect({ id, secret }).toEqual({ id: webhook.id, secret: webhook.secret });
    });
});

function chunked(text: string): string {
    const middle = Math.floor(text.length / 2);
    const parts = [text.slice(0, middle), text.slice(middle)].map(
        (part) => `${part.length.toString(16)};a=b\r\n${part}\r\n`,
    );
    return `${parts.join("")}0\r\nX-Trailer: 1\r\n\r\n`;
}

function interim(status: number): Buffer {
    return Buffer.from(`HTTP/1.1 ${status} Wait\r\nLink: </x>\r\n\r\n`);
}

function byteByByte(bytes: Buffer): Answer {
    return (socket) => {
        let at = 0;
        const next = (): void => {
            if (at >= bytes.length || socket.destroyed) return;
            socket.write(bytes.subarray(at, ++at), () => setImmediate(next));
        };
        next();
    };
}

const zeros = Buffer.alloc(64 * 1024 * 1024);

describe("an answer ends in a sentence, in time, and shows nothing secret", () => {
    test.each<[string, Answer, RegExp]>([
        ["that never comes", () => undefined, /no complete response within 0\.4 s/],
        ["of which the head never ends", stays("HTTP/1.1 200 OK\r\nX-Slow: "), /no complete response within 0\.4 s/],
        ["whose body never ends", stays(http("Content-Length: 1000")), /no complete response within 0\.4 s/],
        ["that trickles for ever", trickle(), /no complete response within 0\.4 s/],
        ["of nothing but 100 Continue for ever", endless("", interim(100)), /no complete response within 0\.4 s/],
        [
            "that switches protocols",
            stays("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),
            /no complete response within 0\.4 s|closed before a response|cut off/,
        ],
        ["that is a closed connection", (socket) => socket.end(), /closed before a response|cut off/],
        ["that is a reset", (socket) => socket.resetAndDestroy(), /closed before a response|cut off/],
        ["that breaks after half of the body", ends(http("Content-Length: 1000")), /closed before a response|cut off/],
        [
            "that breaks within a chunk",
            ends(http("Transfer-Encoding: chunked", "ff\r\nabc")),
            /closed before a response|cut off/,
        ],
        [
            "with a chunk's size that is none",
            stays(http("Transfer-Encoding: chunked", "xyz\r\nabc")),
            /closed before a response|cut off/,
        ],
        [
            "with a flood of headers",
            stays(whole("X-Flood: 0123456789\r\n".repeat(10_000).trim())),
            /closed before a response|cut off/,
        ],
        [
            "with one header of a megabyte",
            stays(whole(`X-Flood: ${"x".repeat(1024 * 1024)}`)),
            /closed before a response|cut off/,
        ],
        [
            "with headers for ever",
            endless("HTTP/1.1 200 OK\r\n", "X-Flood: 0123456789\r\n"),
            /closed before a response|cut off|no complete/,
        ],
        ["that is no HTTP", ends("220 mail.example ESMTP\r\n"), /closed before a response|cut off/],
        [
            "of HTTP/2",
            ends(Buffer.from("\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000", "latin1")),
            /closed before a response|cut off/,
        ],
        ["with two lengths", stays(http("Content-Length: 5\r\nContent-Length: 6")), /closed before a response|cut off/],
        [
            "with a length and chunks",
            stays(http("Content-Length: 5\r\nTransfer-Encoding: chunked")),
            /closed before a response|cut off/,
        ],
        ["with a negative length", stays(http("Content-Length: -5")), /closed before a response|cut off/],
        ["that says 204", stays("HTTP/1.1 204 No Content\r\n\r\n"), /does not match the API documentation/],
        ["that says 205 with nothing", stays("HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n"), /does not match/],
        ["that says 304", stays("HTTP/1.1 304 Not Modified\r\n\r\n"), /status 304/],
        ["of status 999", stays(Buffer.from(whole("").toString().replace("200 OK", "999 What"))), /status 999/],
        [
            "that is larger than 10 MB",
            endless(http("Content-Length: 999999999"), zeros.subarray(0, 65_536)),
            /larger than 10 MB/,
        ],
        [
            "of chunks for ever",
            endless(http("Transfer-Encoding: chunked", ""), `10000\r\n${"x".repeat(65_536)}\r\n`),
            /larger than 10 MB/,
        ],
        ["that is a gzip bomb", stays(whole("Content-Encoding: gzip", gzipSync(zeros))), /larger than 10 MB/],
        ["that is a brotli bomb", stays(whole("Content-Encoding: br", brotliCompressSync(zeros))), /larger than 10 MB/],
        ["that is a deflate bomb", stays(whole("Content-Encoding: deflate", deflateSync(zeros))), /larger than 10 MB/],
        [
            "with a gzip cut short",
            stays(whole("Content-Encoding: gzip", gzipSync(right).subarray(0, 40))),
            /cut off|does not match/,
        ],
        [
            "with a gzip of which the checksum is wrong",
            stays(whole("Content-Encoding: gzip", spoiled())),
            /cut off|does not match/,
        ],
        ["that calls clear text gzip", stays(whole("Content-Encoding: gzip")), /cut off|does not match/],
        ["that calls clear text brotli", stays(whole("Content-Encoding: br")), /cut off|does not match/],
        [
            "in an encoding that nobody asked for",
            stays(whole("Content-Encoding: zstd", gzipSync(right))),
            /does not match/,
        ],
        ["that is empty", stays(whole("", "")), /does not match/],
        ["that is null", stays(whole("", "null")), /does not match/],
        ["that is a list", stays(whole("", `[${right}]`)), /does not match/],
        ["that is nested 100,000 deep", stays(whole("", "[".repeat(100_000) + "]".repeat(100_000))), /does not match/],
        ["in UTF-16", stays(whole("", Buffer.from(right, "utf16le"))), /does not match/],
        ["that repeats the request as JSON", echo("application/json"), /status 500/],
        ["that repeats the request as text", echo("text/plain"), /status 500/],
        [
            "that repeats the request in its reason phrase",
            (socket, request) => socket.end(`HTTP/1.1 500 ${keyIn(request)}\r\n\r\n`),
            /status 500/,
        ],
        [
            "that repeats the request as a redirect",
            (socket, request) =>
                socket.end(
                    `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/${keyIn(request)}\r\nContent-Length: 0\r\n\r\n`,
                ),
            /Redirects are never followed/,
        ],
        [
            "that asks to wait for a hundred years",
            stays("HTTP/1.1 429 Wait\r\nRetry-After: 3153600000\r\nContent-Length: 0\r\n\r\n"),
            /asks to wait/,
        ],
        [
            "that asks to wait for longer than numbers go",
            stays(`HTTP/1.1 429 Wait\r\nRetry-After: ${"9".repeat(400)}\r\nContent-Length: 0\r\n\r\n`),
            /asks to wait/,
        ],
    ])("%s", async (_, answer, words) => {
        let requests = 0;
        const counted: Answer = (socket, request) => {
            requests++;
            answer(socket, request);
        };
        const client = clientOf(await serving(counted), {
            callTimeoutMs: words.source.includes("0\\.4") ? 400 : 5_000,
        });
        const error = await client.register(renders).then(
            () => undefined,
            (failure: unknown) => failure,
        );
        // One attempt: of a `/register` whose answer is lost nobody knows whether it was done.
        expect(requests).toBe(1);
        expectSentence(error, [webhook.secret]);
        expect(error.message).toMatch(words);
    });
});

function trickle(): Answer {
    return (socket) => {
        socket.write(http("Content-Length: 100000", "{"));
        const timer = setInterval(() => socket.write(" "), 20);
        socket.once("close", () => clearInterval(timer));
    };
}

function spoiled(): Buffer {
    const bytes = gzipSync(right);
    bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 0xff;
    return bytes;
}

function keyIn(request: string): string {
    return /^x-api-key: *(.+)$/im.exec(request)?.[1]?.trim() ?? "";
}

function echo(type: string): Answer {
    return (socket, request) => {
        const text = `Failed: ${request} ${webhook.secret}`;
        const body = type === "application/json" ? JSON.stringify({ error: text, message: text }) : text;
        socket.end(
            `HTTP/1.1 500 Failed\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
    };
}

test("an answer with more bytes than it promised is taken once, and the rest belongs to nobody", async () => {
    const client = clientOf(await serving(stays(Buffer.concat([whole(""), whole("", '{"id": "wh_evil"}')]))));
    for (const _ of [1, 2, 3]) {
        const outcome = await client.register(renders).catch((error: unknown) => error);
        if (outcome instanceof Error) expectSentence(outcome);
        else expect(outcome).toMatchObject({ id: webhook.id });
    }
});

test.each([301, 302, 303, 307, 308])(
    "a redirect with status %i is never followed, as the key would go along",
    async (status) => {
        const elsewhere = await listen((socket) => socket.destroy());
        const location = `http://127.0.0.1:${elsewhere.port}/api/webhooks/register`;
        const base = await serving(
            stays(`HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`),
        );
        await expect(clientOf(base).register(renders)).rejects.toThrow(/Redirects are never followed/);
        expect(elsewhere.connections()).toBe(0);
    },
);

test.each(["gzip", "br", "deflate"] as const)(
    "the emulator's %s is undone in a whole life of a webhook",
    async (compression) => {
        const { run, emulator } = await startAccount({ compression });
        const { id, outputs } = await create(run(), renders);
        const changed = await update(run(), id, stored(outputs), { ...renders, enabledEvents: ["creator.success"] });
        expect(await read(run(), id, stored(changed))).toMatchObject({ secret: emulator.webhooks[0]?.secret });
        await remove(run(), id, changed);
        expect(emulator.webhooks).toEqual([]);
    },
);

test.each<FaultKind>(["close-after", "close-on-reuse"])(
    "connections that the server closes between calls (%s) fail no run, change nothing twice and lose nothing",
    async (kind) => {
        const { run, emulator } = await startAccount();
        emulator.inject({ endpoint: "any", kind, times: 1_000 });
        const ledger = run();
        const { id, outputs } = await create(ledger, renders);
        const changed = await update(ledger, id, stored(outputs), { ...renders, rotateWhenChanged: { a: 1 } });
        expect(changed).toMatchObject({ secret: emulator.webhooks[0]?.secret, secretVersion: 2 });
        expect(await read(ledger, id, stored(changed))).toMatchObject({ secretVersion: 2 });
        expect(emulator.webhooks).toHaveLength(1);
        await remove(ledger, id, changed);
        expect(emulator.webhooks).toEqual([]);
    },
);

test("each call has a connection of its own, so that a server which closes kept connections costs nothing", async () => {
    const { port, connections } = await listen((socket) =>
        onRequest(socket, () => {
            socket.write(whole("Connection: keep-alive", '{"events": ["creator.success"]}'));
            // Says that it will send nothing more, and goes on reading.
            socket.end();
        }),
    );
    const client = clientOf(`http://127.0.0.1:${port}`);
    for (const _ of [1, 2, 3]) expect(await client.events()).toEqual(["creator.success"]);
    expect(connections()).toBe(3);
});
