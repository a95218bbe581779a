/**
 * The text of a file in the encoding that its first bytes show. `>` of Windows PowerShell writes UTF-16 with a byte
 * order mark, other tools on Windows UTF-8 with one. Without a mark, an ASCII character at the beginning tells as much:
 * in UTF-16 it has a zero byte beside it.
 */
export function decodeText(bytes: Uint8Array): string {
    const [first, second] = bytes;
    const buffer = Buffer.from(bytes);
    if (first === 0xff && second === 0xfe) {
        return buffer.toString("utf16le", 2);
    }
    if (first === 0xfe && second === 0xff) {
        return bigEndian(buffer.subarray(2));
    }
    if (first === 0xef && second === 0xbb && bytes[2] === 0xbf) {
        return buffer.toString("utf8", 3);
    }
    if (first === 0 && second !== undefined) {
        return bigEndian(buffer);
    }
    return buffer.toString(first !== undefined && second === 0 ? "utf16le" : "utf8");
}

function bigEndian(buffer: Buffer): string {
    // Half a character at the end belongs to nothing, and swap16 would throw.
    return buffer
        .subarray(0, buffer.length & ~1)
        .swap16()
        .toString("utf16le");
}
