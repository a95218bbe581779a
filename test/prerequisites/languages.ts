import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, ensureEngine } from "../../engine";
import { findGo } from "../../engine/build";
import { ensureLanguages } from "../../engine/languages";
import { run } from "../../engine/processes";
import { type Reporter, withProgress } from "../../engine/progress";
import { type SdkLanguage, sdkLanguages, writeSdk } from "../../sdk";
import { installJavaLibraries } from "./java-libraries";
import { PrerequisiteError } from "./prerequisite-error";

/** The engine with what runs programs in YAML, Python and Go. @throws {EngineError} when one can't be had */
export async function findOrBuildLanguages(reporter: Reporter): Promise<Engine> {
    return ensureLanguages(await ensureEngine(reporter), ["yaml", "python", "go"], reporter);
}

/**
 * Builds Pulumi's code generators, and gets what the code that they generate is compiled with.
 *
 * @throws {PrerequisiteError} when it can't be had
 */
export async function prepareSdks(reporter: Reporter): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-sdks-"));
    const folderOf = (language: SdkLanguage) => join(folder, language);
    try {
        for (const language of sdkLanguages) await writeSdk(language, folderOf(language), reporter);
        await installJavaLibraries(join(folderOf("java"), "pom.xml"), reporter);
        await compileGo(folderOf("go"), reporter);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

/** So that Go has Pulumi's SDK, compiled, before a test needs it. */
async function compileGo(folder: string, reporter: Reporter): Promise<void> {
    const go = await findGo(process.env);
    if ("reason" in go) throw new PrerequisiteError(`The SDK for Go can't be compiled: ${go.reason}.`);
    for (const args of [
        ["mod", "tidy"],
        ["vet", "./..."],
    ]) {
        const { code, output } = await withProgress(
            reporter,
            () => "compiling Pulumi's SDK for Go",
            () => run(go.go, args, { cwd: folder, env: process.env }),
        );
        if (code !== 0) throw new PrerequisiteError(`The SDK for Go can't be compiled:\n${output.trim()}`);
    }
}
