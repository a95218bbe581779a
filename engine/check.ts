import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DYNAMIC_PROVIDER } from "./cache";
import { findOnPath, isExecutable, run } from "./processes";
import { atLeast, OLDEST_CLI } from "./versions";

const onWindows = process.platform === "win32";
export const CLI = onWindows ? "pulumi.exe" : "pulumi";
export const LANGUAGE_HOST = onWindows ? "pulumi-language-nodejs.exe" : "pulumi-language-nodejs";

/** The CLI's version without the leading v; undefined when it doesn't run. */
export async function cliVersion(pulumi: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
    // Even `pulumi version` writes a log file into its home folder.
    const home = mkdtempSync(join(tmpdir(), "pulumi-version-"));
    try {
        const { code, stdout } = await run(pulumi, ["version"], {
            env: { ...env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" },
            timeoutMs: 30_000,
        });
        return code === 0 ? /^v?(\d+\.\d+\.\d+\S*)/m.exec(stdout)?.[1] : undefined;
    } finally {
        rmSync(home, { recursive: true, force: true });
    }
}

/** Whether `binDir` holds all the parts of an engine, and the CLI in it runs and is of this version. */
export async function isGood(binDir: string, version: string, env: NodeJS.ProcessEnv): Promise<boolean> {
    if (![CLI, LANGUAGE_HOST, DYNAMIC_PROVIDER].every((name) => isExecutable(join(binDir, name)))) return false;
    return (await cliVersion(join(binDir, CLI), env)) === version;
}

/** The first engine on PATH that will do, or the reasons why those that are there won't. */
export async function findInstalled(
    env: NodeJS.ProcessEnv,
): Promise<{ pulumi: string; version: string; hasDynamicProvider: boolean } | { reason: string }> {
    const reasons: string[] = [];
    for (const pulumi of findOnPath("pulumi", env)) {
        const beside = { PATH: join(pulumi, "..") };
        const version = await cliVersion(pulumi, env);
        if (version === undefined) {
            reasons.push(`${pulumi} doesn't run`);
        } else if (!atLeast(version, OLDEST_CLI)) {
            reasons.push(`${pulumi} is version ${version}, ${OLDEST_CLI} or newer is needed`);
        } else if (![beside, env].some((place) => findOnPath("pulumi-language-nodejs", place).length > 0)) {
            reasons.push(`${pulumi} has no Node.js language host (${LANGUAGE_HOST}) beside it or on PATH`);
        } else {
            const hasDynamicProvider = [beside, env].some(
                (place) => findOnPath("pulumi-resource-pulumi-nodejs", place).length > 0,
            );
            return { pulumi, version, hasDynamicProvider };
        }
    }
    return { reason: reasons.join("; ") || "there is no pulumi on PATH" };
}
