// `npm run chaos`: plays many more random histories than the tests do, or kills more engines. See CONTRIBUTING.md.
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ChaosOptions, runChaos, summary } from "./run";

const help = `Random histories of webhooks with faults on the way, against the emulator over HTTP.

Usage: npm run chaos -- [options]

  --runs <number>   how many histories (default: 10000), or rounds with --engine (default: 50)
  --minutes <n>     play histories until that time is over, instead of a number of them
  --seed <number>   what they are drawn from (default: a random one, which is printed)
  --path <text>     play the history that a failure has named, with its seed
  --engine          kill the real Pulumi engine, its program or its provider at random moments instead
  --help            show this`;

async function main(): Promise<number> {
    const { values } = parseArgs({
        options: {
            runs: { type: "string" },
            minutes: { type: "string" },
            seed: { type: "string" },
            path: { type: "string" },
            engine: { type: "boolean" },
            help: { type: "boolean", short: "h" },
        },
    });
    if (values.help === true) {
        console.log(help);
        return 0;
    }
    const number = (text: string | undefined, otherwise: number): number => {
        const value = text === undefined ? otherwise : Number(text);
        if (!Number.isInteger(value)) throw new TypeError(`"${text}" is not a whole number. See --help.`);
        return value;
    };
    const seed = number(values.seed, randomInt(2 ** 31 - 1));
    const runs = number(values.runs, values.engine === true ? 50 : 10_000);
    const minutes = values.minutes === undefined ? undefined : number(values.minutes, 0);
    if (values.engine === true) return await killEngines(runs, seed);
    return await playHistories({ runs, seed, minutes, path: values.path });
}

async function playHistories(options: ChaosOptions): Promise<number> {
    const { runs, seed, minutes, path } = options;
    const amount = minutes === undefined ? `${runs} histories` : `histories for ${minutes} minutes`;
    console.log(`Playing ${path === undefined ? amount : "a history again"} with --seed ${seed}.`);
    const started = Date.now();
    const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
    let next = started + 10_000;
    const { figures, failures } = await runChaos({
        ...options,
        shrinks: true,
        progress: ({ histories, calls }) => {
            if (Date.now() < next) return;
            next += 10_000;
            console.log(`${histories} histories, ${calls} calls (${seconds()})`);
        },
    });
    for (const failure of failures) console.error(`\n${failure}`);
    if (failures.length > 0) return 1;
    console.log(`${summary(figures)} (${seconds()}, --seed ${seed})`);
    return 0;
}

/** They need what the tests of the engine need, so they are one. */
function killEngines(runs: number, seed: number): Promise<number> {
    const root = join(__dirname, "../..");
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const child = spawn(process.execPath, [vitest, "run", "test/chaos/kills.test.ts"], {
        cwd: root,
        env: { ...process.env, CHAOS_KILLS: String(runs), CHAOS_SEED: String(seed) },
        stdio: "inherit",
    });
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => resolve(code ?? 1));
    });
}

main().then(
    (code) => {
        process.exitCode = code;
    },
    (error: unknown) => {
        console.error(error instanceof TypeError ? error.message : error);
        process.exitCode = 1;
    },
);
