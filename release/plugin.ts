import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter } from "../engine/progress";
import { buildExecutable } from "./executable";
import { nodeLicence } from "./node-binaries";
import type { Platform } from "./platforms";
import { tarball } from "./tarball";

const root = join(__dirname, "..");
export const bundle = join(root, "dist/plugin/pulumi-resource-captions.cjs");

export const version: string = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;

/** The name by which the engine asks for a plugin's tarball, whether at GitHub or at a plain file server. */
export function assetName(platform: Platform): string {
    return `pulumi-resource-captions-v${version}-${platform.name}.tar.gz`;
}

/** Makes the tarball for a platform in a folder, and gives its path. */
export async function buildAsset(platform: Platform, folder: string, reporter: Reporter): Promise<string> {
    const program = await buildExecutable(platform, bundle, reporter);
    const licences = [
        readFileSync(join(root, "dist/plugin/LICENSES.txt")),
        Buffer.from(`${"=".repeat(80)}\nNode.js\n\n`),
        readFileSync(await nodeLicence(reporter)),
    ];
    const content = tarball([
        { name: platform.executable, content: program, isExecutable: true },
        { name: "LICENSE", content: readFileSync(join(root, "LICENSE")), isExecutable: false },
        { name: "LICENSES.txt", content: Buffer.concat(licences), isExecutable: false },
    ]);
    mkdirSync(folder, { recursive: true });
    const path = join(folder, assetName(platform));
    writeFileSync(path, content);
    return path;
}

/** Writes the checksums of all tarballs in a folder, in the form that `sha256sum --check` reads. */
export function writeChecksums(folder: string): string {
    const names = readdirSync(folder).filter((name) => name.endsWith(".tar.gz"));
    const lines = names.sort().map(
        (name) =>
            `${createHash("sha256")
                .update(readFileSync(join(folder, name)))
                .digest("hex")}  ${name}\n`,
    );
    const path = join(folder, "SHA256SUMS");
    writeFileSync(path, lines.join(""));
    return path;
}
