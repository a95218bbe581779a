import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const path = join(__dirname, "../../cli/private-file.ts");

/** Ends at a signal as the command line does, wherever it is by then. */
const program = `
const { writePrivateFile } = require(${JSON.stringify(path)});
process.on("SIGTERM", () => process.exit(130));
// Takes a moment to write.
const text = "x".repeat(200_000_000);
writePrivateFile(process.argv[1], text, true);
setInterval(() => undefined, 1_000);
`;

test.skipIf(process.platform === "win32")(
    "a signal in the middle of a write leaves nothing beside the file",
    async () => {
        const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-private-file-"));
        onTestFinished(() => rmSync(folder, { recursive: true }));
        const file = join(folder, ".env");
        const child = spawn(process.execPath, ["--import", "tsx", "--eval", program, file], {
            stdio: "inherit",
            cwd: join(__dirname, "../.."),
        });
        const ended = once(child, "close");
        onTestFinished(() => void child.kill("SIGKILL"));
        const watcher = watch(folder);
        await Promise.race([once(watcher, "change"), ended]);
        watcher.close();
        child.kill("SIGTERM");
        expect(await ended).toEqual([130, null]);
        expect(readdirSync(folder)).toEqual([".env"]);
    },
);
