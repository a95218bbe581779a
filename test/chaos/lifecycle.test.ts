import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { faultKinds } from "./history";
import { runChaos, summary } from "./run";

/** `npm run chaos` plays more of them, and plays one again. */
const runs = Number(process.env.CHAOS_RUNS ?? 2_000);
const seed = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31 - 1));

test(`${runs} random histories with faults on every call end with exactly what is declared, and no secret in any text`, {
    timeout: 15 * 60_000,
}, async () => {
    console.log(`Histories are drawn with --seed ${seed}.`);
    const { figures, failures } = await runChaos({ runs, seed });
    expect(failures.join("\n\n")).toBe("");
    console.log(summary(figures));
    expect(figures.histories).toBe(runs);
    // Without the rarest kinds it would not be the test that it claims to be.
    if (runs >= 2_000) expect(figures.faults.size).toBe(faultKinds.length);
});
