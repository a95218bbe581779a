import { mkdirSync } from "node:fs";
import nodeModule from "node:module";
import { join } from "node:path";

/** Of Node.js 22.1 and 22.10; the types are those of the oldest that this package runs on. */
interface CompileCache {
    enableCompileCache?(folder: string): unknown;
    flushCompileCache?(): void;
}

/** When a process has loaded what most runs need. The engine kills it at their end, so that nothing is written then. */
const settledMs = 300;

/**
 * Keeps what V8 has compiled of this package for the next process, where Node.js can. In the package's own folder: in
 * that of Node.js, which is one for temporary files, another user of the machine might put other code. Where the folder
 * cannot be written, nothing is kept, and nothing fails.
 *
 * https://nodejs.org/api/module.html#module-compile-cache
 */
export function keepCompiled(): void {
    const { enableCompileCache } = nodeModule as CompileCache;
    const folder = join(__dirname, ".compiled");
    if (enableCompileCache === undefined || !canMake(folder)) return;
    enableCompileCache(folder);
    flushLater();
}

/** Not left to Node.js, which makes all the folders above, too: a package may be in an archive, as with Yarn. */
function canMake(folder: string): boolean {
    try {
        mkdirSync(folder);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EEXIST";
    }
}

/** For the plugin, which is one file: what starts it sets the folder (`plugin/pulumi-resource-captions`). */
export function flushLater(): void {
    setTimeout(() => (nodeModule as CompileCache).flushCompileCache?.(), settledMs).unref();
}
