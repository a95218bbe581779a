import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { EmulatorError, startEmulator } from "../../emulator";
import { both, call, receive, renders, start } from "./support";

function temporaryFile(): { folder: string; stateFile: string } {
    const folder = mkdtempSync(join(tmpdir(), "emulator-state-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return { folder, stateFile: join(folder, "state.json") };
}

test("webhooks with their secrets, and videos, are there again after a restart", async () => {
    const { folder, stateFile } = temporaryFile();
    const first = await start({}, { stateFile });
    const { id } = (await call(first, "register", renders)).json;
    first.register(renders);
    first.rotate(id);
    const operationId = first.submitVideo();
    const before = first.webhooks;
    await first.stop();
    expect(readdirSync(folder)).toEqual(["state.json"]);
    const second = await start({}, { stateFile });
    expect(second.webhooks).toEqual(before);
    expect(second.calls).toEqual([]);
    expect((await call(second, `${second.creatorUrl}/poll`, { operationId })).json.state).toBe("PROCESSING");
});

test("a video that was being made succeeds after a restart", async () => {
    const { stateFile } = temporaryFile();
    const { url } = await receive();
    const first = await start({ videoSeconds: 0.3 }, { stateFile });
    first.register({ url, enabledEvents: both });
    const operationId = first.submitVideo();
    await first.stop();
    const second = await start({}, { stateFile });
    expect((await second.whenDelivered((delivery) => delivery.operationId === operationId)).accepted).toBe(true);
});

test.skipIf(process.platform === "win32")("the file is readable by its owner only", async () => {
    const { stateFile } = temporaryFile();
    const emulator = await start({}, { stateFile });
    emulator.register(renders);
    expect(statSync(stateFile).mode & 0o777).toBe(0o600);
});

test.each(["", "{", "[]", '{"version": 1, "webhooks": [{"secret": "whsec_hidden"}], "videos": []}', '{"version": 9}'])(
    "a broken file is a clear error, and stays as it is: %s",
    async (text) => {
        const { stateFile } = temporaryFile();
        writeFileSync(stateFile, text);
        const failure = await startEmulator({ stateFile }).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(EmulatorError);
        expect((failure as Error).message).toContain(stateFile);
        expect((failure as Error).message).toMatch(/repair it, or remove it/);
        expect((failure as Error).message).not.toContain("whsec_hidden");
        expect(readFileSync(stateFile, "utf8")).toBe(text);
    },
);

test("a file that can't be read is a clear error", async () => {
    const { folder } = temporaryFile();
    await expect(startEmulator({ stateFile: folder })).rejects.toThrow(/cannot be read \(EISDIR\)/);
});

test("a file that can't be written fails the call, not the emulator", async () => {
    const { folder, stateFile } = temporaryFile();
    const lines: string[] = [];
    const emulator = await start({}, { stateFile, log: (line) => lines.push(line) });
    rmSync(folder, { recursive: true });
    expect((await call(emulator, "register", renders)).status).toBe(500);
    expect(lines.join()).toContain("cannot be written (ENOENT)");
    expect((await call(emulator, "events")).status).toBe(200);
});
