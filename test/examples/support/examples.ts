import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { installExamplePackages } from "../../prerequisites";
import type { AtEnd } from "../../support/shared";

export const root = join(__dirname, "../../..");

/** A temporary folder that goes away with the test, or later. */
export function temporaryFolder(name: string, atEnd: AtEnd = onTestFinished): string {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), `pulumi-captions-${name}-`)));
    atEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
    return folder;
}

/**
 * A copy of an example as its user has it: this package as it is packed, and the vendors' packages that it needs.
 *
 * @param path its folder below examples/, or "" for all of them
 */
export async function copyExample(path: string, atEnd?: AtEnd): Promise<string> {
    const packages = await installExamplePackages({ log: () => undefined });
    const parent = temporaryFolder("example", atEnd);
    const folder = join(parent, path === "" ? "examples" : basename(path));
    const others = ["node_modules", "gitops"];
    cpSync(join(root, "examples", path), folder, {
        recursive: true,
        filter: (source) => !others.includes(basename(source)),
    });
    const nodeModules = join(parent, "node_modules");
    mkdirSync(nodeModules);
    for (const name of [...dependencies(folder), "@pulumi/pulumi", "ts-node"]) {
        if (name === "pulumi-captions" || !existsSync(join(packages, name))) continue;
        mkdirSync(dirname(join(nodeModules, name)), { recursive: true });
        if (!existsSync(join(nodeModules, name))) symlinkSync(join(packages, name), join(nodeModules, name));
    }
    symlinkSync(join(inject("nodeModules"), "pulumi-captions"), join(nodeModules, "pulumi-captions"));
    symlinkSync(nodeModules, join(folder, "node_modules"));
    return folder;
}

/** What an example says that its user has to install; for the snippets, what all of them need. */
function dependencies(folder: string): string[] {
    const own = join(folder, "package.json");
    const manifest = existsSync(own) ? own : join(root, "examples", "package.json");
    const { dependencies, devDependencies } = JSON.parse(readFileSync(manifest, "utf8"));
    return [...Object.keys({ ...dependencies, ...devDependencies }), "@types/node", "esbuild"];
}
