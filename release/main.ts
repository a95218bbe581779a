// `npm run release:plugin`: makes the plugin's tarballs for all platforms and their checksums, in dist/release/. With
// names of platforms (`-- linux-amd64`) only those. What this machine can start is started.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { standardErrorReporter } from "../engine/progress";
import { hostPlatform, type Platform, platforms } from "./platforms";
import { buildAsset, version, writeChecksums } from "./plugin";
import { tryPlugin } from "./try";

const folder = join(__dirname, "../dist/release");

async function main(): Promise<void> {
    const names = process.argv.slice(2);
    const unknown = names.find((name) => !platforms.some((platform) => platform.name === name));
    if (unknown !== undefined) {
        throw new Error(`There is no platform ${unknown}. There are: ${platforms.map(({ name }) => name).join(", ")}.`);
    }
    const reporter = standardErrorReporter();
    rmSync(folder, { recursive: true, force: true });
    for (const platform of platforms) {
        if (names.length > 0 && !names.includes(platform.name)) continue;
        const path = await buildAsset(platform, folder, reporter);
        const size = `${(statSync(path).size / 1e6).toFixed(1)} MB`;
        console.log(
            `${basename(path)}: ${size}, ${platform === hostPlatform() ? await trial(path, platform) : "not started"}`,
        );
    }
    console.log(basename(writeChecksums(folder)));
}

/** Starts what was made for this machine, with nothing on PATH: it must not need Node.js. */
async function trial(path: string, platform: Platform): Promise<string> {
    const unpacked = mkdtempSync(join(tmpdir(), "pulumi-captions-trial-"));
    try {
        execFileSync("tar", ["-xzf", "-"], { cwd: unpacked, input: readFileSync(path) });
        // Windows itself needs it.
        const { SystemRoot } = process.env;
        const answer = await tryPlugin(
            join(unpacked, platform.executable),
            SystemRoot === undefined ? {} : { SystemRoot },
        );
        if (answer.version !== version) throw new Error(`The plugin says ${answer.version}, the package ${version}.`);
        return `answers after ${answer.milliseconds} ms`;
    } finally {
        rmSync(unpacked, { recursive: true, force: true });
    }
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
});
