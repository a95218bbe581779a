import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../engine/processes";
import { root } from "./support/examples";

const command = (env: NodeJS.ProcessEnv) =>
    run(process.execPath, ["--import", "tsx", join(root, "test/examples/kubernetes.ts")], {
        cwd: root,
        env: { PATH: process.env.PATH, ...env },
    });

test("without KUBECONFIG, the test against a cluster says in a sentence what it needs, and fails", async () => {
    const { code, output } = await command({});
    expect(code).toBe(1);
    expect(output).toMatch(/^There is no KUBECONFIG, so there is no cluster to test against\./);
});

test("with a KUBECONFIG that isn't there, it names the file", async () => {
    const { code, output } = await command({ KUBECONFIG: "/nowhere/config" });
    expect(code).toBe(1);
    expect(output.trim()).toBe("KUBECONFIG names /nowhere/config, which isn't there.");
});
