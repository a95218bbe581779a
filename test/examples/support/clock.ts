import { join } from "node:path";

/** The environment of a run on another day than today. */
export const onDay = (day: string): Readonly<Record<string, string>> => ({
    NODE_OPTIONS: `--require=${join(__dirname, "set-clock.cjs")}`,
    CLOCK: day,
});
