import { join } from "node:path";

/**
 * The environment of a run on another day than today.
 *
 * @param env what it has already, for the options of Node.js in it
 */
export const onDay = (
    day: string,
    { NODE_OPTIONS = "" }: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> => ({
    NODE_OPTIONS: `${NODE_OPTIONS} --require=${join(__dirname, "set-clock.cjs")}`,
    CLOCK: day,
});
