import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Reporter } from "../engine";
import { fillOnce } from "../engine/cache";
import { run } from "../engine/processes";
import { withProgress } from "../engine/progress";
import { PartError } from "./part-error";

const INSTALL_MS = 8 * 60_000;
const root = dirname(dirname(__dirname));
const examples = join(root, "examples");

/** What the examples share with the root: a second copy of Pulumi's SDK would have types and settings of its own. */
const shared = ["@pulumi/pulumi", "@types/node", "esbuild", "ts-node", "typescript"];

/**
 * Installs the clouds' SDKs into `examples/node_modules`, apart from the root's packages because they are so large.
 *
 * @returns that folder
 * @throws {PartError} when npm can't do it
 */
export async function installExamplePackages(reporter: Reporter): Promise<string> {
    const nodeModules = join(examples, "node_modules");
    const stamps = join(root, "node_modules", ".pulumi-captions");
    const stamp = join(stamps, "example-packages");
    mkdirSync(stamps, { recursive: true });
    const fingerprint = createHash("sha256")
        .update(readFileSync(join(examples, "package-lock.json")))
        .update(shared.join())
        .digest("hex");
    const ready = async () =>
        read(join(stamp, "fingerprint")) === fingerprint && linked(join(nodeModules, "pulumi-captions"), root);

    await fillOnce(stamp, "the examples' packages", reporter, ready, async (temporary) => {
        reporter.log("Installing the clouds' SDKs for the examples with npm (about half a minute).");
        const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        const npm = process.platform === "win32" ? "npm.cmd" : "npm";
        const { code, output } = await withProgress(
            reporter,
            () => "installing the examples' packages",
            () => run(npm, args, { cwd: examples, env: process.env, timeoutMs: INSTALL_MS }),
        );
        if (code !== 0) {
            throw new PartError(
                `npm could not install the examples' packages (npm ${args.join(" ")} in examples/):\n` +
                    output.trim().split("\n").slice(-10).join("\n"),
            );
        }
        for (const name of shared) link(join(root, "node_modules", name), join(nodeModules, name));
        link(root, join(nodeModules, "pulumi-captions"));
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
