import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findGo } from "../../../engine/build";
import { cacheFolder, fillOnce, prepareCacheFolder } from "../../../engine/cache";
import { run } from "../../../engine/processes";

const modules = {
    actionlint: "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
    // What is inside of `gh --jq`.
    gojq: "github.com/itchyny/gojq/cmd/gojq@v0.12.17",
} as const;

/** A program that is built with Go once per machine, half a minute at most. Where there is no Go: undefined. */
export async function goTool(name: keyof typeof modules): Promise<string | undefined> {
    const [, version] = modules[name].split("@");
    const cache = cacheFolder();
    prepareCacheFolder(cache, process.env);
    const folder = join(cache, `${name}-${version}-${process.platform}-${process.arch}`);
    const program = join(folder, process.platform === "win32" ? `${name}.exe` : name);
    if (existsSync(program)) return program;
    const go = await findGo(process.env);
    if ("reason" in go) return undefined;
    await fillOnce(
        folder,
        name,
        { log: () => undefined },
        async () => existsSync(program),
        async (temporary) => {
            const env = { ...process.env, GOBIN: temporary };
            const { code, output } = await run(go.go, ["install", modules[name]], {
                cwd: temporary,
                env,
                timeoutMs: 300_000,
            });
            if (code !== 0) throw new Error(`${name} could not be built with Go:\n${output}`);
        },
    );
    return program;
}

/** The jq that stands in for that in `gh`: the same where there is Go, else the one on PATH. */
export async function findJq(): Promise<string> {
    const gojq = await goTool("gojq");
    if (gojq !== undefined) return gojq;
    try {
        execFileSync("jq", ["--version"], { stdio: "ignore" });
        return "jq";
    } catch {
        throw new Error("These tests need Go or jq, for what `gh --jq` does. Install one of them and try again.");
    }
}
