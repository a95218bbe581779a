import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cacheFolder, fillOnce, prepareCacheFolder } from "../../engine/cache";
import { findOnPath, isExecutable, run } from "../../engine/processes";
import { type Reporter, withProgress } from "../../engine/progress";
import { findOrInstall } from "./debian";
import { PrerequisiteError } from "./prerequisite-error";

const INSTALL_MS = 5 * 60_000;

/** A Python with packages of its own, and their files, to make others from without a network. */
export interface PythonEnvironment {
    /** The Python of it. */
    readonly python: string;
    /** For pip's `--find-links`. */
    readonly wheels: string;
}

export interface PythonPackages {
    /** The name of the folder in the cache. */
    readonly name: string;
    /** What it is, for messages. */
    readonly what: string;
    /** The path of a requirements.txt that names every version. */
    readonly requirements: string;
    /** Arguments with which the Python in it shows that the packages are good. */
    readonly trial: readonly string[];
}

/**
 * Python packages from PyPI, in an environment of their own in the cache folder.
 *
 * @throws {PrerequisiteError} when they can't be had
 */
export async function installPythonPackages(packages: PythonPackages, reporter: Reporter): Promise<PythonEnvironment> {
    const { name, what, requirements, trial } = packages;
    const fingerprint = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
    const cache = cacheFolder();
    prepareCacheFolder(cache, process.env);
    const folder = join(cache, `python-${name}-${fingerprint}`);
    const pythonIn = (environment: string) =>
        process.platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");
    const failure = (reason: string) =>
        new PrerequisiteError(
            `${what} could not be installed from PyPI: ${reason}.\n` +
                "It needs Python 3.10 or newer with venv (Debian: python3-venv), and a way to PyPI.",
        );
    const ready = async () => isExecutable(pythonIn(folder)) && existsSync(join(folder, "wheels"));

    await fillOnce(folder, what, reporter, ready, async (temporary) => {
        const python = await findPython(reporter);
        const wheels = join(temporary, "wheels");
        const pip = [pythonIn(temporary), "-m", "pip", "-q", "--disable-pip-version-check"] as const;
        reporter.log(`Installing ${what} from PyPI (half a minute, once per machine).`);
        const steps: readonly (readonly [string, ...string[]])[] = [
            [python, "-m", "venv", temporary],
            [...pip, "wheel", "-w", wheels, "-r", requirements],
            [...pip, "install", "--no-index", "--find-links", wheels, "-r", requirements],
        ];
        await withProgress(
            reporter,
            () => `installing ${basename(folder)}`,
            async () => {
                for (const [command, ...rest] of steps) {
                    const { code, output } = await run(command, rest, { env: process.env, timeoutMs: INSTALL_MS });
                    if (code !== 0) throw failure(output.trim().split("\n").slice(-3).join("; "));
                }
            },
        );
        const { code } = await run(pythonIn(temporary), [...trial], { env: process.env, timeoutMs: 60_000 });
        if (code !== 0) throw failure("what was installed doesn't run");
    });
    return { python: pythonIn(folder), wheels: join(folder, "wheels") };
}

/** A Python that can make environments, which on Debian is a package of its own. */
function findPython(reporter: Reporter): Promise<string> {
    const script = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))";
    const find = async () => {
        for (const python of ["python3", "python"].flatMap((name) => findOnPath(name, process.env))) {
            const { code } = await run(python, ["-c", script], { env: process.env, timeoutMs: 30_000 });
            if (code === 0) return python;
        }
        return undefined;
    };
    return findOrInstall("Python 3.10 or newer with venv", "python3-venv", find, reporter);
}
