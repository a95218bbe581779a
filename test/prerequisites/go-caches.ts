import { join } from "node:path";
import { cacheFolder } from "../../engine";

/**
 * Has Go keep what it fetches and compiles in the cache folder, for this process and all that it starts: a CI's home
 * folder is often empty, and to compile Pulumi's SDK takes minutes. What the user has set stays.
 */
export function keepGoCaches(env: NodeJS.ProcessEnv = process.env): void {
    const folder = cacheFolder(env);
    env.GOCACHE ||= join(folder, "go-build");
    env.GOMODCACHE ||= join(folder, "go-mod");
    // Otherwise only root could remove the folder.
    env.GOFLAGS ||= "-modcacherw";
}
