import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Ledger } from "../../../cli/dev/ledger";
import { removeLeftovers } from "../../../cli/dev/webhooks";
import { startAccount } from "../../support/account";

const enabledEvents = ["creator.success"];
const hour = 60 * 60 * 1000;

async function start() {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-webhooks-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const account = await startAccount();
    const { apiKey, baseUrl } = account.emulator;
    const ledger = new Ledger(folder);
    const entry = ledger.add({ apiKey, baseUrl });
    const url = `https://dev.example.com/hooks?captions-dev=${entry.nonce}`;
    return { ...account, ledger, entry, url };
}

test("every webhook with the entry's text in its URL is deleted, and no other", async () => {
    const { emulator, open, ledger, entry, url, notes } = await start();
    const other = emulator.register({ url: "https://dev.example.com/hooks", enabledEvents });
    // Sent once, and done twice by the API.
    emulator.register({ url, enabledEvents });
    emulator.register({ url: url.toUpperCase(), enabledEvents });
    await removeLeftovers(open(), ledger, [entry]);
    expect(emulator.webhooks).toEqual([other]);
    expect(ledger.has(entry)).toBe(false);
    expect(notes).toHaveLength(2);
});

test("a webhook that somebody has given another URL since is left alone", async () => {
    const { emulator, open, ledger, entry, url } = await start();
    const { id } = emulator.register({ url, enabledEvents });
    emulator.update(id, { url: "https://api.example.com/hooks" });
    await removeLeftovers(open(), ledger, [{ ...entry, createdAt: Date.now() - 25 * hour }]);
    expect(emulator.webhooks).toHaveLength(1);
    expect(ledger.has(entry)).toBe(false);
});

test("an entry that `/list` shows nothing of stays for a day, because its /register may be done late", async () => {
    const { open, ledger, entry } = await start();
    await removeLeftovers(open(), ledger, [{ ...entry, createdAt: Date.now() - 23 * hour }]);
    expect(ledger.has(entry)).toBe(true);
    await removeLeftovers(open(), ledger, [{ ...entry, createdAt: Date.now() - 25 * hour }]);
    expect(ledger.has(entry)).toBe(false);
});

test("an entry stays as long as one of its webhooks may be there", async () => {
    const { emulator, open, ledger, entry, url, notes } = await start();
    emulator.register({ url, enabledEvents });
    emulator.inject({ endpoint: "delete", kind: "error-before" });
    await removeLeftovers(open(), ledger, [entry]);
    expect(ledger.has(entry)).toBe(true);
    expect(notes).toEqual([expect.stringMatching(/^it is not certain that wh_\w+ is deleted\. The next run/)]);
});

test("without entries nothing is called", async () => {
    const { emulator, open, ledger } = await start();
    await removeLeftovers(open(), ledger, []);
    expect(emulator.calls).toEqual([]);
});
