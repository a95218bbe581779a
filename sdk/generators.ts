import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { usableCacheFolder } from "../engine";
import { build, findGo } from "../engine/build";
import { fillOnce } from "../engine/cache";
import { isExecutable } from "../engine/processes";
import type { Reporter } from "../engine/progress";

/** A language that an SDK is generated for. (Programs on Node.js use `pulumi-captions/native`.) */
export type SdkLanguage = "python" | "go" | "dotnet" | "java";

export const sdkLanguages: readonly SdkLanguage[] = ["python", "go", "dotnet", "java"];

/** Each has its generator in a module of its own, as no version of Pulumi's has them all. */
const generators: Readonly<Record<SdkLanguage, { readonly module: string; readonly args: readonly string[] }>> = {
    python: { module: "python-go", args: ["python"] },
    go: { module: "python-go", args: ["go"] },
    dotnet: { module: "dotnet", args: [join(__dirname, "logo.png")] },
    java: { module: "java", args: [] },
};

/** What Pulumi's own code generator makes of a schema: the content of each file by its path. */
export async function generate(
    language: SdkLanguage,
    schema: object,
    reporter: Reporter,
): Promise<ReadonlyMap<string, Buffer>> {
    const { module, args } = generators[language];
    const child = spawn(await generator(module, reporter), args, { stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.end(JSON.stringify(schema));
    const [code, output, errors] = await Promise.all([
        new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve)),
        text(child.stdout),
        text(child.stderr),
    ]);
    if (code !== 0) throw new Error(`The SDK for ${language} could not be generated:\n${errors.trim()}`);
    const files: Record<string, string | null> = JSON.parse(output);
    return new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content ?? "", "base64")]));
}

/** The path of a generator, built with Go once per machine. */
async function generator(name: string, reporter: Reporter): Promise<string> {
    const module = join(__dirname, "generators", name);
    const digest = createHash("sha256");
    for (const file of readdirSync(module).sort()) digest.update(readFileSync(join(module, file)));
    const folder = join(
        usableCacheFolder(process.env),
        `sdk-generator-${name}-${digest.digest("hex").slice(0, 12)}-${process.platform}-${process.arch}`,
    );
    const program = process.platform === "win32" ? "generate.exe" : "generate";
    const path = join(folder, "bin", program);
    const ready = async () => isExecutable(path);
    if (await ready()) return path;

    const what = `Pulumi's code generator (${name})`;
    const go = await findGo(process.env);
    if ("reason" in go) throw new Error(`${what} can't be built with Go: ${go.reason}.`);
    reporter.log(`Building ${what} with Go (once per machine; up to 2 minutes).`);
    await fillOnce(folder, what, reporter, ready, (temporary) =>
        build(temporary, [{ what, module, package: ".", program }], go.go, process.env, reporter),
    );
    return path;
}
