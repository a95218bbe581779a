import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fillOnce } from "../../engine/cache";
import { until } from "../support/machine";

function place() {
    const parent = mkdtempSync(join(tmpdir(), "pulumi-captions-cache-"));
    onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
    const folder = join(parent, "tool");
    const read = () => {
        try {
            return readFileSync(join(folder, "version"), "utf8");
        } catch {
            return undefined;
        }
    };
    const fill = (work: (temporary: string) => Promise<void>) =>
        fillOnce(folder, "the tool", { log: () => undefined }, async () => read() !== undefined, work);
    return { parent, folder, read, fill };
}

test("two that hold the lock at once, as its holder was taken for dead, do not disturb each other: the first one counts", async () => {
    const { parent, folder, read, fill } = place();
    let finish = (): void => undefined;
    const slow = fill(async (temporary) => {
        await new Promise<void>((resolve) => {
            finish = resolve;
        });
        writeFileSync(join(temporary, "version"), "slow");
    });
    await until(() => readdirSync(parent).some((name) => name.includes("unfinished")));
    rmSync(`${folder}.lock`, { recursive: true });
    await fill(async (temporary) => writeFileSync(join(temporary, "version"), "quick"));
    expect(read()).toBe("quick");
    finish();
    await slow;
    expect(read()).toBe("quick");
    expect(readdirSync(parent)).toEqual(["tool"]);
});

test("what a process that was killed has left behind is removed, and nothing else", async () => {
    const { parent, read, fill } = place();
    // No process has this number: it is larger than any system gives.
    const left = "tool.unfinished-4999999-AbCdEf";
    const [inUse, foreign] = [`tool.unfinished-${process.pid}-GhIjKl`, "another.unfinished-4999999-MnOpQr"];
    for (const name of [left, inUse, foreign]) mkdirSync(join(parent, name));
    await fill(async (temporary) => writeFileSync(join(temporary, "version"), "1"));
    expect(read()).toBe("1");
    expect(readdirSync(parent).sort()).toEqual([foreign, "tool", inUse].sort());
});
