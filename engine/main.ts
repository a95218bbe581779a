// `npm run engine`: gets the engine and says where it is. With --json, as one line for programs.
import { cacheFolder, EngineError, ensureEngine, standardErrorReporter } from "./index";

const HOW = { path: "found on PATH", download: "downloaded from Pulumi", build: "built with Go" };

async function main(): Promise<void> {
    const engine = await ensureEngine(standardErrorReporter());
    const kept = engine.source === "path" ? "" : `, kept in ${cacheFolder()}`;
    console.log(
        process.argv.includes("--json")
            ? JSON.stringify(engine)
            : `pulumi   ${engine.pulumi}\nversion  ${engine.version}\nsource   ${HOW[engine.source]}${kept}`,
    );
}

main().catch((error: unknown) => {
    console.error(error instanceof EngineError ? error.message : error);
    process.exitCode = 1;
});
