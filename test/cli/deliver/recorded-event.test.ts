import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { serve as serveAny } from "../../probe/support";
import { unusedPort } from "../../support/ports";
import { cli, exit, leaks } from "../support";

const newest = "whsec_newest-Qm4TzYb1Kd6XqR2m";
const older = "whsec_older-8sLw4Vn0PaBc7Tr";
const videoUrl = "https://videos.example.com/v1.mp4?X-Amz-Signature=5f0c3a";
/** Spaces, an order and an escape that no serializer would give back. */
const recorded = `{ "operationId":"op_1",\n "event": "creator.success", "creditsSpent": 12.0, "url":"${videoUrl.replaceAll("/", "\\/")}", "new": "ü" }\n`;

interface Received {
    readonly authorization: string | undefined;
    readonly body: Buffer;
}

/** A receiver that answers with a status, and what it got. */
async function receive(status = 200, headers: Record<string, string> = {}) {
    const received: Received[] = [];
    const url = await serveAny(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) {
            chunks.push(chunk);
        }
        received.push({ authorization: request.headers.authorization, body: Buffer.concat(chunks) });
        response.writeHead(status, headers).end();
    });
    return { url, received };
}

/** A stack that exports these, to a `pulumi` that only tells them, and a file with the event. */
function project(outputs: object, event: string | Uint8Array = recorded) {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-deliver-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const pulumi = join(folder, "pulumi");
    writeFileSync(join(folder, "outputs.json"), JSON.stringify(outputs));
    writeFileSync(pulumi, `#!/bin/sh\ncat '${join(folder, "outputs.json")}'\n`, { mode: 0o755 });
    const file = join(folder, "event.json");
    writeFileSync(file, event);
    return { folder, file, args: ["deliver", "--stack", "dev", "--pulumi", pulumi] };
}

test("a recorded event is sent once to each URL, byte for byte, with the newest secret and with no other", async () => {
    const one = await receive();
    const other = await receive();
    const { args, file } = project({ secrets: [newest, older], url: [one.url, other.url, one.url] });
    const result = await cli([...args, "--body", file]);
    expect(result).toMatchObject({ code: exit.good, stderr: "" });
    for (const { url, received } of [one, other]) {
        expect(received).toEqual([{ authorization: `Bearer ${newest}`, body: Buffer.from(recorded) }]);
        expect(result.stdout).toContain(
            `Delivered creator.success (op_1) to ${new URL(url).origin}/…: accepted (200)\n- A receiver that has seen`,
        );
    }
    expect(leaks(result, [newest, older, videoUrl])).toEqual([]);
});

test("the generations of one webhook are one receiver: the event goes to the first of them", async () => {
    const { url, received } = await receive();
    const { args, file } = project({
        secrets: [newest, older],
        url: ["b", "a"].map((name) => `${url}?generation=${name}`),
    });
    const { stdout } = await cli([...args, "--body", file]);
    expect(received).toHaveLength(1);
    expect(stdout).toContain("?generation=b: accepted");
});

test.each([
    ["UTF-16 with a mark, as PowerShell writes it", Buffer.from(`\ufeff${recorded}`, "utf16le")],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${recorded}`)],
])("an event in %s arrives as UTF-8", async (_name, bytes) => {
    const { url, received } = await receive();
    const { args, file } = project({ secret: newest, url }, bytes);
    expect(await cli([...args, "--body", file])).toMatchObject({ code: exit.good });
    expect(await cli([...args, "--body", "-"], { input: bytes })).toMatchObject({ code: exit.good });
    expect(received.map(({ body }) => body.toString())).toEqual([recorded, recorded]);
});

test("what only the deployed receiver can judge is sent: an event type added later, and one that lacks a field", async () => {
    const { url, received } = await receive(400);
    for (const event of ['{"event":"creator.progress"}', '{"event":"creator.success"}']) {
        const { args, file } = project({ secret: newest, url }, event);
        const { code, stdout } = await cli([...args, "--body", file]);
        expect(code).toBe(exit.bad);
        expect(stdout).toMatch(/status 400\n- The newest secret got status 400: .* did not accept the event/);
        expect(received.pop()?.body.toString()).toBe(event);
    }
});

test("the receiver's answer is reported with what to do, as text and as JSON, and decides the exit code", async () => {
    for (const [status, said, outcome, ok] of [
        [204, /accepted \(204\)/, "accepted", true],
        [
            401,
            /rejected \(401\)\n- The newest secret was rejected \(401\): the receiver does not know it yet/,
            "rejected",
            false,
        ],
        [307, /status 307\n- The URL redirects \(307\)/, "other", false],
        [503, /status 503\n- The receiver is unavailable \(503\)/, "other", false],
    ] as const) {
        const { url, received } = await receive(status, { Location: "/elsewhere" });
        const { args, file } = project({ secrets: [newest, older], url: `${url}?token=abc` });
        const text = await cli([...args, "--body", file], { colours: true });
        expect(text).toMatchObject({ code: ok ? exit.good : exit.bad, stderr: "" });
        expect(stripVTControlCharacters(text.stdout)).toMatch(said);
        const json = await cli([...args, "--body", file, "--json"]);
        expect(json.code).toBe(text.code);
        expect(JSON.parse(json.stdout)).toEqual({
            ok,
            event: "creator.success",
            operationId: "op_1",
            deliveries: [
                {
                    url: `${new URL(url).origin}/…`,
                    outcome,
                    ok,
                    status,
                    ...(ok ? {} : { advice: expect.any(String) }),
                },
            ],
        });
        expect(received).toHaveLength(2);
        for (const result of [text, json]) {
            expect(leaks(result, [newest, older, videoUrl, "token=abc"])).toEqual([]);
        }
    }
});

test("no answer: nothing is tried again, and where the event may have arrived, that is said", async () => {
    const { args, file } = project({ secret: newest, url: `http://127.0.0.1:${await unusedPort()}/` });
    const refused = await cli([...args, "--body", file]);
    expect(refused.code).toBe(exit.bad);
    expect(refused.stdout).toContain("no answer (ECONNREFUSED)\n- Cannot connect to the receiver");
    expect(refused.stdout).not.toContain("may have handled");

    let requests = 0;
    const silent = await serveAny(() => {
        requests++;
    });
    const late = await cli([...args, "--body", file, "--url", silent, "--timeout", "1"]);
    expect(late.code).toBe(exit.bad);
    expect(late.stdout).toContain("No answer within 1 s");
    expect(late.stdout).toContain("The receiver may have handled the event.");
    expect(requests).toBe(1);
});

test("a file that is no recorded event is a sentence, nothing of it is shown, and nothing is sent", async () => {
    const { url, received } = await receive();
    for (const [content, sentence] of [
        ["", "is not the body of a delivery: it is empty.\n"],
        [" \n", "it is empty.\n"],
        [`{"event":"creator.success","url":"${videoUrl}"`, "it is not JSON.\n"],
        ["[]", "it is not a JSON object.\n"],
        ["null", "it is not a JSON object.\n"],
        [`{"url":"${videoUrl}"}`, 'it has no "event" with the name of an event.\n'],
        ['{"event":7}', 'it has no "event" with the name of an event.\n'],
        [Buffer.from('{"event":"creator.success","x":"ü"}', "latin1"), "it is neither UTF-8 nor UTF-16 text.\n"],
        [`{"event":"${"x".repeat(1024 * 1024)}"}`, "it is larger than 1 MiB, the most that receivers read.\n"],
        [Buffer.from(`{"event":"${"語".repeat(400_000)}"}`, "utf16le"), "it is larger than 1 MiB"],
    ] as const) {
        const { args, file, folder } = project({ secret: newest, url }, content);
        const result = await cli([...args, "--body", file]);
        expect(result).toMatchObject({ code: exit.bad, stdout: "" });
        expect(result.stderr).toContain(sentence);
        expect(result.stderr).toContain(`pulumi-captions: ${file} `);
        expect(leaks(result, [videoUrl])).toEqual([]);
        const input = await cli([...args, "--body", "-"], { input: content });
        expect(input.stderr).toBe(result.stderr.replace(file, "Standard input"));
        const missing = await cli([...args, "--body", join(folder, "none.json")]);
        expect(missing).toMatchObject({ code: exit.bad, stdout: "" });
        expect(missing.stderr).toBe(`pulumi-captions: Cannot read ${join(folder, "none.json")} (ENOENT).\n`);
    }
    expect(received).toEqual([]);
});

test.each([
    ["--event", "creator.success"],
    ["--wait", "60"],
    ["--steady", "60"],
    ["--instances", "2"],
])("%s makes no sense with --body, which is wrong usage: nothing is asked or sent", async (option, value) => {
    const argv = ["deliver", "--stack", "dev", "--pulumi", "/nowhere/pulumi", "--body", "/nowhere/event.json"];
    expect(await cli([...argv, option, value])).toEqual({
        code: exit.usage,
        stdout: "",
        stderr: `pulumi-captions: ${option} cannot be used with --body: the recorded event is sent once, as it is. See \`pulumi-captions deliver --help\`.\n`,
    });
});

test("a proxy that is no URL is told before anything is sent, to whichever receiver", async () => {
    const near = await receive();
    const { args, file } = project({ secrets: [newest], url: [near.url, "https://far.example.com/hooks"] });
    const result = await cli([...args, "--body", file], { env: { HTTPS_PROXY: "no url" } });
    expect(result).toMatchObject({ code: exit.bad, stdout: "" });
    expect(result.stderr).toContain("HTTPS_PROXY");
    expect(near.received).toEqual([]);
});

test("a replacement character that is in the event is no broken text", async () => {
    const { url, received } = await receive();
    const event = Buffer.from('\ufeff{"event": "creator.success", "operationId": "op_\ufffd"}');
    const { args, file } = project({ secrets: [newest], url }, event);
    expect((await cli([...args, "--body", file])).code).toBe(exit.good);
    expect(received[0]?.body.toString()).toContain("op_\ufffd");
});
