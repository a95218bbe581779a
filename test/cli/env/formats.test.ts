import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { withVariable } from "../../../cli/env/dotenv";
import { format, secretsValue } from "../../../cli/env/formats";
import { secretsFromText } from "../../../receiver";

const run = promisify(execFile);
/** Every character that a secret may have. */
const all = String.fromCharCode(...Array.from({ length: 94 }, (_, index) => index + 33));
const secrets = [all, "whsec_older-8sLw4Vn0PaBc7Tr"];
const print = "process.stdout.write(process.env.MINE ?? '')";

test("a shell reads back what was written, whatever characters a secret has", async () => {
    const { stdout } = await run("sh", ["-c", `${format("MINE", secretsValue(secrets), "shell")}; node -e "${print}"`]);
    expect(secretsFromText(stdout)).toEqual(secrets);
});

test("Node.js reads a dotenv file back, other lines and all", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-env-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, ".env");
    const line = format("MINE", secretsValue(secrets), "dotenv");
    writeFileSync(file, withVariable("FIRST=1\nexport MINE='[\"old\"]'\nLAST=2", "MINE", line));
    const { stdout } = await run(process.execPath, [`--env-file=${file}`, "-e", print]);
    expect(secretsFromText(stdout)).toEqual(secrets);
    const others = "process.stdout.write(process.env.FIRST + process.env.LAST)";
    expect((await run(process.execPath, [`--env-file=${file}`, "-e", others])).stdout).toBe("12");
});

test("JSON is an object of texts", () => {
    const { MINE } = JSON.parse(format("MINE", secretsValue(secrets), "json"));
    expect(secretsFromText(MINE)).toEqual(secrets);
});

test.each([
    ["nothing", "", "N='1'\n"],
    ["no end of the last line", "A=1", "A=1\nN='1'\n"],
    ["the variable", "A=1\nN=old\nB=2\n", "A=1\nN='1'\nB=2\n"],
    ["the variable for a shell", "export N=old\n", "export N='1'\n"],
    ["the variable twice", "N=old\nB=2\nN=older\n", "N='1'\nB=2\n"],
    ["one that only begins like it", "NAME=1\nMY_N=2\n", "NAME=1\nMY_N=2\nN='1'\n"],
    ["a comment about it", "# N=1\n", "# N=1\nN='1'\n"],
    ["the variable within another one's value", 'A="x\nN=1\ny"\n', "A=\"x\nN=1\ny\"\nN='1'\n"],
    ["a value of several lines", 'N="[\n  \\"1\\"\n]"\nB=2\n', "N='1'\nB=2\n"],
    ["a quote that has no end", 'A="x\nN=old\n', "A=\"x\nN='1'\n"],
    ["lines as Windows ends them", "A=1\r\nN=old\r\n", "A=1\r\nN='1'\r\n"],
])("a dotenv file with %s keeps all else", (_, before, after) => {
    expect(withVariable(before, "N", "N='1'")).toBe(after);
});
