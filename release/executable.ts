import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Reporter } from "../engine/progress";
import { mustRun } from "./command";
import { nodeBinary } from "./node-binaries";
import { hostPlatform, type Platform } from "./platforms";
import { removeAuthenticode, signAdHoc } from "./signatures";

/** Where Node.js looks whether there is a program inside: https://nodejs.org/api/single-executable-applications.html */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/**
 * Makes an executable that needs nothing: Node.js for a platform with the plugin's bundle inside.
 *
 * @returns the program, the same bytes for the same bundle
 */
export async function buildExecutable(platform: Platform, bundle: string, reporter: Reporter): Promise<Buffer> {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-executable-"));
    try {
        const program = join(folder, platform.executable);
        copyFileSync(await nodeBinary(platform, reporter), program);
        chmodSync(program, 0o755);
        await inject(program, await prepare(folder, bundle, reporter), platform);
        return sign(readFileSync(program), platform);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

/**
 * The bundle in the form in which Node.js takes it. Without V8's code cache, which would save 20 ms of each start, but
 * is for one kind of processor only.
 */
async function prepare(folder: string, bundle: string, reporter: Reporter): Promise<string> {
    const main = basename(bundle);
    copyFileSync(bundle, join(folder, main));
    const options = { main, output: "blob", disableExperimentalSEAWarning: true };
    writeFileSync(join(folder, "options.json"), JSON.stringify(options));
    await mustRun(await nodeBinary(hostPlatform(), reporter), ["--experimental-sea-config", "options.json"], folder);
    return join(folder, options.output);
}

async function inject(program: string, blob: string, { name }: Platform): Promise<void> {
    const segment = name.startsWith("darwin") ? ["--macho-segment-name", "NODE_SEA"] : [];
    const postject = require.resolve("postject/dist/cli.js");
    // In a process of its own, as it takes 900 MB.
    await mustRun(
        process.execPath,
        [postject, program, "NODE_SEA_BLOB", blob, "--sentinel-fuse", FUSE, ...segment],
        tmpdir(),
    );
}

function sign(program: Buffer, { name, executable }: Platform): Buffer {
    if (name.startsWith("darwin")) return signAdHoc(program, executable);
    return name.startsWith("windows") ? removeAuthenticode(program) : program;
}
