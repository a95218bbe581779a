import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { onTestFinished } from "vitest";
import { type SdkLanguage, writeSdk } from "../../sdk";

export const silent = { log: () => undefined };
export const root = join(__dirname, "../..");

interface Manifest {
    readonly version: string;
}

export const { version }: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-sdk-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
}

/** The SDK for a language, as `npm run sdk` makes it. */
export async function sdk(language: SdkLanguage): Promise<string> {
    const folder = join(temporaryFolder(), language);
    await writeSdk(language, folder, silent);
    return folder;
}

/** A copy of an example, without what running it leaves there. */
export function example(name: string): string {
    const folder = join(temporaryFolder(), name);
    const left = ["venv", "__pycache__", "node_modules"];
    cpSync(join(root, "examples/native", name), folder, {
        recursive: true,
        filter: (path) => !left.includes(basename(path)),
    });
    return folder;
}

/** The program in the README of an SDK. */
export function programIn(folder: string, language: string): string {
    const program = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(
        readFileSync(join(folder, "README.md"), "utf8"),
    )?.[1];
    if (program === undefined) throw new Error(`The README in ${folder} has no program in ${language}.`);
    return program;
}

/** Every file below a folder that has this ending. */
export function filesIn(folder: string, ending: string): string[] {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(ending))
        .map((name) => join(folder, name));
}

/** Runs a tool to its end. @throws where it fails, with all that it said */
export function tool(
    command: string,
    args: readonly string[],
    options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<string> {
    return new Promise((resolve, reject) => {
        const env = { ...process.env, ...options.env };
        execFile(command, args, { cwd: options.cwd, env, maxBuffer: 1e8 }, (error, stdout, stderr) => {
            if (error === null) resolve(stdout + stderr);
            else reject(new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`));
        });
    });
}
