import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Ledger, type LedgerEntry } from "../../../cli/dev/ledger";
import { isRunning, startOf } from "../../../cli/dev/processes";
import { stateFolder } from "../../../cli/dev/state-folder";

const account = { apiKey: "key-6XqR2mVn8sLw4TzYb1Kd", baseUrl: "https://api.example.com/api/webhooks" };

function temporary(): string {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-ledger-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
}

/** Changes what a file of the ledger says. */
function edit(folder: string, { nonce }: LedgerEntry, change: object): void {
    const file = join(folder, "dev", `${nonce}.json`);
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...change }));
}

/** The id of a process that has ended. */
async function endedProcess(): Promise<number> {
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(child, "close");
    return child.pid ?? 0;
}

test("an entry has a file that only its user can read, with neither the key nor the same hash as another", () => {
    const folder = temporary();
    const ledger = new Ledger(folder);
    const entries = [ledger.add(account), ledger.add(account)];
    const names = readdirSync(join(folder, "dev"));
    expect(names.sort()).toEqual(entries.map(({ nonce }) => `${nonce}.json`).sort());
    const texts = names.map((name) => readFileSync(join(folder, "dev", name), "utf8"));
    expect(texts.join("")).not.toContain(account.apiKey);
    expect(new Set(entries.map((entry) => entry.account)).size).toBe(2);
    if (process.platform !== "win32") {
        expect(names.map((name) => statSync(join(folder, "dev", name)).mode & 0o777)).toEqual([0o600, 0o600]);
        expect(statSync(join(folder, "dev")).mode & 0o777).toBe(0o700);
    }
});

test("left over is what a process that has ended registered in the same account, on the same machine", async () => {
    const folder = temporary();
    const ledger = new Ledger(folder);
    const pid = await endedProcess();
    const [own, alive, ofAnotherKey, ofAnotherApi, elsewhere, reused] = [
        ledger.add(account),
        ledger.add(account),
        ledger.add({ ...account, apiKey: "another" }),
        ledger.add({ ...account, baseUrl: "https://api.example.com/other" }),
        ledger.add(account),
        ledger.add(account),
    ];
    for (const entry of [own, ofAnotherKey, ofAnotherApi]) {
        edit(folder, entry, { pid });
    }
    edit(folder, elsewhere, { pid, host: "another-machine" });
    // A process of today with the id of one that has ended.
    edit(folder, reused, { start: "0" });
    const left = (one: Ledger, key = account): string[] => one.leftovers(key).map(({ nonce }) => nonce);
    const tellsStarts = startOf(process.pid) !== undefined;
    expect(left(ledger).sort()).toEqual([own, ...(tellsStarts ? [reused] : [])].map(({ nonce }) => nonce).sort());
    expect(left(ledger, { ...account, apiKey: "another" })).toEqual([ofAnotherKey.nonce]);
    expect(left(ledger)).not.toContain(alive.nonce);

    ledger.remove(own);
    expect(ledger.has(own)).toBe(false);
    expect(left(ledger)).not.toContain(own.nonce);
    expect(readdirSync(join(folder, "dev"))).toHaveLength(5);
});

test("files that are cut off, or are not the ledger's, are left alone", async () => {
    const folder = temporary();
    const ledger = new Ledger(folder);
    const entry = ledger.add(account);
    const file = join(folder, "dev", `${entry.nonce}.json`);
    const text = JSON.stringify({ ...entry, pid: await endedProcess() });
    writeFileSync(file, text.slice(0, -10));
    writeFileSync(join(folder, "dev", "notes.json"), text);
    expect(ledger.leftovers(account)).toEqual([]);
    expect(readdirSync(join(folder, "dev"))).toHaveLength(2);
    expect(new Ledger(join(folder, "nowhere")).leftovers(account)).toEqual([]);
});

test("where its folder cannot be made, an error says what to do", () => {
    const file = join(temporary(), "file");
    writeFileSync(file, "");
    expect(() => new Ledger(file).add(account)).toThrow(
        /^Cannot write to .* Nothing was registered\. Set XDG_STATE_HOME/,
    );
});

test("a process runs until it has ended, also one whose parent has not asked for its exit code", async () => {
    const start = startOf(process.pid);
    expect(startOf(process.pid)).toBe(start);
    expect(isRunning(process.pid, start)).toBe(true);
    expect(isRunning(process.pid, undefined)).toBe(true);
    expect(isRunning(await endedProcess(), start)).toBe(false);
    if (start !== undefined) {
        expect(isRunning(process.pid, `${start}0`)).toBe(false);
    }
});

test.skipIf(process.platform !== "linux")("a process that nobody has waited for has ended", async () => {
    // The shell becomes a program that does not ask what became of its child.
    const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [line] = await once(parent.stdout, "data");
    const pid = Number(String(line));
    const start = startOf(pid);
    process.kill(pid, "SIGKILL");
    await expect.poll(() => isRunning(pid, start), { timeout: 20_000 }).toBe(false);
    expect(() => process.kill(pid, 0)).not.toThrow();
});

test.each([
    [{ XDG_STATE_HOME: "/state" }, "linux", "/state/pulumi-captions"],
    [{ XDG_STATE_HOME: "relative", HOME: "/home/a" }, "linux", "/home/a/.local/state/pulumi-captions"],
    [{ HOME: "/home/a" }, "linux", "/home/a/.local/state/pulumi-captions"],
    [{ HOME: "/Users/a" }, "darwin", "/Users/a/Library/Application Support/pulumi-captions"],
    [{ XDG_STATE_HOME: "/state", HOME: "/Users/a" }, "darwin", "/state/pulumi-captions"],
    [{ LOCALAPPDATA: "/local" }, "win32", "/local/pulumi-captions"],
] as const)("with %j on %s the state is in %s", (env, platform, folder) => {
    expect(stateFolder(env, platform)).toBe(join(folder));
});
