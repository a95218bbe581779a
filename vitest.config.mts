import { defineConfig } from "vitest/config";

export default defineConfig({
    test: {
        include: ["test/**/*.test.ts"],
        globalSetup: ["test/support/packed.ts"],
        // The real engine takes seconds for each run, and two of them share two cores with everything else.
        testTimeout: 120_000,
        hookTimeout: 120_000,
        pool: "forks",
        maxWorkers: 3,
    },
});
