import fc from "fast-check";
import { type History, history } from "./history";
import { Figures, play } from "./play";

export interface ChaosOptions {
    readonly runs: number;
    readonly seed: number;
    /** Plays on until this time is over, instead of `runs` histories. */
    readonly minutes?: number | undefined;
    /** Where in a seed's histories a failure was found: they are played from there. */
    readonly path?: string | undefined;
    /** How many histories are played at once. */
    readonly atOnce?: number;
    /** Whether a failing history is made smaller before it is told, which takes up to a minute. */
    readonly shrinks?: boolean;
    readonly progress?: (figures: Figures) => void;
}

export interface ChaosResult {
    readonly figures: Figures;
    /** What went wrong, with what is needed to see it again. */
    readonly failures: readonly string[];
}

/** With `minutes`: how many histories are drawn from one seed. */
const runsOfSeed = 20;

/**
 * Plays histories, several at once as most of the time is waiting. Each row of them has seeds of its own: the first is
 * `seed`.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
    const { runs, seed, minutes, path, progress } = options;
    const figures = new Figures();
    const rows = path === undefined ? Math.min(options.atOnce ?? 48, runs) : 1;
    const until = Date.now() + (minutes ?? 0) * 60_000;
    let failedAt = Number.POSITIVE_INFINITY;
    const property = fc.asyncProperty(history, async (drawn) => {
        // Whatever comes later counts as sound, so that nobody waits for the smallest of all.
        if (Date.now() > failedAt + 60_000) return;
        await play(drawn, figures).catch((error: unknown) => {
            failedAt = Math.min(failedAt, Date.now());
            throw error;
        });
        progress?.(figures);
    });
    const playRow = async (row: number): Promise<string | undefined> => {
        for (let number = row; ; number += rows) {
            const share = Math.floor(runs / rows) + (row < runs % rows ? 1 : 0);
            const result = await fc.check(property, {
                seed: seed + number,
                numRuns: path === undefined ? (minutes === undefined ? share : runsOfSeed) : 1,
                ...(path === undefined ? {} : { path }),
                endOnFailure: !(options.shrinks ?? false),
            });
            if (result.failed) return describe(result);
            if (Date.now() >= Math.min(until, failedAt)) return undefined;
        }
    };
    const failures = await Promise.all(Array.from({ length: rows }, (_, row) => playRow(row)));
    return { figures, failures: failures.filter((failure) => failure !== undefined) };
}

function describe(result: fc.RunDetails<[History]>): string {
    const message = result.errorInstance instanceof Error ? result.errorInstance.message : "interrupted";
    return (
        `${message}\nAgain: npm run chaos -- --seed ${result.seed} --path ${result.counterexamplePath}\n` +
        `The history: ${JSON.stringify(result.counterexample)}`
    );
}

/** The figures in one line. */
export function summary(figures: Figures): string {
    const { histories, runs, failedRuns, calls, registered, adopted, rotations, texts, faults } = figures;
    const all = [...faults.values()].reduce((sum, count) => sum + count, 0);
    const kinds = [...faults].sort(([, one], [, other]) => other - one).map(([kind, count]) => `${kind} ${count}`);
    return (
        `${histories} histories with ${runs} runs (${failedRuns} failed and were gone on from), ${calls} calls, ` +
        `${registered} webhooks registered and ${adopted} of others adopted, ${rotations} rotations, each for a reason; ` +
        `${all} faults survived ` +
        `(${kinds.join(", ")}); ${texts} texts searched, leaks found: 0`
    );
}
