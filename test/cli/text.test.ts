import { expect, test } from "vitest";
import { listed, printable } from "../../cli/text";

test("what moves the cursor, turns the line around or cannot be seen is left out; the rest stays", () => {
    expect(printable("a\u001b[31mb\r\nc\u202ed\u200b\u2028e\ufeff\ud800")).toBe("a[31mbcde");
    expect(printable("größe 🎬 `x` <b>")).toBe("größe 🎬 `x` <b>");
});

test("a long list says how many more there are", () => {
    expect(listed(["a", "b"], 2)).toBe("a, b");
    expect(listed(["a", "b", "c", "d"], 2)).toBe("a, b and 2 more");
    expect(listed([], 2)).toBe("");
});
