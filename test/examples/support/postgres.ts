import { execFileSync } from "node:child_process";
import { chownSync } from "node:fs";
import { join } from "node:path";
import { findOrInstallPostgres } from "../../prerequisites";
import { unusedPort } from "../../support/ports";
import type { AtEnd } from "../../support/shared";
import { temporaryFolder } from "./examples";
import { startProgram } from "./processes";

/** A PostgreSQL server of its own until the test ends, or later. @returns a database's URL */
export async function startPostgres(atEnd?: AtEnd): Promise<string> {
    const programs = await findOrInstallPostgres({ log: () => undefined });
    const folder = temporaryFolder("postgres", atEnd);
    const user = unprivileged();
    if ("uid" in user) chownSync(folder, user.uid, user.gid);
    const data = join(folder, "data");
    const options = { ...user, cwd: folder, env: { ...process.env, LC_ALL: "C" } };
    const initialise = ["-D", data, "-U", "pulumi", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"];
    execFileSync(join(programs, "initdb"), initialise, { ...options, stdio: ["ignore", "ignore", "pipe"] });
    const port = await unusedPort();
    const settings = { listen_addresses: "127.0.0.1", port, unix_socket_directories: "", fsync: "off" };
    await startProgram(
        join(programs, "postgres"),
        ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
        /database system is ready to accept connections/,
        // A fast shutdown: it doesn't wait until its clients have gone.
        { ...options, end: "SIGINT", atEnd },
    );
    return `postgres://pulumi@127.0.0.1:${port}/postgres?sslmode=disable`;
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid: number; gid: number } | Record<never, never> {
    if (process.getuid?.() !== 0) return {};
    const idOf = (option: string, name: string) =>
        Number(execFileSync("id", [option, name], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }));
    for (const name of ["postgres", "nobody"]) {
        try {
            return { uid: idOf("-u", name), gid: idOf("-g", name) };
        } catch {
            // There is no such user here.
        }
    }
    throw new Error(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` on this machine.",
    );
}
