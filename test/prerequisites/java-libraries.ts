import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, fillOnce, prepareCacheFolder } from "../../engine/cache";
import { findOnPath, run } from "../../engine/processes";
import { type Reporter, withProgress } from "../../engine/progress";
import { findOrInstall } from "./debian";
import { PrerequisiteError } from "./prerequisite-error";

const INSTALL_MS = 5 * 60_000;

export interface Java {
    readonly javac: string;
    /** A folder with the jars of what a project depends on. */
    readonly libraries: string;
}

/**
 * A Java compiler, and the libraries that a Maven project names, from Maven Central. The compiler and Maven are
 * installed from Debian where there are none.
 *
 * @param pom the project's pom.xml
 * @throws {PrerequisiteError} when they can't be had
 */
export async function installJavaLibraries(pom: string, reporter: Reporter): Promise<Java> {
    const find = (name: string) => findOrInstall(name, "maven", () => findOnPath(name, process.env)[0], reporter);
    const javac = await findOrInstall(
        "A Java compiler",
        "default-jdk-headless",
        () => findOnPath("javac", process.env)[0],
        reporter,
    );
    const fingerprint = createHash("sha256").update(readFileSync(pom)).digest("hex").slice(0, 12);
    const cache = cacheFolder();
    prepareCacheFolder(cache, process.env);
    const folder = join(cache, `java-libraries-${fingerprint}`);
    const what = "the libraries of the SDK for Java";
    const ready = async () => existsSync(folder);
    await fillOnce(folder, what, reporter, ready, async (temporary) => {
        const mvn = await find("mvn");
        reporter.log("Getting the libraries of the SDK for Java from Maven Central (half a minute, once per machine).");
        const args = ["-q", "-B", "-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${temporary}`];
        const { code, output } = await withProgress(
            reporter,
            () => `getting ${what}`,
            () => run(mvn, args, { env: process.env, timeoutMs: INSTALL_MS }),
        );
        if (code !== 0) {
            throw new PrerequisiteError(
                `Maven could not get ${what} (mvn ${args.join(" ")}):\n${output.trim().split("\n").slice(-5).join("\n")}`,
            );
        }
    });
    return { javac, libraries: folder };
}
