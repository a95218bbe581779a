import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, type Reporter } from "../../engine";
import { fillOnce, prepareCacheFolder } from "../../engine/cache";
import { findOnPath, isExecutable, run } from "../../engine/processes";
import { withProgress } from "../../engine/progress";
import { findOrInstall } from "./debian";
import { PrerequisiteError } from "./prerequisite-error";

const INSTALL_MS = 5 * 60_000;

/** How to start the server: `spawn(command, [...args, "-p", port])`. */
export interface Moto {
    readonly command: string;
    readonly args: readonly string[];
}

/**
 * moto, which plays AWS's Secrets Manager and S3, in a Python environment of its own in the cache folder.
 *
 * @throws {PrerequisiteError} when it can't be had
 */
export async function installMoto(reporter: Reporter): Promise<Moto> {
    const requirements = join(__dirname, "requirements.txt");
    const fingerprint = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
    const cache = cacheFolder();
    prepareCacheFolder(cache, process.env);
    const folder = join(cache, `moto-${fingerprint}`);
    const pythonIn = (environment: string) =>
        process.platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");
    // Not its `moto_server` script: that knows the folder in which it was installed, and the folder is renamed.
    const args = ["-m", "moto.server"];
    const works = async (environment: string) =>
        isExecutable(pythonIn(environment)) &&
        (await run(pythonIn(environment), [...args, "--help"], { env: process.env, timeoutMs: 60_000 })).code === 0;

    await fillOnce(
        folder,
        "moto",
        reporter,
        async () => isExecutable(pythonIn(folder)),
        async (temporary) => {
            const python = await findPython(reporter);
            reporter.log("Installing moto from PyPI, which plays AWS in tests (half a minute, once per machine).");
            const steps = [
                [python, "-m", "venv", temporary],
                [pythonIn(temporary), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", requirements],
            ] as const;
            await withProgress(
                reporter,
                () => "installing moto",
                async () => {
                    for (const [command, ...rest] of steps) {
                        const { code, output } = await run(command, rest, { env: process.env, timeoutMs: INSTALL_MS });
                        if (code !== 0) throw failure(output.trim().split("\n").slice(-3).join("; "));
                    }
                },
            );
            if (!(await works(temporary))) throw failure("what was installed doesn't run");
        },
    );
    return { command: pythonIn(folder), args };
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

function failure(reason: string): PrerequisiteError {
    return new PrerequisiteError(
        `moto, which plays AWS in tests, could not be installed from PyPI: ${reason}.\n` +
            "It needs Python 3.10 or newer with venv (Debian: python3-venv), and a way to PyPI.",
    );
}
