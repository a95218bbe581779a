import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findOnPath, isExecutable, run } from "../../engine/processes";
import { type Reporter, withProgress } from "../../engine/progress";
import { PrerequisiteError } from "./prerequisite-error";

const INSTALL_MS = 5 * 60_000;

/** The path of an nginx, installed from Debian's `nginx-light` where there is none. @throws {PrerequisiteError} */
export function findOrInstallNginx(reporter: Reporter): Promise<string> {
    const find = () => [...findOnPath("nginx", process.env), "/usr/sbin/nginx"].find(isExecutable);
    return findOrInstall("nginx", "nginx-light", find, reporter);
}

/** The path of a tinyproxy, installed from Debian's `tinyproxy-bin` where there is none. @throws {PrerequisiteError} */
export function findOrInstallTinyproxy(reporter: Reporter): Promise<string> {
    const find = () => [...findOnPath("tinyproxy", process.env), "/usr/bin/tinyproxy"].find(isExecutable);
    return findOrInstall("tinyproxy", "tinyproxy-bin", find, reporter);
}

/**
 * The path of a redis-server, installed from Debian's package of that name where there is none.
 *
 * @throws {PrerequisiteError}
 */
export function findOrInstallRedis(reporter: Reporter): Promise<string> {
    const find = () => [...findOnPath("redis-server", process.env), "/usr/bin/redis-server"].find(isExecutable);
    return findOrInstall("Redis", "redis-server", find, reporter);
}

/**
 * The folder with PostgreSQL's `initdb` and `postgres`, installed from Debian's `postgresql` where there is none.
 * @throws {PrerequisiteError}
 */
export function findOrInstallPostgres(reporter: Reporter): Promise<string> {
    // Debian keeps them off the search path, a folder for each version.
    const versions = "/usr/lib/postgresql";
    const folders = () =>
        existsSync(versions)
            ? readdirSync(versions)
                  .sort((one, other) => Number(other) - Number(one))
                  .map((version) => join(versions, version, "bin"))
            : [];
    const onPath = () => findOnPath("initdb", process.env).map((path) => join(path, ".."));
    const find = () =>
        [...folders(), ...onPath()].find((folder) =>
            ["initdb", "postgres"].every((name) => isExecutable(join(folder, name))),
        );
    return findOrInstall("PostgreSQL", "postgresql", find, reporter);
}

/** Installs a Debian package if the system is a Debian and we are root. @throws {PrerequisiteError} */
export async function findOrInstall(
    what: string,
    debianPackage: string,
    find: () => string | undefined | Promise<string | undefined>,
    reporter: Reporter,
): Promise<string> {
    const found = await find();
    if (found !== undefined) return found;
    const fail = (reason: string): never => {
        throw new PrerequisiteError(
            `${what} was not found, and could not be installed: ${reason}.\n` +
                `Install it (Debian and Ubuntu: apt-get install ${debianPackage}) and try again.`,
        );
    };
    const apt = findOnPath("apt-get", process.env)[0];
    if (apt === undefined) return fail("there is no apt-get on PATH");
    if (process.getuid?.() !== 0) return fail("only root may do that");

    reporter.log(`Installing ${debianPackage} from Debian, which tests need (about half a minute, once per machine).`);
    const failure = await withProgress(
        reporter,
        () => `installing ${debianPackage}`,
        () => withoutStartingServices(() => install(apt, debianPackage)),
    );
    return (await find()) ?? fail(failure ?? "its package is installed, but the program isn't there");
}

async function install(apt: string, debianPackage: string): Promise<string | undefined> {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const args = ["install", "-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", debianPackage];
    for (let updated = false; ; updated = true) {
        const { code, output, timedOut } = await run(apt, args, { env, timeoutMs: INSTALL_MS });
        if (code === 0) return undefined;
        if (timedOut) return `it took longer than ${INSTALL_MS / 60_000} minutes`;
        if (updated) return output.trim().split("\n").slice(-3).join("; ");
        // The list of packages is not there yet, or names files that are gone.
        await run(apt, ["update", "-q"], { env, timeoutMs: INSTALL_MS });
    }
}

/** Debian starts a server as soon as it is installed, unless this file says no (`invoke-rc.d`'s manual). */
async function withoutStartingServices<T>(work: () => Promise<T>): Promise<T> {
    const policy = "/usr/sbin/policy-rc.d";
    if (existsSync(policy)) return work();
    const remove = () => rmSync(policy, { force: true });
    writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    process.once("exit", remove);
    try {
        return await work();
    } finally {
        process.off("exit", remove);
        remove();
    }
}
