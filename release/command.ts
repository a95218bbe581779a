import { run } from "../engine/processes";

/** Runs a command to its end. @throws with all that it said when it fails */
export async function mustRun(command: string, args: string[], cwd: string): Promise<void> {
    const { code, output } = await run(command, args, { cwd, env: process.env });
    if (code !== 0) throw new Error(`${[command, ...args].join(" ")} failed:\n${output}`);
}

/** Runs npm: the one that runs us (`npm run …`), else the one on PATH. */
export function npm(args: string[], cwd: string): Promise<void> {
    const own = process.env.npm_execpath ?? "";
    if (/npm-cli\.[cm]?js$/.test(own)) return mustRun(process.execPath, [own, ...args], cwd);
    return mustRun(process.platform === "win32" ? "npm.cmd" : "npm", args, cwd);
}
