import { join } from "node:path";
import type { Reporter } from "../../engine";
import { installPythonPackages, type PythonEnvironment } from "./python";

/**
 * Pulumi's SDK for Python, and what builds and checks a Python package: build, twine and mypy.
 *
 * @throws {PrerequisiteError} when they can't be had
 */
export function installPythonSdk(reporter: Reporter): Promise<PythonEnvironment> {
    const packages = {
        name: "sdk",
        what: "Pulumi's SDK for Python",
        requirements: join(__dirname, "python-sdk.txt"),
        trial: ["-c", "import build, mypy, pulumi, twine"],
    };
    return installPythonPackages(packages, reporter);
}
