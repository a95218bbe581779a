import { gzipSync } from "node:zlib";

export interface Entry {
    readonly name: string;
    readonly content: Buffer;
    readonly isExecutable: boolean;
}

const BLOCK_BYTES = 512;

/** A `.tar.gz` of these files, which has no time, no user and no machine in it: the same for the same files. */
export function tarball(entries: readonly Entry[]): Buffer {
    const blocks = entries.flatMap(({ name, content, isExecutable }) => [
        header(name, content.length, isExecutable ? 0o755 : 0o644),
        content,
        Buffer.alloc(-content.length & (BLOCK_BYTES - 1)),
    ]);
    return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]));
}

/** As POSIX has it (ustar). */
function header(name: string, size: number, mode: number): Buffer {
    const block = Buffer.alloc(BLOCK_BYTES);
    const octal = (value: number, at: number, bytes: number): void => {
        block.write(value.toString(8).padStart(bytes - 1, "0"), at);
    };
    block.write(name, 0);
    octal(mode, 100, 8);
    octal(0, 108, 8);
    octal(0, 116, 8);
    octal(size, 124, 12);
    octal(0, 136, 12);
    block.write("0", 156);
    block.write("ustar\u000000", 257);
    // The sum counts its own field as spaces.
    block.fill(" ", 148, 156);
    octal(
        block.reduce((sum, byte) => sum + byte, 0),
        148,
        7,
    );
    block[154] = 0;
    return block;
}
