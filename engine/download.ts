import { dirname, join } from "node:path";
import { run } from "./processes";

const SITE = "https://get.pulumi.com/";
const PROBE_MS = 10_000;
const DOWNLOAD_MS = 120_000;

/** Whether Pulumi's download site answers at all. */
export async function siteAnswers(): Promise<boolean> {
    try {
        await fetch(SITE, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(PROBE_MS) });
        return true;
    } catch {
        return false;
    }
}

/** Installs the CLI with its language hosts into `folder`/bin by the Automation API. Throws with the reason. */
export async function download(folder: string, version: string, env: NodeJS.ProcessEnv): Promise<void> {
    const { code, output, timedOut } = await run(
        process.execPath,
        [join(__dirname, "install-pulumi.mjs"), version, folder],
        { env, cwd: dirname(__dirname), timeoutMs: DOWNLOAD_MS },
    );
    if (timedOut) throw new Error(`it took longer than ${DOWNLOAD_MS / 60_000} minutes`);
    if (code !== 0) {
        const lines = output.trim().split("\n").slice(-5);
        throw new Error(lines.join("\n    ") || `the installation ended with code ${code}`);
    }
}
