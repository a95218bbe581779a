import { createHash } from "node:crypto";
import {
    copyFileSync,
    lstatSync,
    mkdirSync,
    readFileSync,
    realpathSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Reporter } from "../../engine";
import { fillOnce } from "../../engine/cache";
import { run } from "../../engine/processes";
import { withProgress } from "../../engine/progress";
import { PrerequisiteError } from "./prerequisite-error";

const INSTALL_MS = 8 * 60_000;
const root = dirname(dirname(__dirname));
const examples = join(root, "examples");

/** What the examples share with the root: a second copy of Pulumi's SDK would have types and settings of its own. */
const shared = ["@pulumi/pulumi", "@types/node", "esbuild", "ts-node", "typescript"];

/**
 * Installs the clouds' SDKs that the examples use. Not into `examples/`: the formatter would read all their types at
 * each run.
 *
 * @returns a `node_modules` with them, this package, and all else that an example needs
 * @throws {PrerequisiteError} when npm can't do it
 */
export async function installExamplePackages(reporter: Reporter): Promise<string> {
    const stamps = join(root, "node_modules", ".pulumi-captions");
    const folder = join(stamps, "example-packages");
    const nodeModules = join(folder, "node_modules");
    mkdirSync(stamps, { recursive: true });
    const fingerprint = createHash("sha256")
        .update(readFileSync(join(examples, "package-lock.json")))
        .update(shared.join())
        .digest("hex");
    const ready = async () =>
        read(join(folder, "fingerprint")) === fingerprint && linked(join(nodeModules, "pulumi-captions"), root);

    await fillOnce(folder, "the examples' packages", reporter, ready, async (temporary) => {
        for (const name of ["package.json", "package-lock.json"]) {
            copyFileSync(join(examples, name), join(temporary, name));
        }
        reporter.log("Installing the clouds' SDKs for the examples with npm (about half a minute).");
        const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        const npm = process.platform === "win32" ? "npm.cmd" : "npm";
        const { code, output } = await withProgress(
            reporter,
            () => "installing the examples' packages",
            () => run(npm, args, { cwd: temporary, env: process.env, timeoutMs: INSTALL_MS }),
        );
        if (code !== 0) {
            throw new PrerequisiteError(
                `npm could not install the examples' packages (npm ${args.join(" ")} in examples/):\n` +
                    output.trim().split("\n").slice(-10).join("\n"),
            );
        }
        for (const name of shared) link(join(root, "node_modules", name), join(temporary, "node_modules", name));
        link(root, join(temporary, "node_modules", "pulumi-captions"));
        writeFileSync(join(temporary, "fingerprint"), fingerprint);
    });
    return nodeModules;
}

function link(target: string, path: string): void {
    if (lstatSync(path, { throwIfNoEntry: false })) rmSync(path, { recursive: true });
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path, "junction");
}

function linked(path: string, target: string): boolean {
    try {
        return realpathSync(path) === realpathSync(target);
    } catch {
        return false;
    }
}

function read(path: string): string | undefined {
    try {
        return readFileSync(path, "utf8");
    } catch {
        return undefined;
    }
}
