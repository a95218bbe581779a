import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(__dirname, "../..");
const { formatter } = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));

test("a comment is not longer than the lines that the formatter makes: it leaves comments alone", () => {
    // New files, too, before they are committed.
    const args = ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.mts", "*.mjs", "*.js"];
    const files = execFileSync("git", args, { cwd: root, encoding: "utf8" });
    const sources = files.trim().split("\n");
    expect(sources.length).toBeGreaterThan(200);
    const tooLong = sources.flatMap((file) =>
        readFileSync(join(root, file), "utf8")
            .split("\n")
            .flatMap((line, index) => {
                // A table has no other way.
                const isComment = /^\s*(\/\/|\/?\*)/.test(line) && !/^\s*\* \|/.test(line);
                return isComment && line.length > formatter.lineWidth ? [`${file}:${index + 1}`] : [];
            }),
    );
    expect(tooLong).toEqual([]);
});
