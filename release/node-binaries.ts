import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { cacheFolder, fillOnce, prepareCacheFolder } from "../engine/cache";
import type { Reporter } from "../engine/progress";
import { mustRun, npm } from "./command";
import { NODE_VERSION, type Platform, platforms } from "./platforms";

/** Gets Node.js for a platform, once per machine, checks that it is the one that was pinned, and says where it is. */
export async function nodeBinary(platform: Platform, reporter: Reporter): Promise<string> {
    return join(await nodeFolder(platform, reporter), basename(platform.node));
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
    const ready = async (): Promise<boolean> => existsSync(join(folder, basename(platform.node)));
    await fillOnce(folder, `Node.js for ${platform.name}`, reporter, ready, (temporary) =>
        fetchNode(platform, temporary),
    );
    return folder;
}

async function fetchNode({ package: name, integrity, node }: Platform, folder: string): Promise<void> {
    await npm(["pack", "--silent", `${name}@${NODE_VERSION}`], folder);
    const tarball = readdirSync(folder).find((each) => each.endsWith(".tgz")) ?? "";
    const found = `sha512-${createHash("sha512")
        .update(readFileSync(join(folder, tarball)))
        .digest("base64")}`;
    if (found !== integrity) throw new Error(`${name}@${NODE_VERSION} is not what was pinned: ${found}.`);
    // By names without a drive: some tars of Windows take what is before a colon for a host.
    await mustRun("tar", ["-xzf", tarball], folder);
    const unpacked = join(folder, "package");
    for (const file of [node, "LICENSE"]) {
        if (existsSync(join(unpacked, file))) cpSync(join(unpacked, file), join(folder, basename(file)));
    }
    rmSync(unpacked, { recursive: true });
    rmSync(join(folder, tarball));
}
