import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { engineEnvironment } from "../../engine";
import { run } from "../../engine/processes";
import { exporterProject } from "./support/exporter";
import { getEngine, Project } from "./support/project";
import { startReceiver } from "./support/receiver";

test("after a leak, `deliver --output leaked` tells whether the receiver still accepts the old secret, without showing it", async () => {
    const leaked = "whsec_leaked_5d02b7";
    const accepted = ["whsec_new_c11f90", leaked];
    const options = await exporterProject();
    const { url } = await startReceiver(() => accepted);
    const project = await Project.create(options);
    project.config({ list: JSON.stringify(accepted.slice(0, 1)), url });
    expect((await project.run("config", "set", "--secret", "leaked", leaked)).code).toBe(0);
    await project.succeed();

    const engine = await getEngine();
    const cli = join(inject("nodeModules"), "pulumi-captions/dist/cli/main.js");
    const status = async () => {
        const args = ["deliver", "--stack", "test", "--output", "leaked", "--json", "--pulumi", engine.pulumi];
        const env = engineEnvironment(engine, options.home);
        const { stdout, output } = await run(process.execPath, [cli, ...args], { cwd: options.folder, env });
        expect(output).not.toContain(leaked);
        return JSON.parse(stdout).trials[0].status;
    };
    expect(await status()).toBe(200);
    accepted.pop();
    expect(await status()).toBe(401);
});
