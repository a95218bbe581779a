import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Io } from "../io";

/**
 * Where the user's programs keep what must outlive them: `XDG_STATE_HOME`
 * (https://specifications.freedesktop.org/basedir-spec/latest/), else the platform's own folder.
 */
export function stateFolder(env: Io["env"], platform: NodeJS.Platform = process.platform): string {
    return join(baseFolder(env, platform), "pulumi-captions");
}

function baseFolder(env: Io["env"], platform: NodeJS.Platform): string {
    const { XDG_STATE_HOME: xdg, LOCALAPPDATA: local } = env;
    // The specification has relative paths ignored.
    if (xdg !== undefined && isAbsolute(xdg)) {
        return xdg;
    }
    const home = env.HOME || homedir();
    if (platform === "win32") {
        return local || join(home, "AppData", "Local");
    }
    return platform === "darwin" ? join(home, "Library", "Application Support") : join(home, ".local", "state");
}
