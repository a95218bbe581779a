import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findOrInstallGo, keepGoCaches } from "../prerequisites";

declare module "vitest" {
    interface ProvidedContext {
        /** A `node_modules` with this package as it would be published, and nothing that it does not declare. */
        readonly nodeModules: string;
        /** Which front serves the resources of a test's program. */
        readonly front: "dynamic" | "native";
        /** The tarball that it came from. */
        readonly tarball: string;
    }
}

const root = dirname(dirname(__dirname));

/**
 * Installs the packed tarball once for all tests, without a network: what it depends on is linked from this checkout.
 */
export default async function setup(project: {
    provide(key: "nodeModules" | "tarball", value: string): void;
}): Promise<() => void> {
    // The workers inherit this. Where no Go can be had, the tests that need it say why.
    keepGoCaches();
    await findOrInstallGo({ log: () => undefined }).catch(() => undefined);
    const folder = mkdtempSync(join(tmpdir(), "pulumi-captions-packed-"));
    const tarball = process.env.PULUMI_CAPTIONS_TARBALL ?? pack(folder);
    const nodeModules = join(folder, "node_modules");
    const installed = join(nodeModules, "pulumi-captions");
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
        mkdirSync(dirname(join(nodeModules, name)), { recursive: true });
        symlinkSync(join(root, "node_modules", name), join(nodeModules, name));
    }
    project.provide("nodeModules", nodeModules);
    project.provide("tarball", tarball);
    return () => rmSync(folder, { recursive: true, force: true });
}

function pack(folder: string): string {
    const command = process.platform === "win32" ? "npm.cmd" : "npm";
    execFileSync(command, ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: root });
    return join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "");
}
