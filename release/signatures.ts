import { createHash } from "node:crypto";

/**
 * Signs a program of macOS ad hoc, that is without an identity, as Go's linker does (`cmd/internal/codesign`), and
 * gives the whole file. Macs with Apple's processors run no program without a signature. Node.js's own was removed when
 * the plugin was put into it.
 *
 * @param program a 64-bit Mach-O file for one processor, without a signature
 */
export function signAdHoc(program: Buffer, identifier: string): Buffer {
    const text = findSegment(program, "__TEXT");
    const linkEdit = findSegment(program, "__LINKEDIT");
    const codeSize = align(program.length, 16);
    const size =
        SUPER_BLOB_BYTES + CODE_DIRECTORY_BYTES + identifier.length + 1 + Math.ceil(codeSize / PAGE_BYTES) * HASH_BYTES;

    const signed = Buffer.alloc(codeSize + size);
    program.copy(signed);
    addCommand(signed, { at: codeSize, size });
    const linkEditBytes = BigInt(codeSize + size) - linkEdit.fileOffset;
    signed.writeBigUInt64LE(linkEditBytes, linkEdit.at + 48);
    signed.writeBigUInt64LE(BigInt(align(Number(linkEditBytes), SEGMENT_ALIGNMENT)), linkEdit.at + 32);
    codeDirectory(signed, codeSize, identifier, text).copy(signed, codeSize);
    return signed;
}

/** Takes the maker's signature off a program of Windows: since the plugin was put into it, it is wrong. */
export function removeAuthenticode(program: Buffer): Buffer {
    const header = program.readUInt32LE(0x3c);
    if (program.toString("latin1", header, header + 4) !== "PE\0\0") throw new Error("This is no program of Windows.");
    const optionalHeader = header + 24;
    if (program.readUInt16LE(optionalHeader) !== 0x20b) throw new Error("This is no 64-bit program.");
    const certificates = optionalHeader + 112 + 4 * 8;
    const unsigned = Buffer.from(program);
    unsigned.fill(0, certificates, certificates + 8);
    return unsigned;
}

// Sizes and numbers of Apple's <mach-o/loader.h> and <kern/cs_blobs.h>.
const HEADER_BYTES = 32;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const PAGE_BYTES = 4096;
const SEGMENT_ALIGNMENT = 0x4000;
const HASH_BYTES = 32;
const SUPER_BLOB_BYTES = 20;
const CODE_DIRECTORY_BYTES = 88;

interface Segment {
    /** Where its load command is. */
    readonly at: number;
    readonly fileOffset: bigint;
    readonly fileBytes: bigint;
}

function findSegment(program: Buffer, name: string): Segment {
    if (program.readUInt32LE(0) !== 0xfeedfacf) throw new Error("This is no 64-bit Mach-O file.");
    let found: Segment | undefined;
    for (let at = HEADER_BYTES, left = program.readUInt32LE(16); left > 0; left--) {
        const command = program.readUInt32LE(at);
        if (command === LC_CODE_SIGNATURE) throw new Error("This program has a signature already.");
        if (command === LC_SEGMENT_64 && program.toString("latin1", at + 8, at + 24).replace(/\0+$/, "") === name) {
            found = { at, fileOffset: program.readBigUInt64LE(at + 40), fileBytes: program.readBigUInt64LE(at + 48) };
        }
        at += program.readUInt32LE(at + 4);
    }
    if (found === undefined) throw new Error(`This program has no segment ${name}.`);
    return found;
}

/** Says in the header where the signature is. */
function addCommand(program: Buffer, signature: { readonly at: number; readonly size: number }): void {
    const bytes = program.readUInt32LE(20);
    const command = program.subarray(HEADER_BYTES + bytes, HEADER_BYTES + bytes + 16);
    if (command.some((byte) => byte !== 0)) throw new Error("The header of this program has no room for a signature.");
    for (const [index, value] of [LC_CODE_SIGNATURE, 16, signature.at, signature.size].entries()) {
        command.writeUInt32LE(value, index * 4);
    }
    program.writeUInt32LE(program.readUInt32LE(16) + 1, 16);
    program.writeUInt32LE(bytes + 16, 20);
}

/** The signature: a hash of each page. */
function codeDirectory(program: Buffer, codeSize: number, identifier: string, text: Segment): Buffer {
    const pages = Math.ceil(codeSize / PAGE_BYTES);
    const hashOffset = CODE_DIRECTORY_BYTES + identifier.length + 1;
    const directoryBytes = hashOffset + pages * HASH_BYTES;
    const words = (...values: number[]): Buffer => {
        const buffer = Buffer.alloc(values.length * 4);
        for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, index * 4);
        return buffer;
    };
    const long = (value: bigint): Buffer => {
        const buffer = Buffer.alloc(8);
        buffer.writeBigUInt64BE(value);
        return buffer;
    };
    const hashes = Array.from({ length: pages }, (_, page) =>
        createHash("sha256")
            .update(program.subarray(page * PAGE_BYTES, Math.min((page + 1) * PAGE_BYTES, codeSize)))
            .digest(),
    );
    return Buffer.concat([
        // CSMAGIC_EMBEDDED_SIGNATURE with one part, CSSLOT_CODEDIRECTORY
        words(0xfade0cc0, SUPER_BLOB_BYTES + directoryBytes, 1, 0, SUPER_BLOB_BYTES),
        // CSMAGIC_CODEDIRECTORY of version 2.4, with the flags CS_ADHOC and CS_LINKER_SIGNED
        words(0xfade0c02, directoryBytes, 0x20400, 0x20002, hashOffset, CODE_DIRECTORY_BYTES, 0, pages, codeSize),
        // CS_HASHTYPE_SHA256, and the size of a page as a power of two
        Buffer.from([HASH_BYTES, 2, 0, Math.log2(PAGE_BYTES)]),
        words(0, 0, 0, 0),
        // No 64-bit limit; where the code is, and CS_EXECSEG_MAIN_BINARY
        ...[0n, text.fileOffset, text.fileBytes, 1n].map(long),
        Buffer.from(`${identifier}\0`),
        ...hashes,
    ]);
}

function align(value: number, to: number): number {
    return Math.ceil(value / to) * to;
}
