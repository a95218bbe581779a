import { chmodSync, copyFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { build, findGo, type GoProgram, goEnvironment } from "./build";
import { fillOnce } from "./cache";
import { type Engine, EngineError, usableCacheFolder } from "./index";
import { findOnPath, isExecutable, run } from "./processes";
import { duration, type Reporter } from "./progress";
import { GO_HOST_VERSION, LANGUAGE_HOST_VERSION, YAML_HOST_VERSION } from "./versions";

/** A language that Pulumi programs are written in, besides those that run on Node.js. */
export type Language = "yaml" | "python" | "go";

const onWindows = process.platform === "win32";
const SDK = "github.com/pulumi/pulumi/sdk/v3";
/** What the language host for Python starts, a script beside it. */
const PYTHON_SCRIPT = "pulumi-language-python-exec";

const HOSTS: Readonly<Record<Language, Omit<GoProgram, "what" | "program"> & { readonly version: string }>> = {
    yaml: {
        module: join(__dirname, "languages", "yaml"),
        package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
        version: YAML_HOST_VERSION,
    },
    python: {
        module: join(__dirname, "language"),
        package: `${SDK}/python/cmd/pulumi-language-python`,
        version: LANGUAGE_HOST_VERSION,
    },
    go: {
        module: join(__dirname, "languages", "go"),
        package: `${SDK}/go/pulumi-language-go`,
        version: GO_HOST_VERSION,
    },
};

/**
 * Gets the language hosts for programs in other languages than Node.js's: those that come with the engine or are on
 * PATH, else builds with Go, kept beside the engine.
 *
 * @returns the engine, with the hosts on its PATH. To run programs in Python and Go it takes Python and Go, too.
 * @throws {EngineError} when one can't be had, with the reason.
 *
 * @example
 * const engine = await ensureLanguages(await ensureEngine(reporter), ["yaml", "python"], reporter);
 */
export async function ensureLanguages(
    engine: Engine,
    languages: readonly Language[],
    reporter: Reporter,
    env: NodeJS.ProcessEnv = process.env,
): Promise<Engine> {
    const missing = languages.filter((language) => findOnPath(`pulumi-language-${language}`, engine.env).length === 0);
    const folders: string[] = [];
    for (const language of missing) folders.push(await buildHost(language, reporter, env));
    return { ...engine, env: { PATH: [engine.env.PATH, ...folders].join(delimiter) } };
}

async function buildHost(language: Language, reporter: Reporter, env: NodeJS.ProcessEnv): Promise<string> {
    const { version, module, package: packageName } = HOSTS[language];
    const name = `pulumi-language-${language}`;
    const what = `the language host for ${{ yaml: "YAML", python: "Python", go: "Go" }[language]}`;
    const folder = join(usableCacheFolder(env), `${name}-${version}-${process.platform}-${process.arch}`);
    const program = name + (onWindows ? ".exe" : "");
    const ready = async () => isExecutable(join(folder, "bin", program));
    if (await ready()) return join(folder, "bin");

    const go = await findGo(env);
    if ("reason" in go) throw new EngineError(`There is no ${name}, and it can't be built with Go: ${go.reason}.`);
    const started = Date.now();
    reporter.log(`Building ${what} with Go (once per machine; up to 2 minutes).`);
    await fillOnce(folder, what, reporter, ready, async (temporary) => {
        try {
            await build(temporary, [{ what, module, package: packageName, version, program }], go.go, env, reporter);
            if (language === "python") await copyPythonScript(join(temporary, "bin"), go.go, env);
        } catch (error) {
            throw new EngineError(`There is no ${name}, and a build with Go failed: ${(error as Error).message}`);
        }
    });
    reporter.log(`Got ${what} in ${duration(Date.now() - started)}.`);
    return join(folder, "bin");
}

async function copyPythonScript(binDir: string, go: string, env: NodeJS.ProcessEnv): Promise<void> {
    const { code, stdout, output } = await run(go, ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK], {
        env: goEnvironment(env),
        cwd: HOSTS.python.module,
    });
    if (code !== 0) throw new Error(output);
    copyFileSync(join(stdout.trim(), "python", "cmd", PYTHON_SCRIPT), join(binDir, PYTHON_SCRIPT));
    chmodSync(join(binDir, PYTHON_SCRIPT), 0o755);
}
