import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { engineEnvironment, ensureEngine } from "../../../engine";
import { processesWith } from "../../chaos/processes";
import { endPartsOfKilledEngines } from "../../support/killed-engines";
import { renders, startProject, webhookProgram } from "../../support/project";

test.skipIf(process.platform !== "linux")(
    "what a killed engine leaves running is ended, and nothing of one that runs",
    async () => {
        const { emulator, stack } = await startProject(webhookProgram(renders));
        emulator.inject({ endpoint: "register", kind: "hang" });
        const engine = await ensureEngine({ log: () => undefined });
        const up = spawn(engine.pulumi, ["up", "--yes", "--skip-preview", "--stack", "test", "--non-interactive"], {
            cwd: join(stack.folder, "project"),
            env: {
                ...engineEnvironment(engine, stack.folder),
                CAPTIONS_API_KEY: emulator.apiKey,
                CAPTIONS_BASE_URL: emulator.baseUrl,
            },
            stdio: "ignore",
            detached: true,
        });
        const ended = once(up, "close");
        await emulator.whenCalled(({ endpoint }) => endpoint === "register");
        const roles = () => processesWith(stack.folder).map(({ role }) => role);

        // While its engine runs, it is left alone.
        endPartsOfKilledEngines(stack.folder);
        expect(roles()).toContain("provider");

        process.kill(-(up.pid ?? 0), "SIGKILL");
        await ended;
        expect(roles()).toContain("provider");
        endPartsOfKilledEngines(stack.folder);
        await vi.waitUntil(() => roles().length === 0, { timeout: 30_000 });
    },
);
