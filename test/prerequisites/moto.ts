import { join } from "node:path";
import type { Reporter } from "../../engine";
import { installPythonPackages } from "./python";

/** How to start the server: `spawn(command, [...args, "-p", port])`. */
export interface Moto {
    readonly command: string;
    readonly args: readonly string[];
}

/**
 * moto, which plays AWS's Secrets Manager and S3.
 *
 * @throws {PrerequisiteError} when it can't be had
 */
export async function installMoto(reporter: Reporter): Promise<Moto> {
    // Not its `moto_server` script: that knows the folder in which it was installed, and the folder is renamed.
    const args = ["-m", "moto.server"];
    const packages = {
        name: "moto",
        what: "moto, which plays AWS in tests,",
        requirements: join(__dirname, "moto.txt"),
        trial: [...args, "--help"],
    };
    return { command: (await installPythonPackages(packages, reporter)).python, args };
}
