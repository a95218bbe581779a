import { join } from "node:path";

/**
 * Environment variables by which an engine's Node.js processes start without what a program in JavaScript never uses.
 */
export const quickStart = { NODE_OPTIONS: `--require=${join(__dirname, "quick-start.cjs")}` };
