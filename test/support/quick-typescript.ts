import { join } from "node:path";
import { cacheFolder } from "../../engine";
import { quickStart } from "./quick-start";

/**
 * Environment variables by which an engine's Node.js processes start without a compiler, for programs in TypeScript.
 */
export const quickTypeScript = {
    ...quickStart,
    NODE_OPTIONS: `--require=${join(__dirname, "quick-typescript.cjs")}`,
    QUICK_TYPESCRIPT_FOLDER: join(cacheFolder(), "quick-typescript"),
};
