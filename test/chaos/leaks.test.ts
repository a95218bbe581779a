import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { findLeaks, textsIn } from "../support/leaks";
import { renders, startProject } from "../support/project";

/** With characters that each encoding has to change. */
const secrets = ["whsec_7Yq-0Zr3uVn_K2mPd8Ls", 'key/with+every"kind\\of=character&ä'];
const alignments = ["", "a", "ab"];
const hex = (text: string) => Buffer.from(text).toString("hex");

const forms: [string, (secret: string) => readonly string[]][] = [
    ["in clear", (secret) => [secret]],
    ["URL-encoded", (secret) => [encodeURIComponent(secret)]],
    [
        "URL-encoded with small letters",
        (secret) => [encodeURIComponent(secret).replace(/%../g, (it) => it.toLowerCase())],
    ],
    ["with every character URL-encoded", (secret) => [hex(secret).replace(/../g, "%$&")]],
    ["as JSON", (secret) => [JSON.stringify({ secret })]],
    ["as JSON within JSON", (secret) => [JSON.stringify({ body: JSON.stringify({ secret }) })]],
    ["in hexadecimal", (secret) => [hex(secret), hex(secret).toUpperCase()]],
    [
        "in base64, wherever it begins and whatever follows",
        (secret) => alignments.flatMap((before) => alignments.map((after) => encoded(before, secret, after, "base64"))),
    ],
    [
        "in base64url, wherever it begins and whatever follows",
        (secret) =>
            alignments.flatMap((before) => alignments.map((after) => encoded(before, secret, after, "base64url"))),
    ],
];

function encoded(before: string, secret: string, after: string, encoding: "base64" | "base64url"): string {
    return Buffer.from(`${before}${secret}${after}`).toString(encoding);
}

test.each(forms)("a secret is found %s", (_, form) => {
    for (const secret of secrets) {
        for (const text of form(secret)) {
            const leaks = findLeaks(new Map([["log", `POST /register ${text} 200`]]), [secret]);
            expect(leaks, text).toHaveLength(1);
            expect(leaks[0]).toContain("log, at ");
            // The report is shown, too.
            expect(leaks[0]).not.toContain(text);
        }
    }
});

test("other secrets, and parts of one, are no leaks", () => {
    const texts = new Map([
        ["other", "whsec_0000000000 [secret] ********"],
        ["cut", secrets[0]?.slice(0, 12) ?? ""],
        ["not gzip", "\x1f\x8b\x08 whatever"],
    ]);
    expect(findLeaks(texts, secrets)).toEqual([]);
});

test("a secret is found in files that are left in a folder, also compressed ones in folders of it", () => {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-leaks-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, "deep", "er"), { recursive: true });
    writeFileSync(join(folder, "harmless.log"), "nothing to see");
    for (const [index, secret] of secrets.entries()) {
        const text = `{"secret": "${Buffer.from(secret).toString("base64")}"}`;
        writeFileSync(join(folder, `plain-${index}.log`), `ä\u0000${secret}`);
        writeFileSync(join(folder, "deep", "er", `state-${index}.json.gz`), gzipSync(text));
        writeFileSync(join(folder, "deep", `appended-${index}`), Buffer.concat([Buffer.from("head"), gzipSync(text)]));
    }
    const leaks = findLeaks(textsIn(folder), secrets).map((leak) => leak.slice(folder.length + 1).split(",", 1)[0]);
    expect(leaks.sort()).toEqual([
        join("deep", "appended-0"),
        join("deep", "appended-1"),
        join("deep", "er", "state-0.json.gz"),
        join("deep", "er", "state-1.json.gz"),
        "plain-0.log",
        "plain-1.log",
    ]);
});

test("the tests of the engine find a secret on the screen, and in a file that a program has left", async () => {
    const declare = `const webhook = new captions.Webhook("renders", ${JSON.stringify(renders)});`;
    const { stack } = await startProject(
        `${declare} webhook.secret.apply((secret) => console.log("it is " + secret));`,
    );
    await expect(stack.up()).rejects.toThrow(/Secrets in clear: the screen of pulumi up/);
    stack.program(
        `${declare} webhook.secret.apply((secret) =>
            require("fs").writeFileSync("left.txt", Buffer.from("x" + secret).toString("base64")));`,
    );
    await expect(stack.up()).rejects.toThrow(/Secrets in clear: .*left\.txt/);
});
