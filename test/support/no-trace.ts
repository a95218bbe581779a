import { expect } from "vitest";

/**
 * What the user reads must be sentences, each once: no trace of where in the code they come from, and no loose ends.
 */
export function expectNoTrace(text: string): void {
    expect(text).not.toMatch(/Error: [^\n]*:\s*$/m);
    expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
    expect(text).not.toMatch(/AxiosError|node_modules|undefined/);
}
