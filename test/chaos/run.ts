import fc from "fast-check";
import { history } from "./history";
import { Figures, play } from "./play";

export interface ChaosOptions {
    readonly runs: number;
    readonly seed: number;
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

/** Plays histories, several at once as most of the time is waiting. Each row of them has a seed of its own: the first is `seed`. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
    const { runs, seed, path, progress } = options;
    const figures = new Figures();
    const rows = path === undefined ? Math.min(options.atOnce ?? 48, runs) : 1;
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
    const results = await Promise.all(
        Array.from({ length: rows }, (_, row) =>
            fc.check(property, {
                seed: seed + row,
                numRuns: path === undefined ? Math.floor(runs / rows) + (row < runs % rows ? 1 : 0) : 1,
                ...(path === undefined ? {} : { path }),
                endOnFailure: !(options.shrinks ?? false),
            }),
        ),
    );
    const failures = results.flatMap((result) => {
        if (!result.failed) return [];
        const message = result.errorInstance instanceof Error ? result.errorInstance.message : "interrupted";
        return [
            `${message}\nAgain: npm run chaos -- --seed ${result.seed} --path ${result.counterexamplePath}\n` +
                `The history: ${JSON.stringify(result.counterexample)}`,
        ];
    });
    return { figures, failures };
}

/** The figures in one line. */
export function summary(figures: Figures): string {
    const { histories, runs, failedRuns, calls, registered, rotations, texts, faults } = figures;
    const all = [...faults.values()].reduce((sum, count) => sum + count, 0);
    const kinds = [...faults].sort(([, one], [, other]) => other - one).map(([kind, count]) => `${kind} ${count}`);
    return (
        `${histories} histories with ${runs} runs (${failedRuns} failed and were gone on from), ${calls} calls, ` +
        `${registered} webhooks registered, ${rotations} rotations, each for a reason; ${all} faults survived ` +
        `(${kinds.join(", ")}); ${texts} texts searched, leaks found: 0`
    );
}
