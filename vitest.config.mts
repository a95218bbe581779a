import { defineConfig } from "vitest/config";

/**
 * Tests that take what this machine may not have yet, and which then takes minutes to get: the real engine, the packed
 * package, a browser, servers. All others are quick.
 */
const engineTests = [
    "test/{chaos,docs,examples,gitops,matrix,package,pulumi,release,rotation,sdk,states}/**/*.test.ts",
    "test/cli/{run,*/command}.test.ts",
    "test/emulator/page.test.ts",
    "test/engine/environment.test.ts",
    "test/network/proxy.test.ts",
    "test/receiver/{callback-functions,entry-points,stores/*}.test.ts",
];

export default defineConfig({
    test: {
        pool: "forks",
        maxWorkers: 3,
        projects: [
            {
                extends: true,
                test: {
                    name: "unit",
                    include: ["test/**/*.test.ts"],
                    exclude: engineTests,
                    testTimeout: 30_000,
                    hookTimeout: 60_000,
                },
            },
            {
                extends: true,
                test: {
                    name: "engine",
                    include: engineTests,
                    exclude: ["test/pulumi/native/**"],
                    globalSetup: ["test/support/packed.ts"],
                    setupFiles: ["test/support/end-killed-engines.ts"],
                    provide: { front: "dynamic" },
                    // A run of the real engine takes seconds, and half a minute on a machine that does much else
                    // besides. Only what hangs is to end here.
                    testTimeout: 600_000,
                    hookTimeout: 600_000,
                },
            },
            {
                extends: true,
                test: {
                    // What resources promise through Pulumi holds whichever front serves them.
                    name: "native",
                    include: [
                        "test/pulumi/*.test.ts",
                        "test/pulumi/native/*.test.ts",
                        "test/chaos/kills.test.ts",
                        "test/states/*.test.ts",
                    ],
                    globalSetup: ["test/support/packed.ts"],
                    setupFiles: ["test/support/end-killed-engines.ts"],
                    provide: { front: "native" },
                    testTimeout: 600_000,
                    hookTimeout: 600_000,
                },
            },
            {
                extends: true,
                test: {
                    name: "types",
                    include: [],
                    // What is wrong elsewhere is told by `npm run typecheck`.
                    typecheck: {
                        enabled: true,
                        only: true,
                        include: ["test/**/*.test-d.ts"],
                        ignoreSourceErrors: true,
                    },
                },
            },
        ],
    },
});
