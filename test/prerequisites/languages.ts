import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, ensureEngine } from "../../engine";
import { ensureLanguages } from "../../engine/languages";
import type { Reporter } from "../../engine/progress";
import { type SdkLanguage, sdkLanguages, writeSdk } from "../../sdk";
import { installJavaLibraries } from "./java-libraries";

/** The engine with what runs programs in YAML, Python and Go. @throws {EngineError} when one can't be had */
export async function findOrBuildLanguages(reporter: Reporter): Promise<Engine> {
    return ensureLanguages(await ensureEngine(reporter), ["yaml", "python", "go"], reporter);
}

/** Builds Pulumi's code generators, and gets what the code that they generate is compiled with. */
export async function prepareSdks(reporter: Reporter): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-sdks-"));
    const folderOf = (language: SdkLanguage) => join(folder, language);
    try {
        for (const language of sdkLanguages) await writeSdk(language, folderOf(language), reporter);
        await installJavaLibraries(join(folderOf("java"), "pom.xml"), reporter);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
