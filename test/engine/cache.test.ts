import {
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmSync,
    statSync,
    utimesSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
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

test("of two that are filled at the same moment the first one in place stays, and is never away for a moment", async () => {
    const { parent, folder, read, fill } = place();
    const finish: (() => void)[] = [];
    const filled = (version: string) =>
        fill(async (temporary) => {
            await new Promise<void>((resolve) => finish.push(resolve));
            writeFileSync(join(temporary, "version"), version);
        });
    const first = filled("first");
    await until(() => finish.length === 1);
    rmSync(`${folder}.lock`, { recursive: true });
    const [temporary = ""] = readdirSync(parent);
    const { ino } = statSync(join(parent, temporary));
    const second = filled("second");
    await until(() => finish.length === 2);
    for (const one of finish) one();
    await Promise.all([first, second]);
    expect([read(), statSync(folder).ino]).toEqual(["first", ino]);
    expect(readdirSync(parent)).toEqual(["tool"]);
});

test("one that finds a folder bad does not remove the good one that took its place meanwhile", async () => {
    const { parent, folder, read } = place();
    mkdirSync(folder);
    writeFileSync(join(folder, "half"), "");
    let meanwhile = (): void => undefined;
    const ready = async () => {
        const good = read() !== undefined;
        meanwhile();
        return good;
    };
    await fillOnce(folder, "the tool", { log: () => undefined }, ready, async (temporary) => {
        writeFileSync(join(temporary, "version"), "second");
        meanwhile = () => {
            meanwhile = () => undefined;
            // Kept, so that the new folder cannot get the number of the old one.
            renameSync(folder, join(parent, "old"));
            mkdirSync(folder);
            writeFileSync(join(folder, "version"), "first");
        };
    });
    expect(read()).toBe("first");
    expect(readdirSync(parent).sort()).toEqual(["old", "tool"]);
});

test("what is there and is not good is replaced", async () => {
    const { parent, folder, read, fill } = place();
    mkdirSync(folder);
    writeFileSync(join(folder, "half"), "");
    await fill(async (temporary) => writeFileSync(join(temporary, "version"), "1"));
    expect(read()).toBe("1");
    expect([readdirSync(parent), readdirSync(folder)]).toEqual([["tool"], ["version"]]);
});

test("what a process that was killed has left behind is removed, and what others fill right now is not", async () => {
    const { parent, read, fill } = place();
    const left = "tool.unfinished-AbCdEf";
    const [inUse, foreign] = ["tool.unfinished-GhIjKl", "another.unfinished-MnOpQr"];
    for (const name of [left, inUse, foreign]) mkdirSync(join(parent, name));
    const hourAgo = new Date(Date.now() - 3_600_000);
    for (const name of [left, foreign]) utimesSync(join(parent, name), hourAgo, hourAgo);
    await fill(async (temporary) => writeFileSync(join(temporary, "version"), "1"));
    expect(read()).toBe("1");
    expect(readdirSync(parent).sort()).toEqual([foreign, "tool", inUse].sort());
});

test("a folder is known to be in use for as long as it takes to fill it", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { parent, fill } = place();
    await fill(async (temporary) => {
        const hourAgo = new Date(Date.now() - 3_600_000);
        utimesSync(temporary, hourAgo, hourAgo);
        vi.advanceTimersByTime(5_000);
        expect(statSync(temporary).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
        writeFileSync(join(temporary, "version"), "1");
    });
    expect(vi.getTimerCount()).toBe(0);
    expect(readdirSync(parent)).toEqual(["tool"]);
});

test("two that fill it while the machine sleeps go on when it wakes up", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { parent, read, fill } = place();
    let finish = (): void => undefined;
    const first = fill(async (temporary) => {
        await new Promise<void>((resolve) => {
            finish = resolve;
        });
        writeFileSync(join(temporary, "version"), "first");
    });
    await until(() => readdirSync(parent).some((name) => name.includes("unfinished")));
    const [asleep = ""] = readdirSync(parent).filter((name) => name.includes("unfinished"));
    const hourAgo = new Date(Date.now() - 3_600_000);
    for (const name of [asleep, "tool.lock"]) utimesSync(join(parent, name), hourAgo, hourAgo);
    await fill(async (temporary) => {
        vi.advanceTimersByTime(5_000);
        writeFileSync(join(temporary, "version"), "second");
    });
    finish();
    await first;
    expect(read()).toBe("second");
    expect(readdirSync(parent)).toEqual(["tool"]);
});
