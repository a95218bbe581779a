import { expect, test } from "vitest";
import { decodeText } from "../../cli/decode-text";

const text = '{"name": "größe 🎬"}\r\n';

test("every encoding that begins with a byte order mark, and those without one that ASCII gives away", () => {
    const marked = `\ufeff${text}`;
    for (const bytes of [
        Buffer.from(text, "utf8"),
        Buffer.from(marked, "utf8"),
        Buffer.from(text, "utf16le"),
        Buffer.from(marked, "utf16le"),
        Buffer.from(text, "utf16le").swap16(),
        Buffer.from(marked, "utf16le").swap16(),
    ]) {
        expect(decodeText(bytes)).toBe(text);
    }
});

test("what is empty, cut off in a character or one byte long is no error, and the input is left as it is", () => {
    expect(decodeText(new Uint8Array())).toBe("");
    expect(decodeText(Buffer.from("{"))).toBe("{");
    expect(decodeText(Buffer.from([0]))).toBe("\0");
    const cut = Buffer.from([0xfe, 0xff, 0, 0x7b, 0]);
    expect(decodeText(cut)).toBe("{");
    expect([...cut]).toEqual([0xfe, 0xff, 0, 0x7b, 0]);
});
