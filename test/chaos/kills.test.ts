import { randomInt } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { ensureEngine } from "../../engine";
import { startProject } from "../support/project";
import { randomFrom } from "../support/random";
import { KillFigures, type Saves, Victim, ways } from "./kills";

/** On each front; `npm run chaos -- --engine` does more of them. */
const rounds = Number(process.env.CHAOS_KILLS ?? 10);
const seed = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31 - 1));
/** Stacks that are killed at the same time; each of them once in each way before any a second time. */
const lanes = 2;

const modes: readonly (readonly [Saves, number, string])[] = [
    ["each step", rounds, "loses and doubles nothing"],
    ["once", Math.ceil(rounds / 2), "loses and doubles nothing with `adopt: true` and --refresh, without checkpoints"],
];

// Which process is which is told from /proc.
describe.skipIf(process.platform !== "linux")("up that is interrupted or killed at any moment", () => {
    test.each(modes)("(state saved: %s, %i times) %s", { timeout: rounds * 60_000 }, async (saves, count) => {
        console.log(`Kills are drawn with --seed ${seed}.`);
        const engine = await ensureEngine({ log: () => undefined });
        const figures = new KillFigures();
        const started = Date.now();
        const lane = async (number: number): Promise<void> => {
            const { emulator, stack } = await startProject("", { behaviour: { latencyMs: 150 } });
            const random = randomFrom(seed + number);
            const victim = new Victim(stack, emulator, engine, random, figures, saves);
            onTestFinished(() => victim.killAll());
            for (let round = number; round < count; round += lanes) {
                const way = ways[(Math.floor(round / lanes) + 2 * number) % ways.length];
                if (way === undefined) continue;
                const what = await victim.round(way);
                if (rounds > 10) console.log(`${figures.rounds} of ${count}: ${what}`);
            }
            await victim.end();
        };
        // Where one fails the others go on to their end, so that nothing of them is left behind.
        const ended = await Promise.allSettled(Array.from({ length: lanes }, (_, number) => lane(number)));
        for (const result of ended) if (result.status === "rejected") throw result.reason;
        console.log(
            `${figures.rounds} rounds (${[...figures.ways].map(([way, times]) => `${way} ${times}`).join(", ")}), ` +
                `${figures.missed} of them ended before their moment; ${figures.leftLocked} stacks left locked, ` +
                `${figures.brokenAttributes} with a broken file of attributes, ` +
                `${figures.pendingOperations} pending operations, ${figures.orphansAdopted} orphans adopted ` +
                `(${figures.orphansNamed} of them named before), ${figures.processesLeft} processes left by killed ` +
                `engines; leaks found: 0 (${Math.round((Date.now() - started) / 1000)} s, --seed ${seed})`,
        );
        expect(figures.rounds).toBe(count);
    });
});
