import { mkdirSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, ENGINE, findGo } from "./build";
import { cacheFolder, fillOnce, prepareCacheFolder, supplyDynamicProvider } from "./cache";
import { CLI, findInstalled, isGood } from "./check";
import { download, siteAnswers } from "./download";
import { searchPath } from "./processes";
import { duration, type Reporter } from "./progress";
import { CLI_VERSION, LANGUAGE_HOST_VERSION, OLDEST_CLI, OLDEST_GO } from "./versions";

export { cacheFolder } from "./cache";
export { type Reporter, standardErrorReporter } from "./progress";

/** A Pulumi engine that runs Node.js programs and dynamic providers. */
export interface Engine {
    /** The CLI, as an absolute path. */
    pulumi: string;
    /** Where the CLI is. */
    binDir: string;
    /** The CLI's version, without a leading v. */
    version: string;
    /** How it was got: found on PATH, by Pulumi's own download, or built with Go. */
    source: "path" | "download" | "build";
    /** What to set to run it: a PATH on which the engine finds its parts. */
    env: { PATH: string };
}

/** No engine could be had. The message says what was tried and what to install. */
export class EngineError extends Error {
    override readonly name = "EngineError";
}

/**
 * Gets a real Pulumi engine without asking: one on PATH, else Pulumi's own download, else a build with Go.
 *
 * What is downloaded or built is kept in {@link cacheFolder}, so that all calls but the first take a moment only.
 *
 * Two variables of the environment change that: `PULUMI_CAPTIONS_DOWNLOAD=never` leaves Pulumi's download out, and a
 * text in `PULUMI_CAPTIONS_ENGINE_ERROR` is thrown at once (`npm test` sets it, so that not every test tries again).
 *
 * @throws {EngineError} when there is none, with the reasons.
 *
 * @example
 * const engine = await ensureEngine({ log: console.error });
 * execFileSync(engine.pulumi, ["up", "--yes"], { env: engineEnvironment(engine, temporaryFolder) });
 */
export async function ensureEngine({
    env = process.env,
    ...reporter
}: Reporter & { env?: NodeJS.ProcessEnv }): Promise<Engine> {
    if (env.PULUMI_CAPTIONS_ENGINE_ERROR) throw new EngineError(env.PULUMI_CAPTIONS_ENGINE_ERROR);
    const cache = usableCacheFolder(env);
    const tried: string[] = [];

    const installed = await findInstalled(env);
    if ("pulumi" in installed) {
        const folders = [dirname(installed.pulumi)];
        if (!installed.hasDynamicProvider) {
            const supplied = join(cache, "dynamic-provider");
            supplyDynamicProvider(supplied);
            folders.push(supplied);
        }
        return engine(folders, installed.version, "path", env);
    }
    tried.push(`PATH: ${installed.reason}.`);

    const system = `${process.platform}-${process.arch}`;
    const downloaded = join(cache, `pulumi-${CLI_VERSION}-${system}`);
    const built = join(cache, `pulumi-${CLI_VERSION}-built-with-language-host-${LANGUAGE_HOST_VERSION}-${system}`);
    const isReady = (folder: string) => isGood(join(folder, "bin"), CLI_VERSION, env);
    for (const [folder, source] of [
        [downloaded, "download"],
        [built, "build"],
    ] as const) {
        if (await isReady(folder)) return engine([join(folder, "bin")], CLI_VERSION, source, env);
    }

    const started = Date.now();
    const fill = async (folder: string, work: (temporary: string) => Promise<void>) => {
        await fillOnce(
            folder,
            "the Pulumi engine",
            reporter,
            () => isReady(folder),
            async (temporary) => {
                await work(temporary);
                supplyDynamicProvider(join(temporary, "bin"));
                if (!(await isReady(temporary))) throw new Error("what came out doesn't run");
            },
        );
        reporter.log(`Got the Pulumi engine ${CLI_VERSION} in ${duration(Date.now() - started)}.`);
    };

    if (env.PULUMI_CAPTIONS_DOWNLOAD === "never") {
        tried.push("Pulumi's own download: left out, as PULUMI_CAPTIONS_DOWNLOAD=never says.");
    } else if (!(await siteAnswers())) {
        tried.push("Pulumi's own download: get.pulumi.com can't be reached from here.");
    } else {
        reporter.log(`Downloading the Pulumi engine ${CLI_VERSION} from Pulumi (once per machine; up to 2 minutes).`);
        try {
            await fill(downloaded, (temporary) => download(temporary, CLI_VERSION, env));
            return engine([join(downloaded, "bin")], CLI_VERSION, "download", env);
        } catch (error) {
            tried.push(`Pulumi's own download: ${(error as Error).message}`);
        }
    }

    const go = await findGo(env);
    if ("reason" in go) {
        tried.push(`A build with Go: ${go.reason}.`);
    } else {
        reporter.log(
            `Building the Pulumi engine ${CLI_VERSION} with Go, as it can't be downloaded ` +
                "(once per machine; about 3 to 5 minutes on 2 cores).",
        );
        try {
            await fill(built, (temporary) => build(temporary, ENGINE, go.go, env, reporter));
            return engine([join(built, "bin")], CLI_VERSION, "build", env);
        } catch (error) {
            tried.push(`A build with Go: ${(error as Error).message}`);
        }
    }
    throw new EngineError(
        [
            "No Pulumi engine could be had. What was tried:",
            ...tried.map((line) => `  - ${line}`),
            `Install Pulumi ${OLDEST_CLI} or newer (https://www.pulumi.com/docs/install/), or Go ${OLDEST_GO} or newer ` +
                "(https://go.dev/doc/install), and try again.",
        ].join("\n"),
    );
}

/**
 * The whole environment to run the engine in, cut off from the user's own Pulumi: no account, no login, no plugin that
 * is fetched, no question, no colour, and everything that it writes is in `temporaryFolder`.
 */
export function engineEnvironment(
    engine: Engine,
    temporaryFolder: string,
    env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
    const home = join(temporaryFolder, "pulumi-home");
    const state = join(temporaryFolder, "pulumi-state");
    for (const folder of [home, state]) mkdirSync(folder, { recursive: true });
    const own = /^(PULUMI_|CAPTIONS_)|^(PATH|NO_COLOR|FORCE_COLOR)$/i;
    const kept = Object.entries(env).filter((entry): entry is [string, string] => !own.test(entry[0]) && !!entry[1]);
    return {
        ...Object.fromEntries(kept),
        PATH: engine.env.PATH,
        PULUMI_HOME: home,
        PULUMI_BACKEND_URL: pathToFileURL(state).href,
        PULUMI_CONFIG_PASSPHRASE: "a passphrase for a state that is thrown away",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        NO_COLOR: "1",
    };
}

/** {@link cacheFolder}, made. @throws {EngineError} when it can't be used */
export function usableCacheFolder(env: NodeJS.ProcessEnv): string {
    try {
        const folder = resolve(cacheFolder(env));
        prepareCacheFolder(folder, env);
        return folder;
    } catch (error) {
        throw new EngineError(
            `The folder in which engines are kept can't be used: ${(error as Error).message}.\n` +
                "Name one that can in the environment variable PULUMI_CAPTIONS_CACHE.",
        );
    }
}

function engine(folders: string[], version: string, source: Engine["source"], env: NodeJS.ProcessEnv): Engine {
    const binDir = folders[0] as string;
    return {
        pulumi: join(binDir, CLI),
        binDir,
        version,
        source,
        env: { PATH: [...folders, searchPath(env)].join(delimiter) },
    };
}
