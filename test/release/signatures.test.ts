import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findGo } from "../../engine/build";
import { removeAuthenticode, signAdHoc } from "../../release/signatures";

test("signs a program of macOS as Go's linker does", async ({ skip }) => {
    const theirs = await buildWithGo("darwin", "arm64");
    if (theirs === undefined) return skip("there is no Go on this machine");
    const unsigned = withoutSignature(theirs);
    // The name that Go gives to all.
    const ours = signAdHoc(unsigned, "a.out");
    // Only the header differs, and so its hash: we round a segment's size up, as Apple's linker does.
    const hash = { at: unsigned.length + 20 + 88 + "a.out".length + 1, bytes: 32 };
    for (const [from, to] of [
        [4096, hash.at],
        [hash.at + hash.bytes, theirs.length],
    ] as const) {
        expect(ours.subarray(from, to).equals(theirs.subarray(from, to))).toBe(true);
    }
    const expected = createHash("sha256").update(ours.subarray(0, 4096)).digest("hex");
    expect(ours.toString("hex", hash.at, hash.at + hash.bytes)).toBe(expected);
    expect(ours.length).toBe(theirs.length);
    expect(() => signAdHoc(ours, "a.out")).toThrow(/has a signature already/);
});

test("takes off what says that a program of Windows is signed, and nothing else", async ({ skip }) => {
    const unsigned = await buildWithGo("windows", "amd64");
    if (unsigned === undefined) return skip("there is no Go on this machine");
    const signed = Buffer.from(unsigned);
    signed.writeUInt32LE(unsigned.length, signed.readUInt32LE(0x3c) + 168);
    signed.writeUInt32LE(4711, signed.readUInt32LE(0x3c) + 172);
    expect(removeAuthenticode(signed).equals(unsigned)).toBe(true);
});

test.each([
    ["another kind of file", () => Buffer.alloc(4096), /no 64-bit Mach-O file/],
    ["a program without code", () => machO([[0x32, 24]]), /has no segment __TEXT/],
])("does not sign %s", (_, program, message) => {
    expect(() => signAdHoc(program(), "a.out")).toThrow(message);
});

async function buildWithGo(system: string, processor: string): Promise<Buffer | undefined> {
    const found = await findGo(process.env);
    if ("reason" in found) return undefined;
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-signed-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "main.go"), "package main\n\nfunc main() {}\n");
    const env = { ...process.env, GOOS: system, GOARCH: processor, GOFLAGS: "", GOWORK: "off", CGO_ENABLED: "0" };
    execFileSync(found.go, ["build", "-o", "program", "main.go"], { cwd: folder, env, stdio: "pipe" });
    return readFileSync(join(folder, "program"));
}

/** As `codesign --remove-signature` leaves it. */
function withoutSignature(signed: Buffer): Buffer {
    const commands = signed.readUInt32LE(16);
    const bytes = signed.readUInt32LE(20);
    const last = 32 + bytes - 16;
    expect(signed.readUInt32LE(last)).toBe(0x1d);
    const unsigned = Buffer.from(signed.subarray(0, signed.readUInt32LE(last + 8)));
    unsigned.fill(0, last, last + 16);
    unsigned.writeUInt32LE(commands - 1, 16);
    unsigned.writeUInt32LE(bytes - 16, 20);
    return unsigned;
}

function machO(commands: readonly (readonly [command: number, bytes: number])[]): Buffer {
    const program = Buffer.alloc(4096);
    program.writeUInt32LE(0xfeedfacf, 0);
    program.writeUInt32LE(commands.length, 16);
    let at = 32;
    for (const [command, bytes] of commands) {
        program.writeUInt32LE(command, at);
        program.writeUInt32LE(bytes, at + 4);
        at += bytes;
    }
    return program;
}
