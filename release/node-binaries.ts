import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, fillOnce, prepareCacheFolder } from "../engine/cache";
import { findOnPath, run } from "../engine/processes";
import type { Reporter } from "../engine/progress";
import { NODE_VERSION, type Platform, platforms } from "./platforms";

/** Gets Node.js for a platform, once per machine, checks that it is the one that was pinned, and says where it is. */
export async function nodeBinary(platform: Platform, reporter: Reporter): Promise<string> {
    return join(await nodeFolder(platform, reporter), "node");
}

/** Where Node.js's licence is, which is the same on all platforms: npm has it with some of them only. */
export async function nodeLicence(reporter: Reporter): Promise<string> {
    const [withLicence] = platforms;
    if (withLicence === undefined) throw new Error("There are no platforms.");
    return join(await nodeFolder(withLicence, reporter), "LICENSE");
}

async function nodeFolder(platform: Platform, reporter: Reporter): Promise<string> {
    const cache = cacheFolder();
    prepareCacheFolder(cache, process.env);
    const folder = join(cache, `node-${NODE_VERSION}-${platform.name}`);
    const ready = async (): Promise<boolean> => existsSync(join(folder, "node"));
    await fillOnce(folder, `Node.js for ${platform.name}`, reporter, ready, (temporary) =>
        fetchNode(platform, temporary),
    );
    return folder;
}

async function fetchNode(platform: Platform, folder: string): Promise<void> {
    const unpacked = join(folder, "unpacked");
    mkdirSync(unpacked);
    const [npm] = findOnPath("npm", process.env);
    if (npm === undefined) throw new Error("There is no npm on PATH.");
    await must(npm, ["pack", "--silent", `${platform.package}@${NODE_VERSION}`], folder);
    const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "");
    const integrity = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
    if (integrity !== platform.integrity) {
        throw new Error(`${platform.package}@${NODE_VERSION} is not what was pinned: ${integrity}.`);
    }
    await must("tar", ["-xzf", tarball, "-C", unpacked], folder);
    cpSync(join(unpacked, "package", platform.node), join(folder, "node"));
    const licence = join(unpacked, "package/LICENSE");
    if (existsSync(licence)) cpSync(licence, join(folder, "LICENSE"));
    rmSync(unpacked, { recursive: true });
    rmSync(tarball);
}

async function must(command: string, args: string[], cwd: string): Promise<void> {
    const { code, output } = await run(command, args, { cwd, env: process.env, timeoutMs: 600_000 });
    if (code !== 0) throw new Error(`${[command, ...args].join(" ")} failed:\n${output}`);
}
