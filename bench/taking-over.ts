// How many calls it takes to have webhooks in a stack that are registered already: by the option `adopt` on both
// fronts, and by an import file with the plugin.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Emulator, startEmulator } from "../emulator";
import type { Engine } from "../engine";
import { callsFigure, inFolder } from "./lives";
import type { Figure, Report } from "./measure";
import { dynamicSources, PulumiLife, pluginSources, type Sources } from "./subjects";

export async function measureTakingOver(
    engine: Engine,
    counts: readonly number[],
    report: Report,
): Promise<readonly Figure[]> {
    const figures: Figure[] = [];
    for (const count of counts) {
        report(`${count} webhooks that are registered already`);
        const measure = async (
            subject: string,
            step: string,
            sources: Sources,
            take: (life: PulumiLife, emulator: Emulator) => Promise<unknown>,
        ): Promise<void> => {
            figures.push(callsFigure(subject, count, step, await callsOf(engine, count, sources, take)));
        };
        const up = (life: PulumiLife) => life.step("up");
        const adopting =
            (sources: Sources): Sources =>
            (declaration) =>
                sources({ ...declaration, inputs: { adopt: true } });
        await measure("dynamic", "adopt", adopting(dynamicSources), up);
        await measure("plugin", "adopt", adopting(pluginSources), up);
        await measure("plugin", "import", pluginSources, importAll);
    }
    return figures;
}

async function callsOf(
    engine: Engine,
    count: number,
    sources: Sources,
    take: (life: PulumiLife, emulator: Emulator) => Promise<unknown>,
): Promise<number> {
    return await inFolder(async (folder) => {
        const emulator = await startEmulator();
        try {
            const life = new PulumiLife(engine, { folder, emulator, count, skipCheckpoints: true }, sources);
            await life.pulumi("stack", "init", "bench");
            for (let index = 0; index < count; index++) {
                emulator.register({ url: `https://api.example.com/${index}`, enabledEvents: ["creator.success"] });
            }
            const before = JSON.stringify(emulator.webhooks);
            emulator.clearCalls();
            await take(life, emulator);
            if (JSON.stringify(emulator.webhooks) !== before) throw new Error("A webhook was changed.");
            return emulator.countCalls();
        } finally {
            await emulator.stop();
        }
    });
}

async function importAll(life: PulumiLife, emulator: Emulator): Promise<void> {
    const file = join(life.project, "import.json");
    const resources = emulator.webhooks.map(({ id }, index) => ({
        type: "captions:index:Webhook",
        name: `webhook-${index}`,
        id,
    }));
    writeFileSync(file, JSON.stringify({ resources }));
    await life.pulumi("import", "--file", file, "--yes", "--generate-code=false", "--protect=false");
}
